"""A folder in which MLflow saved a model: which of its files is the model, and how it is encoded.

What the folder says about trust is not read: which types may be loaded is the repository's to say.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.spec import yaml_source
from gitmodel.spec.model import Encoding
from gitmodel.spec.paths import within

DESCRIPTION = "MLmodel"
# What writes pickles that joblib reads: all formats but skops. Absent, it is `pickle`, the oldest one.
_PICKLES = ("pickle", "cloudpickle")
OWN_FLAVOR = "gitmodel"  # of what was exported from here
# Flavor, key of the file, encoding; the first one that the folder has decides.
_FLAVORS: tuple[tuple[str, str, Encoding], ...] = (
    (OWN_FLAVOR, "data", "python"),
    ("onnx", "data", "onnx"),
    ("sklearn", "pickled_model", "joblib"),
    ("xgboost", "data", "xgboost"),
    ("lightgbm", "data", "lightgbm"),
)
# What MLflow calls the types of columns.
_TYPES = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "long": {"type": "integer"},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "string": {"type": "string"},
    "datetime": {"type": "string", "format": "date-time"},
}


@dataclass(frozen=True)
class SavedModel:
    """The files of the folder by posix path, and which is the model.

    ``main`` is ``None`` where the model is not one file that can be served; ``row`` is the JSON Schema of an
    input row, where the model declares named columns.
    """

    files: Mapping[str, Path]
    main: str | None
    encoding: Encoding
    flavor: str
    row: dict[str, Any] | None = None


def read_saved(folder: Path) -> SavedModel:
    """Read a folder.

    Raises:
        InvalidFile: If it is no model of MLflow, or has files that lie elsewhere.
    """
    if not (folder / DESCRIPTION).is_file():
        raise InvalidFile(f"it is no model of MLflow: there is no file {DESCRIPTION}")
    files = {file.relative_to(folder).as_posix(): file for file in _files(folder)}
    document = _document(files[DESCRIPTION])
    flavors = _mapping(document.get("flavors"))
    for flavor, key, encoding in _FLAVORS:
        found = flavors.get(flavor)
        main = _inside(found.get(key)) if isinstance(found, dict) else None
        if isinstance(found, dict) and main in files:
            return SavedModel(files, main, _encoding(flavor, found, encoding), flavor, _row(document))
    named = next((str(flavor) for flavor in flavors if flavor != "python_function"), "python_function")
    return SavedModel(files, None, "python", named)


def _files(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise InvalidFile(f"{path.relative_to(folder)} is a link, which may lead anywhere")
        if path.is_file():
            found.append(path)
    return found


def _document(file: Path) -> dict[str, Any]:
    try:
        return _mapping(yaml_source.parse(file.read_bytes(), DESCRIPTION).data)
    except (GitmodelError, OSError) as error:
        raise InvalidFile(f"its {DESCRIPTION} cannot be read: {error}") from error


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _inside(path: object) -> str | None:
    """Return a path of a file in the folder; ``None`` where it leads out of it."""
    try:
        return within("", path) if isinstance(path, str) else None
    except InvalidFile:
        return None


def _encoding(flavor: str, found: Mapping[str, Any], otherwise: Encoding) -> Encoding:
    """Return the encoding of a flavor that has several."""
    if flavor == OWN_FLAVOR:
        return next((known for known in get_args(Encoding) if known == found.get("encoding")), otherwise)
    if flavor == "sklearn" and found.get("serialization_format", "pickle") not in _PICKLES:
        return "skops"
    return otherwise


def _row(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a row; ``None`` where there is none, or one of other things than named columns."""
    try:
        columns = json.loads(_mapping(document.get("signature"))["inputs"])
        types = {str(column["name"]): dict(_TYPES[column["type"]]) for column in columns}
        required = [str(column["name"]) for column in columns if column.get("required", True)]
    except (KeyError, TypeError, ValueError):
        return None
    return {"type": "object", "properties": types, "required": required} if types else None
