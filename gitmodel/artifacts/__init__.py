"""Artifacts of training, loaded as predictors whatever their encoding."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gitmodel.artifacts.portable.predictor import Label, Predictor
from gitmodel.artifacts.portable.problem import Problem
from gitmodel.errors import InvalidFile

__all__ = ["Label", "Predictor", "load", "plain_errors"]


@contextmanager
def plain_errors(subject: str = "") -> Iterator[None]:
    """Turn a `Problem` of the portable modules into an `InvalidFile`, naming its subject."""
    try:
        yield
    except Problem as error:
        text = f"{subject}: {error.message}" if subject else error.message
        raise InvalidFile(text, hint=error.hint) from error


def load(
    encoding: str,
    path: Path,
    *,
    trusted_types: Sequence[str] = (),
    classes: Sequence[Label] | None = None,
) -> Predictor:
    """Load an artifact file.

    Args:
        encoding: ``joblib``, ``skops`` or ``onnx``.
        path: The file.
        trusted_types: What ``gitmodel.yaml`` trusts beside the fixed list of scikit-learn's internals.
        classes: The labels, for an ONNX file that does not tell them.

    Raises:
        InvalidFile: If it cannot be loaded; the message says why and what to do.
    """
    from gitmodel.artifacts.portable import encodings

    with plain_errors():
        return encodings.load(encoding, path, trusted_types=trusted_types, classes=classes)
