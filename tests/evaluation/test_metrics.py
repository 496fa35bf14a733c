"""Each weighted formula equals scikit-learn's metric, plain and resampled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as theirs

from gitmodel.evaluation import metrics
from gitmodel.evaluation.outcome import Outcome

ROWS = 400
Score = Callable[..., Any]


def binary(seed: int = 0) -> Outcome:
    random = np.random.default_rng(seed)
    chance = random.random(ROWS).round(2)  # rounded: ties
    truth = (random.random(ROWS) < chance).astype(int)
    return Outcome(truth, (chance > 0.4).astype(int), 2, 1, np.c_[1 - chance, chance])


def several(seed: int = 0) -> Outcome:
    random = np.random.default_rng(seed)
    chances = random.dirichlet([1, 1, 1], ROWS).round(3)
    chances /= chances.sum(axis=1, keepdims=True)
    truth = np.array([random.choice(3, p=row) for row in chances])
    return Outcome(truth, chances.argmax(axis=1), 3, None, chances)


def numbers(seed: int = 0) -> Outcome:
    random = np.random.default_rng(seed)
    truth = random.normal(10, 2, ROWS)
    return Outcome(truth, truth + random.normal(0, 1, ROWS))


def draws(count: int = 5) -> NDArray[np.float64]:
    random = np.random.default_rng(1)
    counts = [np.bincount(random.integers(ROWS, size=ROWS), minlength=ROWS) for _ in range(count)]
    return np.stack(counts).astype(np.float64)


def agree(name: str, outcome: Outcome, expected: Score) -> None:
    plain = metrics.METRICS[name](outcome, np.ones((1, ROWS)))
    assert plain == pytest.approx([expected(None)])
    weights = draws()
    assert metrics.METRICS[name](outcome, weights) == pytest.approx([expected(w) for w in weights])


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("precision", theirs.precision_score),
        ("recall", theirs.recall_score),
        ("f1", theirs.f1_score),
        ("accuracy", theirs.accuracy_score),
    ],
)
def test_metrics_of_two_classes(name: str, function: Score) -> None:
    outcome = binary()
    agree(name, outcome, lambda w: function(outcome.truth, outcome.prediction, sample_weight=w))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("roc_auc", theirs.roc_auc_score),
        ("average_precision", theirs.average_precision_score),
        ("log_loss", theirs.log_loss),
        ("brier", theirs.brier_score_loss),
    ],
)
def test_metrics_of_the_positive_probability(name: str, function: Score) -> None:
    outcome = binary()
    assert outcome.probabilities is not None
    scores = outcome.probabilities[:, 1]
    agree(name, outcome, lambda w: function(outcome.truth, scores, sample_weight=w))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("precision", theirs.precision_score),
        ("recall", theirs.recall_score),
        ("f1", theirs.f1_score),
    ],
)
def test_metrics_of_several_classes_are_macro_averages(name: str, function: Score) -> None:
    outcome = several()
    agree(
        name, outcome, lambda w: function(outcome.truth, outcome.prediction, average="macro", sample_weight=w)
    )


def test_probabilities_of_several_classes() -> None:
    outcome = several()
    agree(
        "roc_auc",
        outcome,
        lambda w: theirs.roc_auc_score(
            outcome.truth, outcome.probabilities, multi_class="ovr", sample_weight=w
        ),
    )
    agree(
        "log_loss", outcome, lambda w: theirs.log_loss(outcome.truth, outcome.probabilities, sample_weight=w)
    )
    agree(
        "average_precision",
        outcome,
        lambda w: theirs.average_precision_score(
            np.eye(3)[outcome.truth], outcome.probabilities, average="macro", sample_weight=w
        ),
    )


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("rmse", theirs.root_mean_squared_error),
        ("mae", theirs.mean_absolute_error),
        ("mape", theirs.mean_absolute_percentage_error),
        ("r2", theirs.r2_score),
    ],
)
def test_metrics_of_numbers(name: str, function: Score) -> None:
    outcome = numbers()
    agree(name, outcome, lambda w: function(outcome.truth, outcome.prediction, sample_weight=w))


def test_a_class_that_is_never_predicted_counts_as_zero() -> None:
    outcome = Outcome(np.array([0, 1, 1]), np.array([0, 0, 0]), 2, 1, None)
    once = np.ones((1, 3))
    assert metrics.precision(outcome, once)[0] == 0
    assert metrics.recall(outcome, once)[0] == 0
    assert metrics.f1(outcome, once)[0] == 0


def test_undefined_metrics_are_nan() -> None:
    one_class = Outcome(np.array([1, 1]), np.array([1, 1]), 2, 1, np.array([[0.2, 0.8], [0.1, 0.9]]))
    assert np.isnan(metrics.roc_auc(one_class, np.ones((1, 2)))[0])
    constant = Outcome(np.array([2.0, 2.0]), np.array([1.0, 3.0]))
    assert np.isnan(metrics.r2(constant, np.ones((1, 2)))[0])
    zero = Outcome(np.array([0.0, 2.0]), np.array([1.0, 3.0]))
    assert np.isnan(metrics.mape(zero, np.ones((1, 2)))[0])
