"""How far two samples lie apart, and how likely that is by chance."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

_CATEGORIES = 20
_ALIKE = 0.1  # standard deviations of the old version's answers


def more_often(events: int, of: int, others: int, of_others: int) -> float:
    """Return how likely at least so many events fall on the first of two groups by chance (Fisher's test)."""
    if not of or not of_others:
        return 1.0
    total, all_events = of + of_others, events + others
    whole = _choose(total, all_events)
    most = min(all_events, of)
    return min(
        1.0,
        sum(
            math.exp(_choose(of, count) + _choose(of_others, all_events - count) - whole)
            for count in range(events, most + 1)
        ),
    )


def at_least(events: int, of: int, part: float) -> float:
    """Return how likely at least so many events are where each happens with that likelihood."""
    if events <= of * part:
        return 1.0  # about as many as expected; how likely exactly does not matter
    if part <= 0:
        return 0.0
    logs = (
        _choose(of, count) + count * math.log(part) + (of - count) * math.log1p(-part)
        for count in range(events, of + 1)
    )
    return min(1.0, math.fsum(math.exp(each) for each in logs))


def _choose(of: int, count: int) -> float:
    if not 0 <= count <= of:
        return -math.inf
    return math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)


def larger(values: Sequence[float], others: Sequence[float]) -> float:
    """Return how likely the first are that much larger than the others by chance."""
    from scipy.stats import mannwhitneyu

    if {*values, *others} <= {0.0, 1.0}:
        return more_often(int(sum(values)), len(values), int(sum(others)), len(others))
    return float(mannwhitneyu(values, others, alternative="greater").pvalue)


def shift(old: Sequence[Any], new: Sequence[Any]) -> tuple[float, float]:
    """Return which part of a distribution (0..1) lies elsewhere in another, and how likely by chance.

    Many different numbers: the Kolmogorov-Smirnov distance. All else: half of the sum of the differences
    of the shares of each value, the rare ones taken together.
    """
    from scipy.stats import chi2_contingency, ks_2samp

    if _are_numbers((*old, *new)) and len({*old, *new}) > _CATEGORIES:
        found = ks_2samp(old, new, method="asymp")
        return float(found.statistic), float(found.pvalue)
    first, second = (Counter(map(str, values)) for values in (old, new))
    common = [name for name, _ in (first + second).most_common(_CATEGORIES)]
    table = [[*(each[name] for name in common)] for each in (first, second)]
    for row, values in zip(table, (old, new), strict=True):
        row.append(len(values) - sum(row))
    kept = [pair for pair in zip(*table, strict=True) if sum(pair)]
    distance = sum(abs(a / len(old) - b / len(new)) for a, b in kept) / 2
    if len(kept) == 1:
        return distance, 1.0
    return distance, float(chi2_contingency(list(zip(*kept, strict=True))).pvalue)


def unlike(pairs: Sequence[tuple[Any, Any]]) -> int:
    """Return how many pairs are two answers; numbers are one where they are close, as their spread goes."""
    old = [first for first, _ in pairs]
    numbers = _are_numbers([value for pair in pairs for value in pair]) and any(
        isinstance(value, float) for value in old
    )
    near = _ALIKE * statistics.pstdev(old) if numbers else 0.0
    return sum(abs(first - second) > near if numbers else first != second for first, second in pairs)


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
