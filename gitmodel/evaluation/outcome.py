"""What a model answered for labelled rows, in the form that metrics need."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a model answered for n labelled rows, in the form that metrics need.

    For classes, ``truth`` and ``prediction`` (n,) are numbers of labels, ``labels`` how many there are,
    ``positive`` the positive one of two, ``probabilities`` (n, classes) or None. For numbers, they are
    the numbers themselves. For rankings too: how relevant a row is and what it is ranked by; ``groups``
    (n,) numbers what is ranked together, from 0, and ``k`` is how many of the first count.
    """

    truth: NDArray[Any]
    prediction: NDArray[Any]
    labels: int = 0
    positive: int | None = None
    probabilities: Floats | None = None
    groups: NDArray[np.int64] | None = None
    k: int = 10

    @property
    def units(self) -> int:
        """How many there are of what is drawn: rows, or groups of rows."""
        return len(self.truth) if self.groups is None else int(self.groups.max()) + 1

    def part(self, units: NDArray[np.int64]) -> "Outcome":
        """Return the outcome of some units, given by ascending number."""
        rows, groups = units, None
        if self.groups is not None:
            rows = np.flatnonzero(np.isin(self.groups, units))
            groups = np.searchsorted(units, self.groups[rows])
        sure = self.probabilities
        return replace(
            self,
            truth=self.truth[rows],
            prediction=self.prediction[rows],
            probabilities=None if sure is None else sure[rows],
            groups=groups,
        )
