"""Artifacts of scikit-learn, as joblib and skops files."""

import inspect
import math
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .predictor import Label, Predictor, select
from .problem import Problem
from .trusted import TRUSTED_TYPES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_NAMED_IN_A_MESSAGE = 12


def load_joblib(path: Path, trusted_types: Iterable[str], classes: Sequence[Label] | None) -> Predictor:
    """Load a joblib file. That is a pickle: it runs what it says, so only trusted training may write it."""
    del trusted_types, classes
    import joblib

    try:
        model = joblib.load(path)
    except ModuleNotFoundError as error:
        raise Problem(
            f"{path.name} needs the Python module {error.name!r}, which is not installed",
            hint="install it, or train with classes of installed packages only",
        ) from error
    except Exception as error:  # a pickle can raise whatever it likes
        raise _unreadable(path, "joblib", error) from error
    return ScikitPredictor(model, path.name)


def load_skops(path: Path, trusted_types: Iterable[str], classes: Sequence[Label] | None) -> Predictor:
    """Load a skops file, refusing types that neither the default list nor the repository trusts."""
    del classes
    import skops.io

    trusted = [*TRUSTED_TYPES, *trusted_types]
    try:
        unknown = sorted(set(skops.io.get_untrusted_types(file=path)) - set(trusted))
        model = None if unknown else skops.io.load(path, trusted=trusted)
    except Exception as error:  # a damaged archive fails in many ways
        raise _unreadable(path, "skops", error) from error
    if unknown:
        raise _untrusted(path, unknown)
    return ScikitPredictor(model, path.name)


def _untrusted(path: Path, unknown: list[str]) -> Problem:
    shown = ", ".join(unknown[:_NAMED_IN_A_MESSAGE])
    more = f" and {len(unknown) - _NAMED_IN_A_MESSAGE} more" if len(unknown) > _NAMED_IN_A_MESSAGE else ""
    return Problem(
        f"{path.name} holds types that are not trusted: {shown}{more}",
        hint="if you know them to be harmless, add them to `trusted_types` in gitmodel.yaml",
    )


def _unreadable(path: Path, encoding: str, error: Exception) -> Problem:
    words = str(error).strip().splitlines() or [type(error).__name__]
    return Problem(
        f"{path.name} cannot be loaded as {encoding}: {words[0]}",
        hint="check `artifact.encoding` in model.yaml, and that training used the same scikit-learn",
    )


class ScikitPredictor:
    """A fitted scikit-learn estimator or pipeline (see `Predictor`)."""

    def __init__(self, model: Any, name: str = "the artifact") -> None:
        if not hasattr(model, "predict"):
            kind = type(model).__name__
            raise Problem(
                f"{name} holds a {kind}, which cannot predict",
                hint="save the fitted estimator or pipeline itself",
            )
        self._reads_text = _reads_text(model)
        names = None if self._reads_text else getattr(model, "feature_names_in_", None)
        self.features: tuple[str, ...] | None = None if names is None else tuple(map(str, names))
        labels = getattr(model, "classes_", None) if _is_classifier(model) else None
        self.classes: tuple[Label, ...] | None = None if labels is None else _labels(labels, name)
        self._final = _final(model)
        self._prepare, self._model = _split(model)

    @property
    def algo(self) -> str:
        """The class of the last step."""
        return type(self._final).__name__

    @property
    def parameters(self) -> dict[str, Any]:
        """Those hyperparameters of the last step that differ from its defaults."""
        defaults = inspect.signature(type(self._final).__init__).parameters
        values = self._final.get_params(deep=False) if hasattr(self._final, "get_params") else {}
        return {
            name: value
            for name, value in sorted(values.items())
            if _is_json(value) and not (name in defaults and _same(defaults[name].default, value))
        }

    def predict(self, frame: "pd.DataFrame") -> "np.ndarray[Any, Any]":
        """Predict rows; shape (n,)."""
        return self._predict(self._input(frame))

    def probabilities(self, frame: "pd.DataFrame") -> "pd.DataFrame | None":
        """Give the probability of each class; None where the estimator has no ``predict_proba``."""
        return self._probabilities(self._input(frame), frame) if self._has_probabilities else None

    def answer(self, frame: "pd.DataFrame") -> "tuple[np.ndarray[Any, Any], pd.DataFrame | None]":
        """Return both."""
        prepared = self._input(frame)
        chances = self._probabilities(prepared, frame) if self._has_probabilities else None
        return self._predict(prepared), chances

    @property
    def _has_probabilities(self) -> bool:
        return self.classes is not None and hasattr(self._model, "predict_proba")

    def _predict(self, prepared: Any) -> "np.ndarray[Any, Any]":
        import numpy as np

        answer = np.asarray(self._model.predict(prepared))
        if answer.ndim == 2 and answer.shape[1] == 1:  # noqa: PLR2004 - one column of answers
            answer = answer[:, 0]
        if answer.ndim != 1:
            raise Problem("the model predicts several values a row; only one is supported")
        return answer

    def _probabilities(self, prepared: Any, frame: "pd.DataFrame") -> "pd.DataFrame":
        import pandas as pd

        values = self._model.predict_proba(prepared)
        return pd.DataFrame(values, columns=list(self.classes or ()), index=frame.index)

    def _input(self, frame: "pd.DataFrame") -> Any:
        taken = self._taken(frame)
        return taken if self._prepare is None else self._prepare.transform(taken)

    def _taken(self, frame: "pd.DataFrame") -> Any:
        if self._reads_text:
            if frame.shape[1] != 1:
                raise Problem(
                    f"the model reads one column of text, and the rows have {frame.shape[1]} columns",
                    hint="give rows of one column, or declare `signature.input` in model.yaml",
                )
            return frame.iloc[:, 0]
        chosen = select(frame, self.features)
        return chosen if self.features is not None else chosen.to_numpy()


def _final(model: Any) -> Any:
    """Unwrap pipelines and searches down to the estimator that predicts."""
    while True:
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "steps"):
            model = model.steps[-1][1]
        else:
            return model


def _split(model: Any) -> tuple[Any, Any]:
    """Return the steps that prepare rows, None where there are none, and the one that predicts."""
    model = getattr(model, "best_estimator_", model)
    if len(getattr(model, "steps", ())) > 1 and hasattr(model.steps[-1][1], "predict"):
        return model[:-1], model.steps[-1][1]
    return None, model


def _reads_text(model: Any) -> bool:
    """Say whether the first step is a vectorizer, which reads a sequence of texts and not a table."""
    while True:
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif hasattr(model, "steps"):
            model = model.steps[0][1]
        else:
            return hasattr(model, "build_analyzer")


def _is_classifier(model: Any) -> bool:
    from sklearn.base import is_classifier

    with warnings.catch_warnings():  # duck-typed estimators have no tags, and older ones no new tags
        warnings.simplefilter("ignore")
        try:
            return bool(is_classifier(model))
        except (AttributeError, TypeError):
            return hasattr(model, "classes_")


def _labels(labels: Any, name: str) -> tuple[Label, ...]:
    if isinstance(labels, list):  # one array of labels an output
        raise Problem(f"{name} predicts several values a row; only one is supported")
    return tuple(labels.tolist())


def _is_json(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(entry) for key, entry in value.items())
    return value is None or isinstance(value, str | int)


def _same(default: object, value: object) -> bool:
    return type(default) is type(value) and default == value
