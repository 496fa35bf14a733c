"""The JSON Schemas that ship with gitmodel, and a fast evaluation of them.

Reading a specification must not cost the import of a validator of all of JSON Schema, so the keywords
that the shipped schemas use are evaluated here; tests hold the result against the ``jsonschema`` package.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from gitmodel import resources
from gitmodel.spec.problems import Path as Place

Name = Literal["model", "environment", "gitmodel", "metrics-record"]
Schema = Mapping[str, Any]

ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})


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
    schema = load_schema(name)
    return list(_evaluate(schema, data, (), schema))


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return the schema with its reference into ``$defs`` followed; what stands beside it wins."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return {**root["$defs"][reference.removeprefix("#/$defs/")], **schema}


def _evaluate(schema: Schema, value: Any, path: Place, root: Schema) -> Iterator[Violation]:
    schema = resolved(schema, root)
    kinds = schema.get("type")
    if kinds is not None and not any(
        _is(kind, value) for kind in ([kinds] if isinstance(kinds, str) else kinds)
    ):
        yield Violation(path, "type", schema, value)
        return
    for keyword, holds in _SIMPLE.items():
        if keyword in schema and not holds(schema[keyword], value):
            yield Violation(path, keyword, schema, value)
            return
    if isinstance(value, dict):
        yield from _evaluate_object(schema, value, path, root)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _evaluate(schema.get("items", {}), item, (*path, number), root)


def _evaluate_object(schema: Schema, value: dict[str, Any], path: Place, root: Schema) -> Iterator[Violation]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", {})
    for key, inner in value.items():
        if key not in known and others is False:
            yield Violation((*path, key), "additionalProperties", schema, inner, key)
        else:
            yield from _evaluate(known.get(key, others), inner, (*path, key), root)
    for key in schema.get("required", ()):
        if key not in value:
            yield Violation((*path, key), "required", resolved(known[key], root), None, key)
    for key, needed in schema.get("dependentRequired", {}).items():
        for missing in (other for other in needed if key in value and other not in value):
            yield Violation((*path, missing), "dependentRequired", resolved(known[missing], root), None, key)
    choices = schema.get("anyOf", ())
    if choices and not any(value.keys() >= set(choice["required"]) for choice in choices):
        yield Violation(path, "anyOf", schema, value)


def _is(kind: str, value: Any) -> bool:
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[kind])


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def _matches(pattern: str, value: Any) -> bool:
    """Search as JSON Schema does, but ``$`` is the end, not also the place before a last newline."""
    return not isinstance(value, str) or re.search(pattern.replace("$", r"\Z"), value) is not None


def _unique(wanted: bool, value: Any) -> bool:  # noqa: FBT001 - a keyword's value
    texts = [json.dumps(item, sort_keys=True) for item in value] if isinstance(value, list) else []
    return not wanted or len(set(texts)) == len(texts)


def _number(value: Any) -> bool:
    return _is("number", value)


# Keywords that look at one value: does it hold? One a value is reported, the first in this order.
_SIMPLE: dict[str, Any] = {
    "enum": lambda allowed, value: any(value == item and type(value) is type(item) for item in allowed),
    "minLength": lambda least, value: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda most, value: not isinstance(value, str) or len(value) <= most,
    "pattern": _matches,
    "minimum": lambda least, value: not _number(value) or value >= least,
    "maximum": lambda most, value: not _number(value) or value <= most,
    "exclusiveMinimum": lambda bound, value: not _number(value) or value > bound,
    "exclusiveMaximum": lambda bound, value: not _number(value) or value < bound,
    "minItems": lambda least, value: not isinstance(value, list) or len(value) >= least,
    "uniqueItems": _unique,
}
KEYWORDS = ANNOTATIONS | _SIMPLE.keys() | {"$ref", "type", "items", "properties", "additionalProperties"}
KEYWORDS |= {"required", "dependentRequired", "anyOf"}
