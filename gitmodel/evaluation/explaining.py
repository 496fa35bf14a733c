"""What stands behind the scores of a model: its answers row by row, its confusions, what it listens to."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.artifacts import Predictor
from gitmodel.evaluation import metrics
from gitmodel.evaluation.datasets import Dataset
from gitmodel.evaluation.scoring import Scores, score_by
from gitmodel.spec.metric_names import higher_is_better
from gitmodel.spec.model import EvaluateSpec

if TYPE_CHECKING:
    import pandas as pd

_USUAL = {"classification": "accuracy", "regression": "rmse", "ranking": "ndcg"}
_AT_ONCE = 256  # rankings
_ROWS = 2000  # that importance is measured on


def answers(dataset: Dataset, scores: Scores) -> "pd.DataFrame":
    """Return the rows with what was true and what the model says, in front of the features.

    The columns are ``truth``, ``prediction``, and: of classes ``error``, one less the probability of the true
    class (0 or 1 of a model that gives none); of numbers ``residual``, prediction less truth; of rankings
    ``rank`` (from 1) in its group and ``of`` how many.
    """
    import pandas as pd

    told: dict[str, Any] = {"truth": scores.truth, "prediction": scores.prediction}
    if scores.kind == "classification":
        told["error"] = _errors(scores)
    elif scores.kind == "regression":
        told["residual"] = scores.prediction - scores.truth
    else:
        ranked = pd.Series(scores.prediction).groupby(pd.Series(scores.outcome.groups))
        told["rank"] = ranked.rank(method="first", ascending=False).astype(int).to_numpy()
        told["of"] = ranked.transform("size").to_numpy()
    return pd.concat([pd.DataFrame(told, index=dataset.frame.index), dataset.frame], axis=1)


def _errors(scores: Scores) -> NDArray[np.float64]:
    found = scores.outcome
    if found.probabilities is None:
        return np.asarray(found.truth != found.prediction, np.float64)
    known = found.probabilities.shape[1]
    sure = found.probabilities[np.arange(len(found.truth)), np.minimum(found.truth, known - 1)]
    # A class that the model does not know has no probability.
    return np.asarray(np.where(found.truth < known, 1 - sure, 1.0), np.float64)


def worst(dataset: Dataset, scores: Scores, count: int) -> "pd.DataFrame":
    """Return the rows of `answers` that the model does worst on, the worst first.

    Of rankings these are relevant rows, those that stand behind the largest part of their group first.
    """
    table = answers(dataset, scores)
    if scores.kind == "ranking":
        order = np.where(scores.truth > 0, (table["rank"] / table["of"]).to_numpy(), -1.0)
        chosen = np.argsort(-order, kind="stable")[: min(count, int((order > 0).sum()))]
    else:
        by = table["error"] if scores.kind == "classification" else table["residual"].abs()
        chosen = np.argsort(-by.to_numpy(), kind="stable")[:count]
    return table.iloc[chosen]


def confusion(scores: Scores) -> "pd.DataFrame":
    """Count the rows by true class (index) and predicted class (columns), in the order of the classes."""
    import pandas as pd

    labels = list(scores.classes or ())
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (scores.outcome.truth, scores.outcome.prediction), 1)
    return pd.DataFrame(counts, pd.Index(labels, name="truth"), pd.Index(labels, name="predicted"))


def rankings(dataset: Dataset, scores: Scores, group: str) -> "pd.DataFrame":
    """Return each ranking with its rows, how many are relevant, and its ``ndcg``, the worst first.

    A ranking in which nothing is relevant has no ``ndcg`` and comes last.
    """
    import pandas as pd

    found = scores.outcome
    single = np.eye(_AT_ONCE)
    values: list[float] = []
    for begin in range(0, found.units, _AT_ONCE):
        part = found.part(np.arange(begin, min(begin + _AT_ONCE, found.units)))
        values.extend(metrics.RANKING_METRICS["ndcg"](part, single[: part.units, : part.units]))
    names = dataset.frame[group].drop_duplicates()
    by_group = pd.Series(scores.truth > 0).groupby(pd.Series(found.groups))
    table = pd.DataFrame(
        {"rows": by_group.size(), "relevant": by_group.sum(), "ndcg": values}, index=range(found.units)
    ).set_index(pd.Index(names, name=group))
    return table.sort_values("ndcg", kind="stable")


def usual_metric(scores: Scores, wanted: str = "") -> str:
    """Return the wanted metric where it was computed, else the one by which models of that kind are known."""
    return wanted if wanted in scores.metrics else _USUAL[scores.kind]


def importance(
    evaluate: EvaluateSpec | None,
    dataset: Dataset,
    predictor: Predictor,
    *,
    metric: str,
    repeats: int = 5,
    seed: int = 0,
) -> "pd.DataFrame":
    """Measure how much worse a metric gets where one column is shuffled, whatever the model is.

    Of more than 2,000 rows about so many are taken, of rankings whole ones.

    Args:
        evaluate: How the model is scored.
        dataset: Labelled rows.
        predictor: The model.
        metric: By its name; one that is defined for these rows.
        repeats: How often each column is shuffled.
        seed: Of the shuffling.

    Returns:
        A row a column, the most important first: ``worse`` by how much, in units of the metric, and ``std``
        over the repeats.

    Raises:
        InvalidFile: If the metric cannot be computed.
    """
    import pandas as pd
    from sklearn.inspection import permutation_importance

    group = evaluate.group if evaluate else None
    dataset = _some(dataset, group, seed)
    read = predictor.features or dataset.frame.columns
    columns = [name for name in read if name != group and name in dataset.frame.columns]
    sign = 1 if higher_is_better(metric) else -1

    def scoring(_model: object, rows: pd.DataFrame, _labels: object) -> float:
        frame = dataset.frame.copy()
        frame[columns] = rows
        return sign * score_by(evaluate, replace(dataset, frame=frame), predictor).value(metric)

    found = permutation_importance(
        _Fitted(),
        dataset.frame[columns],
        dataset.labels,
        scoring=scoring,
        n_repeats=repeats,
        random_state=seed,
    )
    table = pd.DataFrame(
        {"worse": found.importances_mean, "std": found.importances_std}, pd.Index(columns, name="column")
    )
    return table.sort_values("worse", ascending=False, kind="stable")


class _Fitted:
    """What scikit-learn takes for a model; ours answers where it is scored."""

    def fit(self) -> None:
        """Do nothing: there is nothing left to learn."""


def _some(dataset: Dataset, group: str | None, seed: int) -> Dataset:
    if dataset.rows <= _ROWS:
        return dataset
    random = np.random.default_rng(seed)
    of = np.arange(dataset.rows) if group is None else dataset.frame[group].factorize()[0]
    units = random.permutation(int(of.max()) + 1)
    sizes = np.cumsum(np.bincount(of)[units])
    kept = np.isin(of, units[: max(1, int(np.searchsorted(sizes, _ROWS, side="right")))])
    return replace(dataset, frame=dataset.frame[kept], labels=dataset.labels[kept])
