"""Lay the files of a version out as MLflow saves a model."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitmodel.exchange.mlflow_model import DESCRIPTION, OWN_FLAVOR
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.training import fetch_file, fetch_folder
from gitmodel.training.lock import tracked

_PYTHON = "python_function"


def lay_out(repo: Repository, version: Version, folder: Path) -> None:
    """Copy the files of a version into a folder, with the description that MLflow wants.

    What came from MLflow leaves as it came. Other artifacts get the flavors that can load them; none says
    what may be trusted.

    Args:
        repo: The repository.
        version: A version whose tag names its artifact.
        folder: An empty folder.

    Raises:
        GitmodelError: If its files cannot be had.
    """
    artifact = version.facts.artifact
    assert artifact is not None
    whole = tracked(repo, version.commit, artifact.path)
    if whole is not None and whole.is_folder:
        files = fetch_folder(repo, version.commit, whole.path)
        if DESCRIPTION in files:
            _copy(files, folder)
            return
    file = fetch_file(repo, version.commit, artifact.path)
    _copy({file.name: file}, folder)
    _describe(folder, file.name, version.facts.encoding or "")


def _copy(files: Mapping[str, Path], folder: Path) -> None:
    for name, file in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)


def _describe(folder: Path, name: str, encoding: str) -> None:
    """Write the description of a single file."""
    from mlflow.models import Model

    model = Model()
    model.add_flavor(OWN_FLAVOR, data=name, encoding=encoding)
    for flavor, values in _flavors(name).get(encoding, {}).items():
        model.add_flavor(flavor, **values)
    model.save(str(folder / DESCRIPTION))


def _flavors(name: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return by encoding what lets MLflow itself load the file; of joblib's pickles it reads none."""
    return {
        "skops": {
            "sklearn": {"pickled_model": name, "serialization_format": "skops", "skops_trusted_types": None},
            _PYTHON: {
                "loader_module": "mlflow.sklearn",
                "model_path": name,
                "predict_fn": "predict",
                "env": {},
            },
        },
        "onnx": {
            "onnx": {"data": name, "providers": ["CPUExecutionProvider"]},
            _PYTHON: {"loader_module": "mlflow.onnx", "data": name, "env": {}},
        },
    }
