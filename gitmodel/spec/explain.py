"""Say in words what a schema does not allow: what was found, what is allowed, what was probably meant."""

import json
from typing import Any

from gitmodel.spec.problems import Problem, described, did_you_mean, nearest, one_of
from gitmodel.spec.schemas import Name, Schema, Violation, load_schema, resolved, violations
from gitmodel.spec.yaml_source import Document

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "nothing",
}
_BOUNDS = {
    "minimum": "of at least",
    "maximum": "of at most",
    "exclusiveMinimum": "greater than",
    "exclusiveMaximum": "less than",
}
_MISSING = ("required", "dependentRequired")
_TITLED = (*_BOUNDS, *_MISSING, "pattern", "type", "minLength")


def schema_problems(name: Name, document: Document) -> list[Problem]:
    """Return what the schema with that name does not allow in the document."""
    root = load_schema(name)
    found = violations(name, document.data)
    meant = {(*each.path[:-1], _meant(each)) for each in found if each.keyword == "additionalProperties"}
    # A key that is only spelt wrong is one mistake, not also a key that is missing.
    told = (each for each in found if each.keyword not in _MISSING or each.path not in meant)
    return sorted((_problem(each, document, root) for each in told), key=lambda problem: problem.line)


def _meant(violation: Violation) -> str:
    return nearest(violation.about, violation.schema["properties"])


def _problem(violation: Violation, document: Document, root: Schema) -> Problem:
    """Word one violation; a table of the keywords that need words of their own, else the usual ones."""
    if violation.path == () and violation.keyword == "type" and violation.value is None:
        return document.problem((), "an empty file", "a mapping", _example_of(root))
    word = _WORDS.get(violation.keyword, _usual)
    return document.problem(violation.path, *word(violation, root))


def _usual(violation: Violation, _root: Schema) -> tuple[str, str, str]:
    return described(violation.value), _expected(violation), _suggestion(violation)


def _unknown(violation: Violation, root: Schema) -> tuple[str, str, str]:
    known = violation.schema["properties"]
    hint = did_you_mean(violation.about, known)
    if not hint:
        homes = [key for key, inner in known.items() if violation.about in _keys(inner, root)]
        hint = f'it belongs below "{homes[0]}"' if homes else ""
    return "an unknown key", one_of(sorted(known)), hint


def _keys(schema: Schema, root: Schema) -> frozenset[str]:
    inner = resolved(schema, root)
    return frozenset(resolved(inner.get("items", inner), root).get("properties", ()))


def _missing(violation: Violation, _root: Schema) -> tuple[str, str, str]:
    hint = f'"{violation.about}" needs it' if violation.keyword == "dependentRequired" else ""
    return "nothing", _expected(violation), hint


def _alternatives(violation: Violation, _root: Schema) -> tuple[str, str, str]:
    ways = [" and ".join(choice["required"]) for choice in violation.schema["anyOf"]]
    return f"no {' and no '.join(ways)}", " or ".join(ways), ""


def _repeated(violation: Violation, _root: Schema) -> tuple[str, str, str]:
    texts = [json.dumps(item) for item in violation.value]
    again = next(text for number, text in enumerate(texts) if text in texts[:number])
    return f"{again} twice", "each item once", ""


_WORDS = {
    "additionalProperties": _unknown,
    "required": _missing,
    "dependentRequired": _missing,
    "anyOf": _alternatives,
    "uniqueItems": _repeated,
}


def _expected(violation: Violation) -> str:
    """Say what is allowed there: the schema's title, else what its keyword says."""
    schema, keyword = violation.schema, violation.keyword
    if "title" in schema and keyword in _TITLED and "properties" not in schema:
        return str(schema["title"])
    if "enum" in schema:
        return one_of(schema["enum"])
    kinds = schema.get("type", ())
    kind = " or ".join(_KINDS[name] for name in ([kinds] if isinstance(kinds, str) else kinds))
    if keyword in _BOUNDS:
        return f"{kind} {_BOUNDS[keyword]} {schema[keyword]}"
    limits = {"minLength": "that is not empty", "minItems": "that is not empty"}
    limits["maxLength"] = f"of at most {schema.get('maxLength')} characters"
    return f"{kind} {limits[keyword]}" if keyword in limits else kind


def _suggestion(violation: Violation) -> str:
    """Guess what was meant: an alternative that is near, or the one item without its list."""
    schema, value = violation.schema, violation.value
    if violation.keyword == "enum" and isinstance(value, str):
        return did_you_mean(value, schema["enum"])
    if violation.keyword == "type" and schema["type"] == "array" and isinstance(value, str | dict):
        return f"write [{value}]" if isinstance(value, str) else 'begin the item with "- "'
    return _example_of(schema) if violation.keyword == "type" and schema["type"] == "object" else ""


def _example_of(schema: Schema) -> str:
    examples: list[Any] = schema.get("examples", [])
    return f"for example {_flow(examples[0])}" if examples else ""


def _flow(value: Any) -> str:
    """Write a value as YAML on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case str():
            return (
                value
                if value.replace("/", "a").replace(".", "a").replace("-", "a").isalnum()
                else json.dumps(value)
            )
        case _:
            return json.dumps(value)
