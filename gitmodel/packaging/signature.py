"""The signature of a model: JSON Schemas of one row that it reads and of one answer."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitmodel.artifacts import Predictor, plain_errors
from gitmodel.errors import InvalidFile
from gitmodel.packaging.serving.answers import answers, class_name
from gitmodel.packaging.serving.rows import Row, Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_EXAMPLES = 3
_SMOKE_ROWS = 3


@dataclass(frozen=True)
class Signature:
    """JSON Schemas (2020-12) of one input row and of one answer."""

    input: dict[str, Any]
    output: dict[str, Any]


@dataclass(frozen=True)
class Declared:
    """What a model's folder declares of its signature; None: to be inferred."""

    input: dict[str, Any] | None = None
    output: dict[str, Any] | None = None


def parse_schema(text: bytes, file: str) -> dict[str, Any]:
    """Read a JSON Schema file of a signature.

    Raises:
        InvalidFile: If it is not a JSON object.
    """
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise InvalidFile(f"{file} is not JSON: {error}") from error
    if not isinstance(schema, dict):
        raise InvalidFile(f"{file} is not a JSON Schema object")
    return schema


def make_signature(
    predictor: Predictor, *, frame: "pd.DataFrame | None", target: str | None, declared: Declared
) -> Signature:
    """Return the declared signature, what is absent of it inferred.

    Raises:
        InvalidFile: If a declared input is not one object of columns, or there is nothing to infer from.
    """
    given = declared.input
    if given is None:
        if frame is None:
            raise InvalidFile(
                "the model's input cannot be inferred without training data",
                hint="set `data.train` or `signature.input` in model.yaml",
            )
        given = infer_input(frame, predictor, target)
    with plain_errors():
        Rows(given)
    return Signature(given, declared.output or infer_output(predictor))


def infer_signature(frame: "pd.DataFrame", predictor: Predictor, target: str | None) -> Signature:
    """Infer a signature from training rows and the model.

    Args:
        frame: The rows that the model was trained on, with or without the target.
        predictor: The model; where it knows its columns, only those are taken.
        target: The column that is predicted.

    Raises:
        InvalidFile: If the rows lack a column that the model reads, or hold what JSON has no type for.
    """
    return make_signature(predictor, frame=frame, target=target, declared=Declared())


def infer_input(frame: "pd.DataFrame", predictor: Predictor, target: str | None) -> dict[str, Any]:
    """Return the JSON Schema of one row."""
    names = predictor.features or [str(name) for name in frame.columns if name != target]
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise InvalidFile(
            f"the training data lack the columns {', '.join(map(repr, missing))}, which the model reads",
            hint="declare `signature.input` in model.yaml",
        )
    schema: dict[str, Any] = {
        "$schema": _SCHEMA,
        "type": "object",
        "properties": {name: _column(name, frame[name]) for name in names},
        "required": list(names),
        "additionalProperties": False,
    }
    example = next(iter(example_rows(schema, frame, 1)), None)
    if example is not None:
        schema["examples"] = [example]
    return schema


def infer_output(predictor: Predictor) -> dict[str, Any]:
    """Return the JSON Schema of one answer: a prediction, for classifiers with probabilities."""
    if predictor.classes is None:
        properties: dict[str, Any] = {"prediction": {"type": "number"}}
    else:
        names = [class_name(label) for label in predictor.classes]
        chance = {"type": "number", "minimum": 0, "maximum": 1}
        properties = {
            "prediction": {"enum": list(predictor.classes)},
            "probabilities": {
                "type": "object",
                "properties": dict.fromkeys(names, chance),
                "required": names,
                "additionalProperties": False,
            },
        }
    return {
        "$schema": _SCHEMA,
        "type": "object",
        "properties": properties,
        "required": ["prediction"],
        "additionalProperties": False,
    }


def example_rows(schema: dict[str, Any], frame: "pd.DataFrame", count: int) -> list[Row]:
    """Return up to ``count`` different rows, spread over a table, of those with the fewest gaps."""
    columns = Rows(schema).columns
    part = frame[[name for name in columns if name in frame.columns]]
    full = part[part.notna().sum(axis=1) == part.notna().sum(axis=1).max()]
    spread = full.iloc[:: max(1, len(full) // count)][:count] if len(full) else full
    rows = [
        {name: _value(value, columns[name]) for name, value in zip(part.columns, row, strict=True)}
        for row in spread.astype(object).itertuples(index=False, name=None)
    ]
    return list({json.dumps(row): row for row in rows}.values())


def make_smoke(
    signature: Signature, predictor: Predictor, frame: "pd.DataFrame | None"
) -> list[dict[str, Any]]:
    """Return up to 3 rows (``input``) with the model's answer (``output``), to try a deployed service with.

    Raises:
        InvalidFile: If the model cannot predict rows that its signature allows.
    """
    rows: Sequence[Row] = signature.input.get("examples", [])
    if frame is not None:
        rows = example_rows(signature.input, frame, _SMOKE_ROWS)
    checker = Rows(signature.input)
    with plain_errors("the signature does not fit the model"):
        parsed = checker.parse(list(rows[:_SMOKE_ROWS]))
        outputs = answers(predictor, checker.frame(parsed)) if parsed else []
    return [{"input": row, "output": output} for row, output in zip(parsed, outputs, strict=True)]


def _column(name: str, values: "pd.Series[Any]") -> dict[str, Any]:
    """Return the schema of one column; several values are shown, none is forbidden."""
    from pandas.api import types

    kind = _kind(name, values)
    column: dict[str, Any] = {"type": [kind, "null"] if values.isna().any() else kind}
    if types.is_datetime64_any_dtype(values.dtype):
        column["format"] = "date-time"
    if isinstance(values.dtype, types.CategoricalDtype):
        column["x-pandas"] = "category"
    common = values.dropna().value_counts().index[:_EXAMPLES]
    column["examples"] = [_value(value, column) for value in common.astype(object)]
    return column


def _kind(name: str, values: "pd.Series[Any]") -> str:
    from pandas.api import types

    dtype = values.dtype
    if isinstance(dtype, types.CategoricalDtype):
        return _kind(name, values.cat.categories.to_series())
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype):
        return "integer"
    if types.is_float_dtype(dtype):
        return "number"
    if types.is_datetime64_any_dtype(dtype):
        return "string"
    found = types.infer_dtype(values, skipna=True)
    kinds = {
        "string": "string",
        "boolean": "boolean",
        "integer": "integer",
        "decimal": "number",
        "empty": "string",
    }
    if found in kinds:
        return kinds[found]
    raise InvalidFile(
        f"the training data's column {name!r} holds {found} values, which rows of JSON cannot",
        hint="convert it where the data are made, or declare `signature.input` in model.yaml",
    )


def _value(value: Any, column: dict[str, Any]) -> Any:
    """Return a value of a table as the JSON value that its column's type asks for."""
    import pandas as pd

    kinds = column.get("type", "")
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # noqa: PLR0124 - NaN
        return None
    if "integer" in kinds:
        return int(value)
    if "number" in kinds:
        return float(value)
    if "boolean" in kinds:
        return bool(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
