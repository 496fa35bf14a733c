"""How much the distribution of columns moved between two tables."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_BINS = 10
_CATEGORIES = 30
_LEAST = 1e-4  # share of a bin that is empty
_SAMPLE = 50_000


@dataclass(frozen=True)
class ColumnShift:
    """A column, its population stability index, and what is typical of it before and after, in words.

    By custom an index below 0.1 is no shift to speak of, above 0.25 a large one.
    """

    column: str
    psi: float
    before: str
    after: str


def shifts(before: "pd.DataFrame", after: "pd.DataFrame", *, seed: int = 0) -> list[ColumnShift]:
    """Compare the columns that two tables share, those that moved most first.

    Of more than 50,000 rows a sample is taken, the same one for the same seed.

    Args:
        before: Shape (rows, columns).
        after: Shape (other rows, columns).
        seed: Of the sample.
    """
    if not len(before) or not len(after):
        return []
    first, second = (
        table.sample(_SAMPLE, random_state=seed) if len(table) > _SAMPLE else table
        for table in (before, after)
    )
    shared = [column for column in before.columns if column in after.columns]
    found = [_shift(str(column), first[column], second[column]) for column in shared]
    return sorted(found, key=lambda each: (-each.psi, each.column))


def _shift(name: str, before: "pd.Series[Any]", after: "pd.Series[Any]") -> ColumnShift:
    import pandas as pd

    if all(
        pd.api.types.is_numeric_dtype(each) and not pd.api.types.is_bool_dtype(each)
        for each in (before, after)
    ):
        return ColumnShift(name, _of_numbers(before, after), _typical(before), _typical(after))
    first, second = (each.astype("string").fillna("(missing)") for each in (before, after))
    return ColumnShift(name, _of_texts(first, second), _usual(first), _usual(second))


def _of_numbers(before: "pd.Series[Any]", after: "pd.Series[Any]") -> float:
    """Count both in bins that hold equal parts of the first, missing values in one of their own."""
    values = before.to_numpy(dtype="float64")
    values = values[np.isfinite(values)]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(values) else values

    def counts(series: "pd.Series[Any]") -> Any:
        numbers = series.to_numpy(dtype="float64")
        known = numbers[~np.isnan(numbers)]
        # A bin reaches up to its edge and holds it, so that a value that is an edge has a bin of its own.
        binned = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
        return np.append(binned, len(numbers) - len(known))

    return psi(counts(before), counts(after))


def _of_texts(before: "pd.Series[Any]", after: "pd.Series[Any]") -> float:
    names = before.value_counts().index[:_CATEGORIES]

    def counts(series: "pd.Series[Any]") -> Any:
        of_each = series.value_counts().reindex(names).fillna(0).to_numpy(dtype="float64")
        return np.append(of_each, len(series) - of_each.sum())

    return psi(counts(before), counts(after))


def psi(before: Any, after: Any) -> float:
    """Return the population stability index of two histograms with the same bins.

    Args:
        before: Counts, shape (bins,); not all of them 0.
        after: Counts, shape (bins,); not all of them 0.
    """
    first, second = (np.maximum(np.asarray(each) / np.sum(each), _LEAST) for each in (before, after))
    return float(np.sum((second - first) * np.log(second / first)))


def _typical(values: "pd.Series[Any]") -> str:
    known = values.dropna()
    if known.empty:
        return "all missing"
    missing = f", {values.isna().mean():.1%} missing" if values.isna().any() else ""
    return f"median {float(known.median()):.4g}{missing}"


def _usual(values: "pd.Series[Any]") -> str:
    counts = values.value_counts(normalize=True)
    return f"{str(counts.index[0])[:30]} {counts.iloc[0]:.1%}"
