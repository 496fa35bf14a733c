"""Predicting rows of a file in this process."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gitmodel.artifacts import Predictor, load, plain_errors
from gitmodel.errors import InvalidFile
from gitmodel.packaging.package import MODEL_FOLDER, Package
from gitmodel.packaging.serving.answers import Answer, answers
from gitmodel.packaging.serving.rows import Row, Rows, column_type
from gitmodel.packaging.signature import Signature

_NUMBERS: dict[str | None, type[int | float]] = {"integer": int, "number": float}
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


def read_rows(path: Path, signature: Signature) -> list[Row]:
    """Read rows from a file: CSV, a JSON object, a JSON array of objects, or JSON lines.

    Texts of a CSV file become what the signature says of their column.

    Raises:
        InvalidFile: If it cannot be read, or a row is not what the signature says: row and field are named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile(f"{path} cannot be read: {error}") from error
    if path.suffix.lower() == ".csv":
        rows: object = _from_csv(text, signature)
    else:
        rows = _from_json(text, path)
    return check_rows(rows if isinstance(rows, list) else [rows], signature, str(path))


def check_rows(rows: Sequence[object], signature: Signature, subject: str = "") -> list[Row]:
    """Check rows of JSON values by a signature.

    Raises:
        InvalidFile: Naming the first row and field that are wrong.
    """
    with plain_errors(subject):
        return Rows(signature.input).parse(list(rows))


def predict(predictor: Predictor, signature: Signature, rows: Iterable[Row]) -> list[Answer]:
    """Predict rows, giving what the service would answer.

    Raises:
        InvalidFile: If a row is not what the signature says, or the model cannot predict it.
    """
    with plain_errors():
        checker = Rows(signature.input)
        return answers(predictor, checker.frame(checker.parse(list(rows))))


def load_packaged(package: Package) -> Predictor:
    """Load the artifact of a package.

    Raises:
        InvalidFile: If it cannot be loaded.
    """
    policy = package.read("policy")
    return load(
        policy["encoding"],
        package.folder / MODEL_FOLDER / policy["artifact"],
        trusted_types=policy["trusted_types"],
        classes=policy["classes"],
    )


def _from_json(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except ValueError as whole:
        try:
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise InvalidFile(
                f"{path} is not JSON: {whole}",
                hint="give a JSON array of objects, one object a line, or a file that ends in .csv",
            ) from whole
        if not rows:
            raise InvalidFile(f"{path} holds no rows") from whole
        return rows


def _from_csv(text: str, signature: Signature) -> list[Row]:
    columns = Rows(signature.input).columns
    reader = csv.DictReader(text.splitlines(), restkey="(beyond the header)")
    return [{name: _typed(value, columns.get(name, {})) for name, value in row.items()} for row in reader]


def _typed(text: Any, column: Mapping[str, Any]) -> Any:
    """Return a text as its column's type; what does not fit stays a text, for the check to tell."""
    kind, nullable = column_type(column)
    if not text and (nullable or kind != "string"):
        return None
    if kind == "boolean" and str(text).lower() in _TRUE | _FALSE:
        return str(text).lower() in _TRUE
    if kind in _NUMBERS:
        with suppress(ValueError):
            return _NUMBERS[kind](str(text))
    return text
