"""The table of encodings: how each kind of file becomes a `Predictor`."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .onnx_model import load_onnx
from .predictor import Label, Predictor
from .problem import Problem
from .scikit import load_joblib, load_skops

Loader = Callable[[Path, Iterable[str], Sequence[Label] | None], Predictor]

LOADERS: dict[str, Loader] = {"joblib": load_joblib, "onnx": load_onnx, "skops": load_skops}


def load(
    encoding: str,
    path: Path,
    *,
    trusted_types: Iterable[str] = (),
    classes: Sequence[Label] | None = None,
) -> Predictor:
    """Load an artifact.

    Args:
        encoding: A key of `LOADERS`.
        path: The file.
        trusted_types: Dotted names that the repository trusts beside the default list.
        classes: The labels of a classifier, for an encoding whose files may not tell them.

    Raises:
        Problem: If the file is missing, damaged, of another encoding, or holds types nobody trusts.
    """
    loader = LOADERS.get(encoding)
    if loader is None:
        raise Problem(
            f"artifacts of the encoding {encoding!r} cannot be loaded yet",
            hint=f"use one of {', '.join(LOADERS)}",
        )
    if not path.is_file():
        raise Problem(f"the artifact {path} does not exist", hint="train the model, or pull its files")
    return loader(path, trusted_types, classes)
