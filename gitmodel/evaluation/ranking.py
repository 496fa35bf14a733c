"""Metrics of rankings: of each group of rows a figure, of which a metric is the mean.

They are functions of an outcome and of weights a group, as in `gitmodel.evaluation.metrics`. A row is
relevant where its truth is above 0. Equal scores are no order: what depends on it is averaged over all
orders (ndcg, precision), or the worst one counts (hit rate, reciprocal rank).

What tells how well the relevant rows are found (ndcg, map, mrr) is the mean over groups that have one; what
tells how many of the first are relevant (precision, hit rate) is the mean over all groups.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.evaluation.outcome import Floats, Outcome


def ndcg(outcome: Outcome, weights: Floats) -> Floats:
    """Give the discounted gain of the first k as a share of the best one; gains are the labels themselves."""
    ranked = _Ranked.of(outcome, outcome.prediction)
    best = _Ranked.of(outcome, outcome.truth)
    discount = _discount(ranked.rank, outcome.k)  # both have the same ranks
    gain = ranked.total(ranked.truth * ranked.tied_mean(discount))
    ideal = best.total(best.truth * discount)
    return _mean_defined(_share(gain, ideal), weights)


def precision_at_k(outcome: Outcome, weights: Floats) -> Floats:
    """Give the share of relevant rows among the first k, or among all of a group that has fewer."""
    ranked = _Ranked.of(outcome, outcome.prediction)
    first = (ranked.rank < outcome.k).astype(np.float64)
    hits = ranked.total(ranked.relevant * ranked.tied_mean(first))
    return _mean_defined(hits / np.minimum(ranked.sizes, outcome.k), weights)


def hit_rate(outcome: Outcome, weights: Floats) -> Floats:
    """Give the share of groups with a relevant row among the first k."""
    return _mean_defined((_first_hits(outcome) < outcome.k).astype(np.float64), weights)


def mean_reciprocal_rank(outcome: Outcome, weights: Floats) -> Floats:
    """Give the mean of one by the rank of the first relevant row."""
    first = _first_hits(outcome)
    return _mean_defined(np.where(np.isfinite(first), 1 / (first + 1), np.nan), weights)


def mean_average_precision(outcome: Outcome, weights: Floats) -> Floats:
    """Give the mean of each group's precision averaged over its relevant rows."""
    ranked = _Ranked.of(outcome, outcome.prediction)
    found = np.cumsum(ranked.relevant)
    found -= np.repeat((found - ranked.relevant)[ranked.starts], ranked.sizes)
    last = np.r_[ranked.ties[1:], len(found)] - 1  # rows of one score are found together
    exact = np.repeat(found[last] / (ranked.rank[last] + 1), ranked.tied)
    total = ranked.total(ranked.relevant)
    return _mean_defined(_share(ranked.total(ranked.relevant * exact), total), weights)


@dataclass(frozen=True, eq=False)
class _Ranked:
    """Rows by group, and in each by score, the highest first, of one score the least relevant first.

    Attributes:
        truth: How relevant each row is.
        rank: From 0, in its group.
        starts: Where groups begin.
        sizes: Of groups.
        ties: Where rows of one score in one group begin.
        tied: How many those are.
    """

    truth: Floats
    rank: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    ties: NDArray[np.int64]
    tied: NDArray[np.int64]

    @classmethod
    def of(cls, outcome: Outcome, by: NDArray[Any]) -> "_Ranked":
        assert outcome.groups is not None
        order = np.lexsort((outcome.truth, -by, outcome.groups))
        groups, scores = outcome.groups[order], by[order]
        is_first = np.r_[True, groups[1:] != groups[:-1]]
        starts = np.flatnonzero(is_first)
        sizes = np.diff(np.r_[starts, len(order)])
        ties = np.flatnonzero(is_first | np.r_[True, scores[1:] != scores[:-1]])
        tied = np.diff(np.r_[ties, len(order)])
        rank = np.arange(len(order)) - np.repeat(starts, sizes)
        return cls(outcome.truth[order].astype(np.float64), rank, starts, sizes, ties, tied)

    @property
    def relevant(self) -> Floats:
        return (self.truth > 0).astype(np.float64)

    def total(self, values: Floats) -> Floats:
        """Add up rows in each group."""
        result: Floats = np.add.reduceat(values, self.starts)
        return result

    def tied_mean(self, values: Floats) -> Floats:
        """Give each row the mean of those with its score."""
        return np.repeat(np.add.reduceat(values, self.ties) / self.tied, self.tied)


def _discount(rank: NDArray[np.int64], k: int) -> Floats:
    return np.where(rank < k, 1 / np.log2(rank + 2), 0.0)


def _first_hits(outcome: Outcome) -> Floats:
    """Return the rank of the first relevant row of each group, from 0; infinite where there is none."""
    ranked = _Ranked.of(outcome, outcome.prediction)
    return np.minimum.reduceat(np.where(ranked.truth > 0, ranked.rank, np.inf), ranked.starts)


def _share(part: Floats, whole: Floats) -> Floats:
    result: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return result


def _mean_defined(values: Floats, weights: Floats) -> Floats:
    """Return the mean over groups that have a value, NaN for draws without such a group."""
    known = np.isfinite(values)
    total = weights @ known
    above = weights @ np.where(known, values, 0.0)
    result: Floats = np.divide(above, total, out=np.full(len(weights), np.nan), where=total > 0)
    return result
