"""Metrics of rankings: by hand, as scikit-learn computes them, resampled by group, and quickly."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import average_precision_score, ndcg_score

from gitmodel.artifacts.portable.scikit import ScikitPredictor
from gitmodel.errors import InvalidFile
from gitmodel.evaluation import Dataset, interval, paired_difference, rank, score_by
from gitmodel.evaluation.metrics import RANKING_METRICS
from gitmodel.evaluation.outcome import Floats, Outcome
from gitmodel.spec.model import EvaluateSpec


def outcome(truth: Any, scores: Any, groups: Any, k: int = 10) -> Outcome:
    return Outcome(np.array(truth, float), np.array(scores, float), groups=np.array(groups), k=k)


def value(name: str, found: Outcome, weights: Any = None) -> Any:
    drawn: Floats = np.ones((1, found.units)) if weights is None else np.array(weights, float)
    return RANKING_METRICS[name](found, drawn)


def many(seed: int = 0, *, digits: int = 1) -> Outcome:
    """Return 60 groups of 2 to 30 rows in no order, graded, with ties, some without a relevant row."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(60), random.integers(2, 31, 60))
    truth = random.choice([0, 0, 0, 1, 2, 3], len(groups)) * (groups % 7 > 0)
    order = random.permutation(len(groups))
    scores = (truth + random.normal(0, 2, len(groups))).round(digits)
    return outcome(truth[order], scores[order], groups[order], k=5)


def by_hand(name: str, found: Outcome, group: int) -> float:
    """Compute one group as the definitions say; NaN where it has no relevant row and needs one."""
    assert found.groups is not None
    own = found.groups == group
    truth, scores, k = found.truth[own], found.prediction[own], found.k
    if name in {"ndcg", "map"} and not truth.any():
        return np.nan
    if name == "ndcg":
        return float(ndcg_score([truth], [scores], k=k))
    if name == "map":
        return float(average_precision_score(truth > 0, scores))
    worst_first = np.lexsort((truth, -scores))
    hits = np.flatnonzero(truth[worst_first] > 0)
    if name == "mrr":
        return 1 / (hits[0] + 1) if len(hits) else np.nan
    return float(len(hits) > 0 and hits[0] < k)


@pytest.mark.parametrize("name", ["ndcg", "map", "mrr", "hit_rate"])
@pytest.mark.parametrize("digits", [0, 9])
def test_groups_as_others_compute_them(name: str, digits: int) -> None:
    found = many(digits=digits)
    wanted = np.array([by_hand(name, found, group) for group in range(found.units)])
    each = value(name, found, np.eye(found.units))
    assert each == pytest.approx(wanted, nan_ok=True)
    assert value(name, found) == pytest.approx([np.nanmean(wanted)])
    weights = np.random.default_rng(1).integers(0, 4, (3, found.units))
    known = np.isfinite(wanted)
    expected = [np.average(wanted[known], weights=w[known]) for w in weights]
    assert value(name, found, weights) == pytest.approx(expected)


def test_precision_by_hand() -> None:
    # The second group has fewer than k rows; the third has two of one score across the border.
    found = outcome(
        [1, 0, 1, 0, 1, 0, 1, 0, 1], [9, 8, 7, 1, 2, 9, 3, 3, 1], [0, 0, 0, 0, 1, 2, 2, 2, 2], k=2
    )
    assert value("precision_at_k", found, np.eye(3)) == pytest.approx([1 / 2, 1, 1 / 4])


def test_nothing_is_relevant() -> None:
    found = outcome([0, 0, 0], [1, 2, 3], [0, 0, 1])
    assert [value(name, found)[0] for name in ("precision_at_k", "hit_rate")] == [0, 0]
    assert all(np.isnan(value(name, found)[0]) for name in ("ndcg", "map", "mrr"))


@pytest.mark.parametrize("name", RANKING_METRICS)
def test_a_part_is_those_groups(name: str) -> None:
    found = many()
    chosen = np.array([3, 8, 20, 59])
    weights = np.zeros((1, found.units))
    weights[0, chosen] = 1
    assert value(name, found.part(chosen)) == pytest.approx(value(name, found, weights))


@pytest.mark.parametrize("name", RANKING_METRICS)
def test_the_order_of_rows_means_nothing(name: str) -> None:
    found = many(digits=0)
    assert found.groups is not None
    back = replace(
        found, truth=found.truth[::-1], prediction=found.prediction[::-1], groups=found.groups[::-1]
    )
    assert value(name, back) == pytest.approx(value(name, found))
    flat = replace(found, prediction=np.zeros(len(found.truth)))
    assert value(name, flat) < value(name, replace(found, prediction=found.truth))


class Given(ScikitPredictor):
    """Answers with a column, as chances of classes where it names some."""

    def __init__(self, column: str, classes: Any = None) -> None:
        self.column, self.classes, self.features = column, classes, None

    def answer(self, frame: pd.DataFrame) -> tuple[NDArray[Any], pd.DataFrame | None]:
        values = frame[self.column]
        if self.classes is None:
            return values.to_numpy(), None
        chances = pd.DataFrame({self.classes[0]: 1 - values, self.classes[1]: values})
        return (values > 0.5).to_numpy().astype(int), chances


def rows(groups: int = 300, size: int = 20, seed: int = 0) -> Dataset:
    random = np.random.default_rng(seed)
    names = np.repeat([f"user {number}" for number in range(groups)], size)
    chance = random.random(len(names))
    frame = pd.DataFrame({"user": names, "exact": chance, "guess": random.random(len(names))})
    frame["noisy"] = np.clip(chance + random.normal(0, 0.3, len(names)), 0, 1)
    return Dataset("test", "", frame, pd.Series((random.random(len(names)) < chance).astype(int)), "like")


RANKING = EvaluateSpec("ranking", group="user", k=5)


def test_models_are_ranked_by() -> None:
    data = rows()
    exact = score_by(RANKING, data, Given("exact"))
    assert (exact.kind, set(exact.metrics)) == ("ranking", set(RANKING_METRICS))
    assert score_by(RANKING, data, Given("exact", (0, 1))).metrics == pytest.approx(exact.metrics)
    assert score_by(RANKING, data, Given("exact", (0, 3))).metrics == pytest.approx(exact.metrics)
    found = paired_difference("ndcg", exact, score_by(RANKING, data, Given("guess")))
    assert 0 < found.low < found.difference < found.high
    estimate = interval("ndcg", exact)
    assert estimate.low < exact.metrics["ndcg"] < estimate.high
    with pytest.raises(InvalidFile, match="rmse cannot be computed on test: it is not a metric of ranking"):
        exact.value("rmse")


def test_real_models() -> None:
    data = rows()
    features = data.frame[["exact", "guess"]]
    for model in (LinearRegression(), LogisticRegression()):
        fitted = ScikitPredictor(model.fit(features, data.labels))
        assert score_by(RANKING, data, fitted).metrics["ndcg"] > 0.7


def test_groups_are_drawn_not_rows() -> None:
    """Rows of a group are alike: drawn one by one they would make the interval far too narrow."""
    random = np.random.default_rng(0)
    lucky = random.random(40) < 0.5
    truth = np.zeros((40, 50))
    truth[:, 0] = 1
    scores = np.where(lucky[:, None], truth, -truth) + random.normal(0, 0.01, truth.shape)
    frame = pd.DataFrame({"user": np.repeat(np.arange(40), 50), "score": scores.ravel()})
    data = Dataset("test", "", frame, pd.Series(truth.ravel()), "like")
    found = interval("hit_rate", rank("user", 1, data, Given("score")))
    assert found.high - found.low > 0.25  # of 40 coins; 2000 would give 0.04


def test_bad_data_are_told() -> None:
    data = rows(groups=3)
    with pytest.raises(InvalidFile, match="test has no column 'query' to rank by"):
        rank("query", 10, data, Given("exact"))
    with pytest.raises(InvalidFile, match="'like' is below 0"):
        rank("user", 10, replace(data, labels=data.labels - 1), Given("exact"))
    with pytest.raises(InvalidFile, match="is no number"):
        rank("user", 10, replace(data, labels=data.labels.map({0: "no", 1: "yes"})), Given("exact"))
    frame = data.frame.assign(user=data.frame["user"].where(data.frame["user"] != "user 1"))
    with pytest.raises(InvalidFile, match="20 rows have no value in 'user'"):
        rank("user", 10, replace(data, frame=frame), Given("exact"))
    other = rank("user", 10, replace(data, frame=data.frame.assign(user="one")), Given("exact"))
    with pytest.raises(InvalidFile, match="not scored on the same rows"):
        paired_difference("ndcg", rank("user", 10, data, Given("exact")), other)


def test_100_000_rows_in_seconds() -> None:
    data = rows(groups=5000)
    start = time.perf_counter()
    a, b = (rank("user", 1, data, Given(name)) for name in ("exact", "noisy"))
    for name in RANKING_METRICS:
        assert interval(name, a).low < a.value(name)
        assert paired_difference(name, a, b).difference > 0
    assert time.perf_counter() - start < 30  # some 3 s on a quiet machine
