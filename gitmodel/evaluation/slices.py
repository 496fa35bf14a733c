"""Groups of rows that a model does worse on than on the others: by the values of one column at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.evaluation import metrics
from gitmodel.evaluation.datasets import Dataset
from gitmodel.evaluation.intervals import interval
from gitmodel.evaluation.scoring import Scores

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = 100
_VALUES = 10  # of a column of names: those with the most rows
_BINS = 4  # of a column of numbers
_FEWEST = 30  # rows of a group; of fewer nothing can be said
_FEWEST_OF_A_CLASS = 5  # of them, unless rows are just counted
_TRIED = 12  # groups whose interval is computed
_SHOWN = 5


@dataclass(frozen=True)
class Slice:
    """Rows with a value, or a range of values, in a column; ``low`` and ``high`` bound the metric at 95 %."""

    column: str
    group: str
    rows: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Slices:
    """The groups that are surely worse than the whole, the worst first, of as many as were looked at."""

    metric: str
    value: float
    searched: int
    worst: tuple[Slice, ...]


def worst_slices(dataset: Dataset, scores: Scores, metric: str, *, higher_is_better: bool) -> Slices:
    """Return where a model fails: groups whose whole interval is worse than the metric of all rows.

    Names are grouped by value, the ten most frequent; numbers by quartile; what is missing is a group too.
    Many groups are looked at, and each interval is of that group alone: by chance one in forty looks worse.

    Args:
        dataset: The rows.
        scores: How the model did on them; not of a ranking, whose groups are the user's own.
        metric: What by.
        higher_is_better: Of that metric.

    Raises:
        InvalidFile: If the metric cannot be computed on these rows.
    """
    value, sign = scores.value(metric), 1.0 if higher_is_better else -1.0
    found: list[tuple[float, str, str, Scores]] = []
    searched = 0
    for column, group, rows in _groups(dataset.frame):
        part = replace(scores, metrics={}, outcome=scores.outcome.part(rows))
        if not _tells(metric, part):
            continue
        searched += 1
        part.metrics.update(_measured(metric, part))
        if metric in part.metrics and (part.metrics[metric] - value) * sign < 0:
            found.append((part.metrics[metric] * sign, column, group, part))
    found.sort(key=lambda each: each[0])
    slices = [_bounded(metric, column, group, part) for _, column, group, part in found[:_TRIED]]
    sure = [each for each in slices if ((each.high if sign > 0 else each.low) - value) * sign < 0]
    sure.sort(key=lambda each: each.high if sign > 0 else -each.low)
    return Slices(metric, value, searched, tuple(sure[:_SHOWN]))


def _tells(metric: str, part: Scores) -> bool:
    """Say whether a group holds enough rows of both classes: a metric of one or two of them is chance."""
    positive = part.outcome.positive
    if positive is None or metric == "accuracy":
        return True
    count = int((part.outcome.truth == positive).sum())
    return min(count, part.outcome.units - count) >= _FEWEST_OF_A_CLASS


def _measured(metric: str, part: Scores) -> dict[str, float]:
    """Return the metric of a group; nothing where it is not defined there, as of one class alone."""
    value = float(metrics.METRICS[metric](part.outcome, np.ones((1, part.outcome.units)))[0])
    return {metric: value} if np.isfinite(value) else {}


def _bounded(metric: str, column: str, group: str, part: Scores) -> Slice:
    found = interval(metric, part)
    return Slice(column, group, part.outcome.units, found.value, found.low, found.high)


def _groups(frame: "pd.DataFrame") -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """Yield the rows of each group by number, with what the group is called."""
    from pandas.api import types

    for name in frame.columns[:_COLUMNS]:
        values = frame[name]
        missing = values.isna().to_numpy()
        by_number = types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)
        groups = _bins(values) if by_number and values.nunique() > _VALUES else _values(values)
        if missing.any():
            groups = {**groups, "is missing": missing}
        for group, chosen in groups.items():
            rows = np.flatnonzero(chosen)
            if _FEWEST <= len(rows) < len(frame):
                yield str(name), group, rows


def _values(values: "pd.Series[Any]") -> dict[str, NDArray[np.bool_]]:
    common = values.value_counts().index[:_VALUES]
    return {f"is {value}": (values == value).fillna(value=False).to_numpy(dtype=bool) for value in common}


def _bins(values: "pd.Series[Any]") -> dict[str, NDArray[np.bool_]]:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    edges = np.unique(np.nanquantile(numbers, np.linspace(0, 1, _BINS + 1)))
    groups: dict[str, NDArray[np.bool_]] = {}
    for at in range(len(edges) - 1):
        low, high = edges[at], edges[at + 1]
        is_last = at == len(edges) - 2
        chosen = (numbers >= low) & ((numbers <= high) if is_last else (numbers < high))
        groups[f"from {low:.4g} to {high:.4g}" if is_last else f"from {low:.4g} to below {high:.4g}"] = chosen
    return groups
