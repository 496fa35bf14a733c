"""What a service answered and what was true, made comparable: both are texts in what was kept."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.errors import UsageError
from gitmodel.monitoring.frames import Frames
from gitmodel.monitoring.segments import SURE, as_text
from gitmodel.monitoring.subject import Subject

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers and labels of the same rows: texts, or numbers where the kind is no classification.

    ``groups`` is what rows are ranked together by, where the kind is ``ranking``.
    """

    kind: str
    prediction: NDArray[Any]
    truth: NDArray[Any]
    chances: "pd.DataFrame | None"
    groups: list[Any] | None = None


def recorded_answers(frames: Frames, rows: NDArray[np.int64], subject: Subject) -> Answers:
    """Return what was answered and what is true, of rows with labels that can be the truth."""
    table = frames.predictions.take(rows)
    sure = [
        name for name in table.column_names if name.startswith(SURE) and table[name].null_count < len(rows)
    ]
    prediction = table["prediction"].combine_chunks().to_numpy(zero_copy_only=False)
    truth = frames.label.take(rows).to_numpy(zero_copy_only=False)
    if subject.group is not None:
        return _ranked(frames, rows, subject.group, prediction, truth)
    kind = subject.kind or ("classification" if sure or not _arenumbers(prediction) else "regression")
    if kind == "regression":
        prediction, truth = numbers(prediction), numbers(truth)
        good = np.isfinite(truth)
        return Answers(kind, prediction[good], truth[good], None)
    if kind != "classification" or not sure:
        return Answers(kind, prediction, truth, None)
    chances = table.select(sure).to_pandas().fillna(0.0)
    chances.columns = _classes([name.removeprefix(SURE) for name in sure], prediction)
    truth, good = matched(truth, list(chances.columns))
    return Answers(kind, prediction[good], truth[good], chances[good])


def _ranked(
    frames: Frames, rows: NDArray[np.int64], group: str, prediction: NDArray[Any], truth: NDArray[Any]
) -> Answers:
    """Return what rows were ranked by, and how relevant they were: a click says true and means 1."""
    table = frames.predictions.take(rows)
    names = [name.removeprefix(SURE) for name in table.column_names if name.startswith(SURE)]
    score, told = numbers(prediction), relevance(truth)
    if names and _arenumbers(np.array(names)):
        sure = np.stack([table[SURE + name].fill_null(0.0).to_numpy() for name in names], axis=1)
        certain = sure.sum(axis=1) > 0  # else it is of a version that gave none
        score = np.where(certain, sure @ np.array(names, np.float64), score)
    groups = np.array(frames.input_column(rows, group), object)
    known = np.array([each is not None for each in groups], bool)
    if len(rows) and not known.any():
        hint = "leave it out of `monitor.exclude`; `monitor.hash` is fine"
        raise UsageError(f"the inputs that were kept have no {group!r}, which rows are ranked by", hint=hint)
    good = known & np.isfinite(told) & (told >= 0)
    return Answers("ranking", score[good], told[good], None, [as_text(each) for each in groups[good]])


def relevance(texts: NDArray[Any]) -> NDArray[np.float64]:
    """Return texts as numbers, and truth values as 1 and 0; what is neither becomes NaN."""
    return numbers(np.array([_TRUTH.get(text, text) for text in texts], object))


_TRUTH = {"true": "1", "false": "0"}


def _classes(names: list[str], prediction: NDArray[Any]) -> list[str]:
    """Return the keys of probabilities as predictions are written: a class 1.0 is predicted as 1."""
    seen = set(prediction)
    short = [name.removesuffix(".0") for name in names]
    return short if seen & set(short) and not seen & (set(names) - set(short)) else names


def matched(truth: NDArray[Any], classes: list[str]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return labels as classes are written, and which of them are classes; a click says true and means 1."""
    same = {name: name for name in classes}
    meant = {other: name for name, other in _SAME if name in same and other not in same} | same
    codes, words = _factorized(truth)
    known = np.array([word in meant for word in words], bool)[codes]
    return np.array([meant.get(word, word) for word in words], object)[codes], known


def is_class(text: str, classes: Collection[str]) -> bool:
    """Say whether a label is one of the classes that probabilities name; see `matched` and `_classes`."""
    meant = {text, *(other for one, other in _SAME if one == text)}
    return any(each in classes or f"{each}.0" in classes for each in meant)


_SAME = (("1", "true"), ("0", "false"), ("true", "1"), ("false", "0"))


def _factorized(values: NDArray[Any]) -> tuple[NDArray[np.int64], list[str]]:
    import pandas as pd

    codes, words = pd.factorize(values)
    return codes.astype(np.int64), list(words)


def positive_of(subject: Subject, classes: tuple[str, ...] | None) -> str | None:
    """Return the positive class as a text; of two numbers the larger, as they sort as numbers."""
    if classes is None:
        return None
    if subject.positive is not None:
        return as_text(subject.positive)
    if len(classes) == 2 and _arenumbers(np.array(classes)):  # noqa: PLR2004 - binary
        return max(classes, key=float)
    return None


def _arenumbers(texts: NDArray[Any]) -> bool:
    try:
        np.unique(texts.astype(str)).astype(np.float64)
    except ValueError:
        return False
    return True


def numbers(texts: NDArray[Any]) -> NDArray[np.float64]:
    """Return texts as numbers; what is none becomes NaN, and is told by the scoring."""
    import pandas as pd

    return pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(np.float64)


@dataclass(frozen=True, eq=False)
class Recorded:
    """A predictor whose answers were recorded while it served: it gives them again, in their order."""

    prediction: NDArray[Any]
    chances: "pd.DataFrame | None" = None
    algo: str = ""
    features: tuple[str, ...] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """Nothing is known of them."""
        return {}

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes, as texts, where probabilities were recorded."""
        return None if self.chances is None else tuple(map(str, self.chances))

    def predict(self, frame: "pd.DataFrame") -> NDArray[Any]:  # noqa: ARG002 - the answers are known
        """Return what was predicted."""
        return self.prediction

    def probabilities(self, frame: "pd.DataFrame") -> "pd.DataFrame | None":  # noqa: ARG002 - as above
        """Return how sure it was."""
        return self.chances

    def answer(self, frame: "pd.DataFrame") -> "tuple[NDArray[Any], pd.DataFrame | None]":  # noqa: ARG002
        """Return both."""
        return self.prediction, self.chances
