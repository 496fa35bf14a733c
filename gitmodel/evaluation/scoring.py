"""Scoring a model on labelled rows."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.artifacts import Label, Predictor, plain_errors
from gitmodel.errors import InvalidFile, ToolFailed, UsageError
from gitmodel.evaluation import metrics
from gitmodel.evaluation.datasets import Dataset
from gitmodel.evaluation.outcome import Outcome
from gitmodel.spec.model import EvaluateSpec

_OF_KIND = {
    "classification": metrics.CLASS_METRICS | metrics.PROBABILITY_METRICS | metrics.BINARY_METRICS,
    "regression": metrics.NUMBER_METRICS,
    "ranking": metrics.RANKING_METRICS,
}


@dataclass(frozen=True, eq=False)
class Scores:
    """How a model did on a dataset: its metrics, and what it answered for each row.

    ``metrics`` holds those that are defined for these rows. ``truth`` and ``prediction`` have shape
    (rows,); ``score`` is the probability of the positive class (rows,), or of each class
    (rows, classes), or None. ``outcome`` is what further metrics are computed from.
    """

    kind: str
    dataset: str
    metrics: dict[str, float]
    truth: NDArray[Any]
    prediction: NDArray[Any]
    score: NDArray[np.float64] | None
    classes: tuple[Label, ...] | None
    positive: Label | None
    outcome: Outcome

    def value(self, metric: str) -> float:
        """Return one metric.

        Raises:
            InvalidFile: If it cannot be computed for this model on these rows; the message says why.
        """
        if metric in self.metrics:
            return self.metrics[metric]
        raise InvalidFile(f"{metric} cannot be computed on {self.dataset}: {self._why_not(metric)}")

    def _why_not(self, metric: str) -> str:
        if metric not in metrics.METRICS:
            return f"known metrics are {', '.join(self.metrics)}"
        if metric not in _OF_KIND[self.kind]:
            return f"it is not a metric of {self.kind}"
        if self.kind == "ranking":
            return "no row is relevant: all labels are 0"
        if self.kind == "regression":
            return "the true values hold a 0" if metric == "mape" else "the true values are all the same"
        return self._why_not_of_classes(metric)

    def _why_not_of_classes(self, metric: str) -> str:
        if self.outcome.probabilities is None:
            return "the model gives no probabilities"
        if metric in metrics.BINARY_METRICS and self.positive is None:
            return "it is for two classes only"
        seen = ", ".join(repr(label) for label in dict.fromkeys(self.truth.tolist()))
        return f"the rows do not hold every class (only {seen})"


def score_by(evaluate: EvaluateSpec | None, dataset: Dataset, predictor: Predictor) -> Scores:
    """Score as a model.yaml says; ``None``: by the model. Errors are those of `score`."""
    if evaluate is None:
        return score(None, dataset, predictor)
    if evaluate.group is not None:
        return rank(evaluate.group, evaluate.k, dataset, predictor)
    return score(evaluate.kind, dataset, predictor, evaluate.positive)


def score(kind: str | None, dataset: Dataset, predictor: Predictor, positive: Label | None = None) -> Scores:
    """Predict the rows of a dataset and compare with their labels.

    Args:
        kind: ``classification``, ``regression``, or None to go by the model.
        dataset: At least one labelled row.
        predictor: The model.
        positive: The label of the positive class; default: the second of two sorted classes.

    Raises:
        InvalidFile: If data and model do not fit each other.
        ToolFailed: If the model fails to predict, or predicts NaN.
        UsageError: If the kind is not one of these.
    """
    kind = kind or ("regression" if predictor.classes is None else "classification")
    if kind not in {"classification", "regression"}:
        raise UsageError(
            f"`evaluate.kind: {kind}` is not scored so",
            hint="use classification, regression or ranking in model.yaml",
        )
    prediction, probabilities = _answers(dataset, predictor)
    if kind == "regression":
        return _score_numbers(dataset, prediction)
    return _score_classes(dataset, predictor.classes, prediction, probabilities, positive)


def rank(group: str, k: int, dataset: Dataset, predictor: Predictor) -> Scores:
    """Rank the rows of each group by what the model predicts, and compare with how relevant they are.

    Args:
        group: The column of what is ranked together.
        k: How many of the first count.
        dataset: At least one row; labels are numbers, 0 where a row is not relevant.
        predictor: The model; of one that gives probabilities of classes, the label that they let expect.

    Raises:
        InvalidFile: If data and model do not fit each other.
        ToolFailed: If the model fails to predict, or predicts NaN.
    """
    if group not in dataset.frame.columns:
        hint = "`evaluate.group` in model.yaml names one of its columns"
        raise InvalidFile(f"{dataset.name} has no column {group!r} to rank by", hint=hint)
    groups, _ = dataset.frame[group].factorize()
    if (groups < 0).any():
        raise InvalidFile(f"{dataset.name}: {int((groups < 0).sum())} rows have no value in {group!r}")
    truth = _numbers(dataset, dataset.labels, "the target")
    if (truth < 0).any():
        raise InvalidFile(f"{dataset.name}: {dataset.target!r} is below 0; a row that is not relevant has 0")
    prediction, probabilities = _answers(dataset, predictor)
    guess = _numbers(dataset, expected_label(predictor.classes, prediction, probabilities), "the prediction")
    outcome = Outcome(truth, guess, groups=groups.astype(np.int64), k=k)
    values = _defined(metrics.RANKING_METRICS, outcome)
    return Scores("ranking", dataset.name, values, truth, guess, guess, None, None, outcome)


def expected_label(
    classes: tuple[Label, ...] | None, prediction: NDArray[Any], probabilities: NDArray[np.float64] | None
) -> NDArray[Any]:
    """Return what rows are ranked by: of classes that are numbers, what their probabilities let expect."""
    if probabilities is None or classes is None or any(isinstance(each, str) for each in classes):
        return prediction
    found: NDArray[np.float64] = probabilities @ np.array(classes, np.float64)
    return found


def _numbers(dataset: Dataset, values: Any, what: str) -> NDArray[np.float64]:
    try:
        return np.asarray(values).astype(np.float64)
    except (TypeError, ValueError) as error:
        hint = "the label of a ranking says how relevant a row is: 0, 1 or more"
        raise InvalidFile(f"{dataset.name}: {what} ({dataset.target!r}) is no number", hint=hint) from error


def _answers(dataset: Dataset, predictor: Predictor) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    with plain_errors(dataset.name):
        try:
            prediction, frame = predictor.answer(dataset.frame)
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            words = f"{type(error).__name__}: {error}"
            raise ToolFailed(f"the model cannot predict the rows of {dataset.name}", detail=words) from error
    probabilities = None if frame is None else frame.to_numpy(dtype=np.float64)
    for values in (prediction, probabilities):
        if values is not None and np.issubdtype(values.dtype, np.floating):
            broken = int((~np.isfinite(values)).reshape(len(values), -1).any(axis=1).sum())
            if broken:
                raise ToolFailed(f"the model predicts NaN or infinity for {broken} of {dataset.rows} rows")
    return prediction, probabilities


def _score_numbers(dataset: Dataset, prediction: NDArray[Any]) -> Scores:
    try:
        truth = dataset.labels.to_numpy(dtype=np.float64)
        guess = prediction.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidFile(
            f"{dataset.name}: the target {dataset.target!r} or its prediction is not a number",
            hint="set `evaluate.kind: classification` in model.yaml if the model predicts classes",
        ) from error
    outcome = Outcome(truth, guess)
    values = _defined(metrics.NUMBER_METRICS, outcome)
    return Scores("regression", dataset.name, values, truth, guess, None, None, None, outcome)


def _score_classes(
    dataset: Dataset,
    classes: tuple[Label, ...] | None,
    prediction: NDArray[Any],
    probabilities: NDArray[np.float64] | None,
    positive: Label | None,
) -> Scores:
    truth = dataset.labels.to_numpy()
    labels = _all_labels(classes, truth, prediction)
    if classes is not None and not set(truth.tolist()) & set(classes):
        raise InvalidFile(
            f"{dataset.name}: no label of {dataset.target!r} is a class of the model "
            f"({_some(truth.tolist())} against {_some(classes)})"
        )
    chosen = _positive(labels, positive)
    code = {label: number for number, label in enumerate(labels)}
    outcome = Outcome(
        truth=np.array([code[label] for label in truth.tolist()]),
        prediction=np.array([code[label] for label in prediction.tolist()]),
        labels=len(labels),
        positive=None if chosen is None else code[chosen],
        probabilities=probabilities,
    )
    table = dict(metrics.CLASS_METRICS)
    if probabilities is not None:
        table |= metrics.PROBABILITY_METRICS
        table |= {} if chosen is None else metrics.BINARY_METRICS
    score = probabilities if chosen is None or probabilities is None else probabilities[:, code[chosen]]
    values = _defined(table, outcome)
    return Scores("classification", dataset.name, values, truth, prediction, score, labels, chosen, outcome)


def _all_labels(
    classes: tuple[Label, ...] | None, truth: NDArray[Any], prediction: NDArray[Any]
) -> tuple[Label, ...]:
    """Return the model's classes in its order, then what else the rows hold, sorted."""
    known = tuple(classes or ())
    rest = (set(truth.tolist()) | set(prediction.tolist())) - set(known)
    return known + tuple(sorted(rest, key=lambda label: (str(type(label)), label)))


def _positive(labels: tuple[Label, ...], given: Label | None) -> Label | None:
    if given is not None and given not in labels:
        raise InvalidFile(
            f"the positive class {given!r} is none of the classes: {_some(labels)}",
            hint="set `evaluate.positive` in model.yaml to one of them, with the same type",
        )
    if len(labels) != 2:  # noqa: PLR2004 - binary
        return None
    return sorted(labels)[1] if given is None else labels[labels.index(given)]


def _defined(table: dict[str, metrics.Metric], outcome: Outcome) -> dict[str, float]:
    once = np.ones((1, outcome.units))
    values = {name: float(metric(outcome, once)[0]) for name, metric in table.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _some(labels: Any) -> str:
    different = list(dict.fromkeys(labels))
    return ", ".join(map(repr, different[:8])) + (", …" if len(different) > 8 else "")  # noqa: PLR2004
