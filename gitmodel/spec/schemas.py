"""The JSON Schemas that ship with gitmodel, and what the package ``jsonschema`` finds against them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gitmodel import resources
from gitmodel.spec.problems import Path as Place

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Name = Literal["model", "environment", "gitmodel", "metrics-record", "export", "review"]
Schema = Mapping[str, Any]

# Of several things that are wrong with one value the first of these is told; the others follow from it.
_FIRST = ("type", "enum")


@dataclass(frozen=True)
class Violation:
    """A value that its schema does not allow: where, which keyword of which schema says so."""

    path: Place
    keyword: str
    schema: Schema
    value: Any
    about: str = ""  # the key that is unknown or missing


def schema_path(name: Name) -> Path:
    """Return the file of the schema with that name."""
    return resources.folder("schemas") / f"{name}.schema.json"


@lru_cache
def load_schema(name: Name) -> Schema:
    """Return the schema with that name, as parsed JSON; not to be changed."""
    schema: Schema = json.loads(schema_path(name).read_bytes())
    return schema


def violations(name: Name, data: Any) -> list[Violation]:
    """Return what the schema with that name does not allow in the data, in the data's order."""
    root = load_schema(name)
    found: dict[Place, Violation] = {}
    for error in sorted(_validator(name).iter_errors(data), key=_rank):
        for violation in _read(error, root):
            found.setdefault(violation.path, violation)
    return sorted(found.values(), key=lambda violation: _position(violation.path, data))


@lru_cache
def _validator(name: Name) -> "Validator":
    from jsonschema import Draft202012Validator, validators

    kind = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    validator: Validator = kind(load_schema(name))
    return validator


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Schema) -> "Iterator[ValidationError]":
    """Search as JSON Schema says: ``$`` is the end, not also the place before a last newline."""
    from jsonschema.exceptions import ValidationError

    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _rank(error: "ValidationError") -> int:
    keyword = str(error.validator)
    return _FIRST.index(keyword) if keyword in _FIRST else len(_FIRST)


def _read(error: "ValidationError", root: Schema) -> Iterator[Violation]:
    """Say where and what: an error about keys becomes one violation for each key."""
    path: Place = tuple(error.absolute_path)
    schema, keyword = _schema_at(root, path), str(error.validator)
    value: Any = error.instance
    known = schema.get("properties", {})
    if keyword == "additionalProperties":
        for key in value.keys() - known.keys():
            yield Violation((*path, key), keyword, schema, value[key], key)
    elif keyword == "required":
        for key in schema["required"]:
            if key not in value:
                yield Violation((*path, key), keyword, resolved(known[key], root), None, key)
    elif keyword == "dependentRequired":
        for key, needed in schema[keyword].items():
            for missing in (other for other in needed if key in value and other not in value):
                yield Violation((*path, missing), keyword, resolved(known[missing], root), None, key)
    else:
        yield Violation(path, keyword, schema, value)


def _schema_at(root: Schema, path: Place) -> Schema:
    """Return the schema of a value, with references followed."""
    schema = resolved(root, root)
    for step in path:
        inner = schema.get("items", {}) if isinstance(step, int) else schema.get("properties", {}).get(step)
        schema = resolved(schema.get("additionalProperties", {}) if inner is None else inner, root)
    return schema


def _position(path: Place, data: Any) -> list[int]:
    """Return where in the document a value stands, or where its missing key would: after the others."""
    places = []
    for step in path:
        keys = list(data) if isinstance(data, dict) else []
        if isinstance(step, int):
            places.append(step)
            data = data[step]
        elif step in keys:
            places.append(keys.index(step))
            data = data[step]
        else:
            places.append(len(keys))
    return places


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return the schema with its reference into ``$defs`` followed; what stands beside it wins."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return {**root["$defs"][reference.removeprefix("#/$defs/")], **schema}
