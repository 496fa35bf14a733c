"""Metrics as functions of weights a row, so that one formula gives the figure and its bootstrap.

Every function takes an `Outcome` of n units and weights of shape (resamples, n): how often each unit is
drawn, which is a row, or for rankings a group of rows. It answers an array of shape (resamples,), NaN where
the metric is undefined for that draw. All weights one give the plain metric, equal to scikit-learn's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.evaluation import ranking
from gitmodel.evaluation.outcome import Floats, Outcome

_SMALLEST = float(np.finfo(np.float64).eps)


Metric = Callable[[Outcome, Floats], Floats]


def accuracy(outcome: Outcome, weights: Floats) -> Floats:
    """Give the share of rows that are right."""
    return _mean(outcome.truth == outcome.prediction, weights)


def precision(outcome: Outcome, weights: Floats) -> Floats:
    """Of the rows said to be positive, give the share that are; over all classes where more than two."""
    return _averaged(outcome, weights, lambda hit, said, _: _ratio(hit, said))


def recall(outcome: Outcome, weights: Floats) -> Floats:
    """Of the rows that are positive, give the share that was found."""
    return _averaged(outcome, weights, lambda hit, _, true: _ratio(hit, true))


def f1(outcome: Outcome, weights: Floats) -> Floats:
    """Give the harmonic mean of precision and recall."""
    return _averaged(outcome, weights, lambda hit, said, true: _ratio(2 * hit, said + true))


def roc_auc(outcome: Outcome, weights: Floats) -> Floats:
    """Give the chance that a positive row scores above a negative one; ties count half."""
    return _ranked(outcome, weights, _auc)


def average_precision(outcome: Outcome, weights: Floats) -> Floats:
    """Give the precision averaged over the recall that each score reaches."""
    return _ranked(outcome, weights, _average_precision)


def log_loss(outcome: Outcome, weights: Floats) -> Floats:
    """Give the mean of minus the logarithm of the probability given to the true label."""
    assert outcome.probabilities is not None
    known = outcome.truth < outcome.probabilities.shape[1]
    column = np.where(known, outcome.truth, 0)
    given = np.where(known, outcome.probabilities[np.arange(len(column)), column], 0.0)
    return _mean(-np.log(np.clip(given, _SMALLEST, 1.0)), weights)


def brier(outcome: Outcome, weights: Floats) -> Floats:
    """Give the mean squared distance of the positive probability from what happened (two classes)."""
    assert outcome.probabilities is not None
    happened = outcome.truth == outcome.positive
    return _mean((outcome.probabilities[:, outcome.positive] - happened) ** 2, weights)


def rmse(outcome: Outcome, weights: Floats) -> Floats:
    """Give the root of the mean squared error."""
    return np.sqrt(_mean((outcome.truth - outcome.prediction) ** 2, weights))


def mae(outcome: Outcome, weights: Floats) -> Floats:
    """Give the mean absolute error."""
    return _mean(np.abs(outcome.truth - outcome.prediction), weights)


def mape(outcome: Outcome, weights: Floats) -> Floats:
    """Give the mean absolute error as a share of the true value; undefined where one is 0."""
    if (outcome.truth == 0).any():
        return np.full(len(weights), np.nan)
    return _mean(np.abs((outcome.truth - outcome.prediction) / outcome.truth), weights)


def r2(outcome: Outcome, weights: Floats) -> Floats:
    """Give the share of the variance that is explained."""
    centred = outcome.truth - outcome.truth.mean()  # keeps the difference of squares exact
    total = weights.sum(axis=1)
    spread = weights @ centred**2 - (weights @ centred) ** 2 / total
    left = weights @ (outcome.truth - outcome.prediction) ** 2
    return 1 - _ratio(left, np.where(spread > 0, spread, np.nan), np.nan)


CLASS_METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
}
PROBABILITY_METRICS: dict[str, Metric] = {
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
}
BINARY_METRICS: dict[str, Metric] = {"brier": brier}
NUMBER_METRICS: dict[str, Metric] = {"rmse": rmse, "mae": mae, "mape": mape, "r2": r2}
RANKING_METRICS: dict[str, Metric] = {
    "ndcg": ranking.ndcg,
    "precision_at_k": ranking.precision_at_k,
    "hit_rate": ranking.hit_rate,
    "map": ranking.mean_average_precision,
    "mrr": ranking.mean_reciprocal_rank,
}
METRICS = CLASS_METRICS | PROBABILITY_METRICS | BINARY_METRICS | NUMBER_METRICS | RANKING_METRICS


def _mean(values: NDArray[Any], weights: Floats) -> Floats:
    result: Floats = weights @ values.astype(np.float64) / weights.sum(axis=1)
    return result


def _ratio(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    result = np.full(np.shape(above), otherwise)
    np.divide(above, below, out=result, where=below != 0)
    return result


def counted(metric: str, outcome: Outcome) -> tuple[int, int] | None:
    """Return how many of how many rows a metric is the share of; ``None``: it is no such share."""
    right = outcome.truth == outcome.prediction
    if metric == "accuracy":
        return int(right.sum()), len(right)
    if metric not in ("precision", "recall") or outcome.positive is None:
        return None
    of = (outcome.truth if metric == "recall" else outcome.prediction) == outcome.positive
    return (int((right & of).sum()), int(of.sum())) if of.any() else None


def _averaged(
    outcome: Outcome, weights: Floats, formula: Callable[[Floats, Floats, Floats], Floats]
) -> Floats:
    """Apply a formula of (hits, said, true) to the positive class, or average it over all labels seen."""
    chosen = np.union1d(outcome.truth, outcome.prediction) if outcome.positive is None else [outcome.positive]
    parts = []
    for label in chosen:
        true, said = outcome.truth == label, outcome.prediction == label
        counts = weights @ np.stack([true & said, said, true], axis=1).astype(np.float64)
        parts.append(formula(counts[:, 0], counts[:, 1], counts[:, 2]))
    average: Floats = np.mean(parts, axis=0)
    return average


def _ranked(outcome: Outcome, weights: Floats, formula: Callable[[Floats, Floats], Floats]) -> Floats:
    """Apply a formula to the positive class, or average it over all classes, each against the rest."""
    assert outcome.probabilities is not None
    count = outcome.probabilities.shape[1]
    chosen = range(count) if outcome.positive is None else [outcome.positive]
    parts = [
        formula(*_by_score(outcome.truth == label, outcome.probabilities[:, label], weights))
        for label in chosen
    ]
    average: Floats = np.mean(parts, axis=0)
    return average


def _by_score(positive: NDArray[np.bool_], scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the weight of positive and of negative rows at each distinct score, the highest first."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    drawn = weights[:, order]
    total = np.add.reduceat(drawn, starts, axis=1)
    hits = np.add.reduceat(drawn * positive[order], starts, axis=1)
    return hits, total - hits


def _auc(hits: Floats, misses: Floats) -> Floats:
    found = np.cumsum(hits, axis=1) - hits / 2
    pairs = hits.sum(axis=1) * misses.sum(axis=1)
    return _ratio((found * misses).sum(axis=1), pairs, np.nan)


def _average_precision(hits: Floats, misses: Floats) -> Floats:
    found = np.cumsum(hits, axis=1)
    exact = _ratio(found, found + np.cumsum(misses, axis=1))
    return _ratio((hits * exact).sum(axis=1), hits.sum(axis=1), np.nan)
