"""How far live inputs and outputs moved from those of the training data."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gitmodel.evaluation.intervals import Estimate
from gitmodel.evaluation.shifts import shifts

if TYPE_CHECKING:
    import pandas as pd

OUTPUT = "output"
SAMPLE = 10_000  # rows of either side
_LEAST = 50  # rows; of fewer, histograms are noise
_FREE = 9  # bins less one


@dataclass(frozen=True)
class Drift:
    """The population stability index by column, and the largest of what was found.

    ``metrics`` has ``drift`` (of the index), and ``drift_ks`` (of the Kolmogorov-Smirnov distance) where a
    column of numbers is in both; both are empty where there are too few rows.
    """

    columns: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, Estimate] = field(default_factory=dict)


def measure_drift(reference: "pd.DataFrame", live: "pd.DataFrame", *, without: Collection[str] = ()) -> Drift:
    """Compare the columns that both tables have.

    Args:
        reference: Rows of the training data, with the version's answers as ``output``.
        live: Rows that were asked, with the answers.
        without: Columns that cannot be compared, such as those that are kept as digests.
    """
    if min(len(reference), len(live)) < _LEAST:
        return Drift()
    shared = [name for name in reference.columns if name in live.columns and name not in without]
    found = shifts(reference[shared], live[shared])
    if not found:
        return Drift()
    noise = 1 / len(reference) + 1 / len(live)
    metrics = {"drift": _with_noise(found[0].psi, noise)}
    distances = [
        _distance(reference[name], live[name]) for name in shared if _are_numbers(reference, live, name)
    ]
    if distances:
        half = 1.36 * float(np.sqrt(noise))  # of the distribution's 95 % for the same source
        largest = max(distances)
        metrics["drift_ks"] = Estimate(largest, max(0.0, largest - half), min(1.0, largest + half))
    return Drift({each.column: each.psi for each in found}, metrics)


def _with_noise(psi: float, noise: float) -> Estimate:
    """Return an index with bounds: without drift it is distributed about as chi-square, times ``noise``."""
    spread = 1.96 * float(np.sqrt(2 * _FREE)) * noise
    return Estimate(psi, max(0.0, psi - _FREE * noise - spread), psi + spread)


def _are_numbers(reference: "pd.DataFrame", live: "pd.DataFrame", name: str) -> bool:
    kinds = [str(table[name].dtype) for table in (reference, live)]
    return all(kind.startswith(("int", "uint", "float", "Int", "Float")) for kind in kinds)


def _distance(reference: "pd.Series[float]", live: "pd.Series[float]") -> float:
    """Return the largest distance of the two distributions of what is not missing."""
    from scipy.stats import ks_2samp

    first, second = (each.dropna().to_numpy("float64") for each in (reference, live))
    if not len(first) or not len(second):
        return 0.0
    return float(ks_2samp(first, second, method="asymp").statistic)
