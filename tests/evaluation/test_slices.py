"""Where a model fails: groups of rows that are surely worse than the whole."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from gitmodel.artifacts.portable.scikit import ScikitPredictor
from gitmodel.errors import InvalidFile
from gitmodel.evaluation import Dataset, score
from gitmodel.evaluation.slices import worst_slices


class Copier(ScikitPredictor):
    """Answers with a column."""

    def __init__(self, classes: tuple[int, ...] | None) -> None:
        self.classes = classes
        self.features = None

    def answer(self, frame: pd.DataFrame) -> tuple[NDArray[Any], pd.DataFrame | None]:
        guess = frame["guess"]
        return guess.to_numpy(), None if self.classes is None else pd.DataFrame({0: 1 - guess, 1: guess})


def loans(count: int = 1200) -> Dataset:
    """Return rows whose guess is right but for those of the south, and one in ten of the others."""
    random = np.random.default_rng(1)
    region = random.choice(["north", "south", "east"], count)
    label = random.integers(0, 2, count)
    wrong = np.where(region == "south", random.random(count) < 0.5, random.random(count) < 0.1)
    age = random.normal(40, 9, count)
    age[:60] = np.nan
    frame = pd.DataFrame({"region": region, "age": age, "guess": np.where(wrong, 1 - label, label)})
    return Dataset("test.csv", "", frame, pd.Series(label), "y")


def test_the_group_that_fails_is_found() -> None:
    data = loans()
    found = worst_slices(
        data, score("classification", data, Copier((0, 1))), "accuracy", higher_is_better=True
    )
    worst = found.worst[0]
    assert (worst.column, worst.group) == ("region", "is south")
    assert worst.rows == (data.frame["region"] == "south").sum()
    assert worst.low < worst.value < worst.high < found.value
    assert 0.4 < worst.value < 0.6
    assert found.searched == 3 + 4 + 1 + 2  # regions, quartiles, what is missing, both guesses
    assert "region" not in {each.column for each in found.worst[1:]}


def test_of_an_error_the_higher_is_the_worse() -> None:
    random = np.random.default_rng(2)
    truth = random.normal(100, 5, 800)
    kind = np.where(np.arange(800) % 4 == 0, "hard", "easy")
    guess = truth + random.normal(0, 1, 800) * np.where(kind == "hard", 9, 1)
    data = Dataset("t", "", pd.DataFrame({"kind": kind, "guess": guess}), pd.Series(truth), "y")
    found = worst_slices(data, score("regression", data, Copier(None)), "rmse", higher_is_better=False)
    assert found.worst[0].group == "is hard"
    assert found.worst[0].low > found.value


def test_groups_of_few_rows_or_of_one_class_say_nothing() -> None:
    data = loans(400)
    few = data.frame.assign(rare=np.where(np.arange(400) < 20, "few", "many"), one=data.labels.astype(str))
    data = Dataset("t", "", few, data.labels, "y")
    found = worst_slices(
        data, score("classification", data, Copier((0, 1))), "roc_auc", higher_is_better=True
    )
    assert not {"rare is few", "one is 0", "one is 1"} & {
        f"{each.column} {each.group}" for each in found.worst
    }


def test_a_model_that_is_everywhere_alike_has_none() -> None:
    data = loans()
    same = Dataset("t", "", data.frame.assign(guess=1 - data.labels), data.labels, "y")
    found = worst_slices(
        same, score("classification", same, Copier((0, 1))), "accuracy", higher_is_better=True
    )
    assert found.value == 0
    assert found.worst == ()


def test_a_metric_that_is_not_defined_is_told() -> None:
    data = loans(100)
    with pytest.raises(InvalidFile, match="not a metric of classification"):
        worst_slices(data, score("classification", data, Copier((0, 1))), "rmse", higher_is_better=False)
