"""Rows of JSON, checked by the signature and turned into the table that a model reads.

The signature is a JSON Schema of one row: an object of columns. Of JSON Schema it may use what is in
`COLUMN_KEYWORDS`; a keyword that would silently not be checked is refused.
"""

import difflib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, Optional

from ...artifacts.portable.problem import Problem  # noqa: TID252 - the same place in a package

if TYPE_CHECKING:
    import pandas as pd
    from pydantic import TypeAdapter

Row = dict[str, Any]

ROW_KEYWORDS = frozenset({"type", "properties", "required", "additionalProperties", "examples"})
_BOUNDS = {
    "minimum": "ge",
    "maximum": "le",
    "exclusiveMinimum": "gt",
    "exclusiveMaximum": "lt",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
}
COLUMN_KEYWORDS = frozenset({"type", "enum", "format", "default", "examples", *_BOUNDS})
_NOTES = frozenset({"$schema", "$id", "$comment", "title", "description", "deprecated"})
_TYPES = ("integer", "number", "string", "boolean")
_INT64 = {"ge": -(2**63), "le": 2**63 - 1}
_SHOWN = 20
DATES = frozenset({"date", "date-time"})


class InvalidRows(Problem):
    """Rows that the signature refuses; ``errors`` says where, as objects of row, field and problem."""

    def __init__(self, errors: Sequence[Mapping[str, Any]], count: int) -> None:
        first = errors[0]
        place = f"row {first['row']}, " if first["row"] is not None else ""
        field = f"{first['field']}: " if first["field"] else ""
        more = f" (and {count - 1} more)" if count > 1 else ""
        super().__init__(f"{place}{field}{first['problem']}{more}")
        self.errors = list(errors)


class Rows:
    """The checker of rows of one signature."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        check_schema(schema)
        self.schema = schema
        self.columns: dict[str, dict[str, Any]] = {
            name: {} if column is True else dict(column) for name, column in schema["properties"].items()
        }

    def parse(self, body: object) -> list[Row]:
        """Return the rows of a JSON value: one object, or an array of objects.

        Raises:
            InvalidRows: If one is not what the signature says.
        """
        from pydantic import ValidationError

        many = isinstance(body, list)
        rows = body if isinstance(body, list) else [body]
        try:
            return self._adapter.validate_python(rows)
        except ValidationError as error:
            whole = _whole_numbers(rows, self.columns)
            if whole is not None:
                return self.parse(whole if many else whole[0])
            raise self._invalid(error, many=many) from None

    def frame(self, rows: Sequence[Row]) -> "pd.DataFrame":
        """Return checked rows as a table: a column a property, in the order of the signature."""
        import pandas as pd

        return pd.DataFrame({name: _column(name, column, rows) for name, column in self.columns.items()})

    @cached_property
    def _adapter(self) -> "TypeAdapter[list[Row]]":
        import typing_extensions  # its TypedDict is the one that pydantic takes before Python 3.12
        from pydantic import ConfigDict, TypeAdapter

        required = set(self.schema.get("required", ()))
        fields: dict[str, Any] = {
            name: _annotation(column) if name in required else NotRequired[_annotation(column)]
            for name, column in self.columns.items()
        }
        make: Any = typing_extensions.TypedDict  # any text may name a column, so it is made, not written
        row = make("Row", fields)
        extra: Literal["forbid", "ignore"] = "ignore" if self.schema.get("additionalProperties") else "forbid"
        row.__pydantic_config__ = ConfigDict(strict=True, extra=extra, regex_engine="python-re")
        adapter: TypeAdapter[list[Row]] = TypeAdapter(list[row])  # type: ignore[valid-type]
        return adapter

    def _invalid(self, error: Any, *, many: bool) -> InvalidRows:
        found = error.errors(include_url=False, include_context=False)
        told = [self._told(entry, many=many) for entry in found[:_SHOWN]]
        return InvalidRows(told, len(found))

    def _told(self, entry: Mapping[str, Any], *, many: bool) -> dict[str, Any]:
        row, *path = entry["loc"]
        field = str(path[0]) if path else None
        if entry["type"] == "missing":
            problem = "is missing"
        elif entry["type"] == "extra_forbidden" and field is not None:
            near = difflib.get_close_matches(field, self.columns, 1)
            problem = "is not a field of the model" + (f"; did you mean {near[0]!r}?" if near else "")
        elif field is None:
            problem = f"must be an object of the model's fields, not {_shown(entry['input'])}"
        else:
            words = entry["msg"].replace("Input should be", "must be")
            problem = f"{words}, not {_shown(entry['input'])}"
        return {"row": row if many else None, "field": field, "problem": problem}


def check_schema(schema: Mapping[str, Any]) -> None:
    """Make sure that a signature's input uses only what is checked.

    Raises:
        Problem: If it does not describe one object of columns, or uses a keyword nobody checks.
    """
    if schema.get("type") != "object" or not schema.get("properties"):
        raise Problem("the signature's input must be of type object and have properties, one a column")
    _only(schema, ROW_KEYWORDS, "the signature's input")
    for name, column in schema["properties"].items():
        if column is True:
            continue
        if not isinstance(column, Mapping):
            raise Problem(f"the signature's column {name!r} must be an object")
        _only(column, COLUMN_KEYWORDS, f"the signature's column {name!r}")
        base, _ = column_type(column)
        if base is None and "enum" not in column:
            raise Problem(
                f"the signature's column {name!r} must have one type (null may stand beside it)",
                hint=f"types are {', '.join(_TYPES)}",
            )


def column_type(column: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Return a column's type, None where it has not exactly one, and whether it may be null."""
    given = column.get("type", [])
    types = [given] if isinstance(given, str) else list(given)
    if "enum" in column and not types:
        return None, None in column["enum"]
    plain = [name for name in types if name != "null"]
    return (plain[0] if len(plain) == 1 and plain[0] in _TYPES else None), "null" in types


def _only(schema: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    unknown = [key for key in schema if key not in known | _NOTES and not key.startswith("x-")]
    if unknown:
        raise Problem(
            f"{place} uses {', '.join(map(repr, unknown))}, which is not checked",
            hint=f"use only {', '.join(sorted(known))}",
        )


def _annotation(column: Mapping[str, Any]) -> Any:
    if not column:
        return Any
    from pydantic import Field

    base, nullable = column_type(column)
    bounds = {_BOUNDS[key]: value for key, value in column.items() if key in _BOUNDS}
    if "enum" in column:
        kind: Any = Literal[tuple(column["enum"])]
    elif base == "integer":
        kind = Annotated[int, Field(**{**_INT64, **bounds})]
    elif base == "number":
        kind = Annotated[float, Field(allow_inf_nan=False, **bounds)]
    else:
        plain = bool if base == "boolean" else str
        kind = Annotated[plain, Field(**bounds)]
    return Optional[kind] if nullable else kind  # noqa: UP045 - a value, not an annotation


def _whole_numbers(rows: Sequence[object], columns: Mapping[str, Mapping[str, Any]]) -> list[object] | None:
    """Return the rows with 5.0 as 5 in columns of integers, as JSON Schema has it; None if none changes."""
    integers = [name for name, column in columns.items() if column_type(column)[0] == "integer"]
    changed = False
    result: list[object] = []
    for row in rows:
        if isinstance(row, dict):
            whole = {
                name: int(row[name])
                for name in integers
                if isinstance(row.get(name), float) and row[name].is_integer()
            }
            changed |= bool(whole)
            result.append({**row, **whole})
        else:
            result.append(row)
    return result if changed else None


def _column(name: str, column: Mapping[str, Any], rows: Sequence[Row]) -> Any:
    import numpy as np
    import pandas as pd

    values = [row.get(name, column.get("default")) for row in rows]
    base, _ = column_type(column)
    if column.get("x-pandas") == "category":
        return pd.Categorical(values)
    if column.get("format") in DATES:
        try:
            return pd.to_datetime(pd.Series(values, dtype=object), format="ISO8601")
        except ValueError as error:
            raise Problem(f"{name}: {error}") from error
    whole = base in {"integer", "boolean"} and None not in values
    if whole:
        return np.array(values, dtype="int64" if base == "integer" else "bool")
    if base in {"integer", "number"}:
        return np.array(values, dtype="float64")
    if base == "string":
        return _texts(values)
    return pd.Series(values, dtype=object)


def _texts(values: list[Any]) -> Any:
    import numpy as np
    import pandas as pd

    modern = int(pd.__version__.partition(".")[0]) >= 3  # noqa: PLR2004 - texts have a dtype of their own
    filled = [np.nan if value is None else value for value in values]
    return pd.Series(filled, dtype="str" if modern else object)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."  # noqa: PLR2004 - fits a line
