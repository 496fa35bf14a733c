"""How sure a metric is, and whether two models differ: bootstrap over the same rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.errors import InvalidFile
from gitmodel.evaluation import metrics
from gitmodel.evaluation.outcome import Floats
from gitmodel.evaluation.scoring import Scores

RESAMPLES = 1000
_CELLS = 4_000_000  # of the matrix of weights at a time: 32 MB
_ENOUGH = 0.5  # of the draws in which a metric must be defined


@dataclass(frozen=True)
class Interval:
    """``a`` minus ``b`` in units of the metric, and the bounds it lies in at the given confidence.

    Where the rows cannot tell (a metric undefined in most draws), the bounds are infinite.
    """

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """A metric and the bounds it lies in at the given confidence."""

    value: float
    low: float
    high: float


def paired_difference(metric: str, a: Scores, b: Scores, confidence: float = 0.95, seed: int = 0) -> Interval:
    """Compare two models that were scored on the same rows.

    Each of 1000 draws takes the same rows for both (of a ranking: the same groups), so what is easy or
    hard about a row cancels. The interval is two-sided: at 0.95, the true difference lies below ``low``
    with 2.5 %. The same scores and seed give the same interval.

    Raises:
        InvalidFile: If the rows are not the same, or the metric is not defined for them.
    """
    if not _same(a.truth, b.truth) or not _same(a.outcome.groups, b.outcome.groups):
        raise InvalidFile(f"{metric} cannot be compared: the two models were not scored on the same rows")
    difference = a.value(metric) - b.value(metric)
    formula = metrics.METRICS[metric]
    draws = [formula(a.outcome, w) - formula(b.outcome, w) for w in _weights(a.outcome.units, seed)]
    return Interval(difference, *_bounds(np.concatenate(draws), confidence))


def interval(metric: str, scores: Scores, confidence: float = 0.95, seed: int = 0) -> Estimate:
    """Return a metric with its two-sided bootstrap interval.

    That of a share (accuracy, and recall and precision of a class) is at least as wide as Wilson's: where
    none or all of a few rows are right, each draw is as the rows are, which says nothing of other rows.

    Raises:
        InvalidFile: If the metric is not defined for these rows.
    """
    value = scores.value(metric)
    formula = metrics.METRICS[metric]
    draws = [formula(scores.outcome, w) for w in _weights(scores.outcome.units, seed)]
    low, high = _bounds(np.concatenate(draws), confidence)
    if counted := metrics.counted(metric, scores.outcome):
        wilson = share(*counted, confidence)
        low, high = min(low, wilson.low), max(high, wilson.high)
    return Estimate(value, low, high)


def share(count: int, of: int, confidence: float = 0.95) -> Estimate:
    """Return a share with Wilson's interval, which holds for few and for none too."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p, z2 = count / of, z**2
    middle, half = p + z2 / (2 * of), z * float(np.sqrt(p * (1 - p) / of + z2 / (4 * of**2)))
    low, high = ((middle + sign * half) / (1 + z2 / of) for sign in (-1, 1))
    return Estimate(p, max(0.0, low) if count else 0.0, min(1.0, high) if count < of else 1.0)


def _same(a: NDArray[Any] | None, b: NDArray[Any] | None) -> bool:
    return a is b if a is None or b is None else np.array_equal(a, b)


def _weights(rows: int, seed: int) -> Iterator[Floats]:
    """Yield how often each row, or group, is drawn, as matrices (draws, rows) of bounded size."""
    random = np.random.default_rng(seed)
    at_once = max(1, min(RESAMPLES, _CELLS // rows))
    for done in range(0, RESAMPLES, at_once):
        count = min(at_once, RESAMPLES - done)
        drawn = random.integers(rows, size=(count, rows))
        drawn += np.arange(count)[:, np.newaxis] * rows
        yield np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows).astype(np.float64)


def _bounds(draws: Floats, confidence: float) -> tuple[float, float]:
    defined = draws[np.isfinite(draws)]
    if len(defined) < _ENOUGH * len(draws):
        return -np.inf, np.inf
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)
