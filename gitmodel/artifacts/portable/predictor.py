"""What every loaded artifact can do, whichever encoding it came in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .problem import Problem

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Label = str | int | float | bool


class Predictor(Protocol):
    """A model that is ready to predict rows.

    Attributes of a classifier and of any other model differ in ``classes`` and `probabilities`, which
    are None where there are none.
    """

    @property
    def algo(self) -> str:
        """The class of the final estimator, such as ``DecisionTreeClassifier``."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Those hyperparameters of the final estimator that differ from its defaults; JSON values."""

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The labels of a classifier, in the order of `probabilities`; else None."""

    @property
    def features(self) -> tuple[str, ...] | None:
        """The columns that the model was trained on, in order, where the artifact knows them."""

    def predict(self, frame: "pd.DataFrame") -> "np.ndarray[Any, Any]":
        """Predict rows of shape (n, features); the answer has shape (n,).

        Raises:
            Problem: If the rows lack a column or the model cannot take them.
        """

    def probabilities(self, frame: "pd.DataFrame") -> "pd.DataFrame | None":
        """Give the probability of each class, shape (n, classes), one column a class label."""

    def answer(self, frame: "pd.DataFrame") -> "tuple[np.ndarray[Any, Any], pd.DataFrame | None]":
        """Return what `predict` and `probabilities` do, the rows prepared only once for both."""


def select(frame: "pd.DataFrame", features: Sequence[str] | None) -> "pd.DataFrame":
    """Return the columns that a model reads, in its order.

    Raises:
        Problem: If some are missing.
    """
    if features is None or list(frame.columns) == list(features):
        return frame
    missing = [name for name in features if name not in frame.columns]
    if missing:
        raise Problem(f"the rows lack the columns {', '.join(map(repr, missing))}, which the model reads")
    return frame[list(features)]
