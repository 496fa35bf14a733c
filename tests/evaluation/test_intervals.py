"""Intervals by bootstrap: paired, repeatable, honest where rows cannot tell."""

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from gitmodel.artifacts.portable.scikit import ScikitPredictor
from gitmodel.errors import InvalidFile
from gitmodel.evaluation import Dataset, Scores, interval, paired_difference, score
from gitmodel.evaluation.intervals import share


class Given(ScikitPredictor):
    """Answers with the column of chances it is named after."""

    def __init__(self, column: str) -> None:
        self.column = column
        self.classes = (0, 1)
        self.features = None

    def answer(self, frame: pd.DataFrame) -> tuple[NDArray[Any], pd.DataFrame]:
        chance = frame[self.column]
        return (chance > 0.5).to_numpy(dtype=np.int64), pd.DataFrame({0: 1 - chance, 1: chance})


def rows(count: int, seed: int = 0) -> Dataset:
    random = np.random.default_rng(seed)
    chance = random.random(count)
    frame = pd.DataFrame(
        {
            "exact": chance,
            "noisy": np.clip(chance + random.normal(0, 0.05, count), 0, 1),
            "guess": random.random(count),
        }
    )
    return Dataset("test", "", frame, pd.Series((random.random(count) < chance).astype(int)), "y")


def scored(column: str, data: Dataset) -> Scores:
    return score("classification", data, Given(column))


def test_a_better_model_is_told_from_a_guess() -> None:
    data = rows(500)
    found = paired_difference("roc_auc", scored("exact", data), scored("guess", data))
    assert 0 < found.low < found.difference < found.high


def test_the_same_model_differs_by_nothing() -> None:
    data = rows(500)
    found = paired_difference("log_loss", scored("exact", data), scored("exact", data))
    assert (found.low, found.difference, found.high) == (0, 0, 0)


def test_like_models_are_not_told_apart() -> None:
    data = rows(300)
    data.frame["twin"] = np.clip(data.frame["exact"] + np.random.default_rng(3).normal(0, 0.005, 300), 0, 1)
    found = paired_difference("roc_auc", scored("exact", data), scored("twin", data))
    assert found.low < 0 < found.high
    assert found.high - found.low < 0.01


def test_pairing_is_sharper_than_two_intervals() -> None:
    data = rows(1000)
    a, b = scored("exact", data), scored("noisy", data)
    paired = paired_difference("roc_auc", a, b)
    alone = interval("roc_auc", a)
    assert paired.high - paired.low < (alone.high - alone.low) / 2


def test_it_is_repeatable_and_follows_confidence() -> None:
    data = rows(300)
    a, b = scored("exact", data), scored("guess", data)
    assert paired_difference("f1", a, b, seed=3) == paired_difference("f1", a, b, seed=3)
    wide, narrow = interval("f1", a, 0.99), interval("f1", a, 0.5)
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_the_interval_of_accuracy_is_the_binomial_one() -> None:
    data = rows(2000)
    found = interval("accuracy", scored("exact", data))
    spread = np.sqrt(found.value * (1 - found.value) / 2000)
    assert (found.high - found.low) == pytest.approx(2 * 1.96 * spread, rel=0.1)


@pytest.mark.parametrize(
    ("metric", "right", "of"), [("recall", 0, 2), ("precision", 0, 3), ("accuracy", 2, 7)]
)
def test_few_rows_say_little(metric: str, right: int, of: int) -> None:
    truth = np.array([1, 1, 0, 0, 0, 0, 0])
    prediction = np.array([0, 0, 1, 1, 1, 0, 0])
    frame = pd.DataFrame({"chance": prediction * 0.8 + 0.1})
    found = interval(metric, scored("chance", Dataset("few", "", frame, pd.Series(truth), "y")))
    assert found.value == pytest.approx(right / of)
    assert (found.low, found.high) == pytest.approx((share(right, of).low, share(right, of).high), abs=0.1)
    assert found.high > 0.5


def test_rows_must_be_the_same() -> None:
    with pytest.raises(InvalidFile, match="not scored on the same rows"):
        paired_difference("f1", scored("exact", rows(100)), scored("exact", rows(100, seed=1)))


def test_a_metric_nobody_can_compute() -> None:
    data = rows(50)
    with pytest.raises(InvalidFile, match="rmse cannot be computed"):
        interval("rmse", scored("exact", data))


def test_too_few_of_a_class_gives_no_bounds() -> None:
    data = rows(3)
    one = Dataset("t", "", data.frame.iloc[[0]], pd.Series([1]), "y")
    assert "roc_auc" not in scored("exact", one).metrics
    assert interval("accuracy", scored("exact", one)).low >= 0


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "f1"])
def test_ten_thousand_rows_take_seconds(metric: str) -> None:
    data = rows(10_000)
    a, b = scored("exact", data), scored("guess", data)
    start = time.perf_counter()
    paired_difference(metric, a, b)
    assert time.perf_counter() - start < 10
