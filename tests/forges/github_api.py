"""GitHub's own description of its API, asked whether a request is one that GitHub would take."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.forges.server import Request

FILE = Path(__file__).parents[1] / "node/node_modules/@octokit/openapi/generated/api.github.com.json"
needs_description = pytest.mark.skipif(
    not FILE.is_file(), reason="GitHub's description of its API is not installed: make test-system does it"
)
_METHODS = {"get", "post", "patch", "put", "delete"}


def problem(request: Request) -> str:
    """Return what GitHub's description says against a request; nothing where it is one that it knows."""
    path, operation = _operation(request)
    if operation is None:
        return f"GitHub has no {request.method} {request.path}"
    found = [*_parameters(path, operation, request), *_body(operation, request)]
    return f"{request.method} {request.path}: {'; '.join(found)}" if found else ""


@cache
def _description() -> Any:
    return json.loads(FILE.read_bytes())


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the paths as patterns, those with the fewest parameters first."""
    paths = sorted(_description()["paths"], key=lambda path: path.count("{"))
    made = []
    for path in paths:
        parts = [
            f"(?P<{re.sub('[^a-z_]', '_', part[1:-1])}>[^/]+)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", path)
        ]
        made.append((re.compile("".join(parts)), path))
    return made


def _operation(request: Request) -> tuple[str, Any]:
    for pattern, path in _patterns():
        operation = _description()["paths"][path].get(request.method.lower())
        if operation and pattern.fullmatch(request.path):
            return path, operation
    return "", None


def _resolved(part: Any) -> Any:
    while "$ref" in part:
        found = _description()
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        part = found
    return part


def _parameters(path: str, operation: Any, request: Request) -> list[str]:
    known = [_resolved(each) for each in operation.get("parameters", ())]
    query = {each["name"]: each for each in known if each["in"] == "query"}
    found = [f"there is no parameter {name!r}" for name in request.query if name not in query]
    for name, text in request.query.items():
        schema = query[name]["schema"] if name in query else {}
        value: Any = int(text) if schema.get("type") == "integer" and text.isdigit() else text
        found += [f"{name}: {error}" for error in _errors(schema, value)]
    pattern = next(pattern for pattern, known_path in _patterns() if known_path == path)
    match = pattern.fullmatch(request.path)
    assert match is not None
    for each in known:
        if each["in"] == "path" and each["schema"].get("type") == "integer":
            text = match[re.sub("[^a-z_]", "_", each["name"])]
            found += [] if text.isdigit() else [f"{each['name']} is no number: {text!r}"]
    return found


def _body(operation: Any, request: Request) -> list[str]:
    declared = _resolved(operation["requestBody"]) if "requestBody" in operation else None
    if declared is None:
        return ["a body where none belongs"] if request.body else []
    if request.body is None:
        return ["the body is missing"] if declared.get("required") else []
    return [
        f"body: {error}" for error in _errors(declared["content"]["application/json"]["schema"], request.body)
    ]


def _errors(schema: Any, value: Any) -> list[str]:
    return [
        f"{'/'.join(map(str, error.absolute_path))} {error.message}"
        for error in _validator(schema).iter_errors(value)
    ]


def _validator(schema: Any) -> Any:
    """Return a validator that reads ``nullable`` as OpenAPI 3.0 means it."""
    plain = Draft202012Validator.VALIDATORS

    def nullable(keyword: str) -> Any:
        def check(validator: Any, expected: Any, instance: Any, part: Any) -> Any:
            if instance is None and part.get("nullable"):
                return
            yield from plain[keyword](validator, expected, instance, part) or ()

        return check

    extend: Any = validators.extend
    kind = extend(Draft202012Validator, {name: nullable(name) for name in ("type", "enum")})
    whole = Resource.from_contents(_description(), default_specification=DRAFT202012)
    registry: Any = Registry().with_resource("urn:github", whole)
    return kind(_absolute(schema), registry=registry)


def _absolute(schema: Any) -> Any:
    """Return a part of the description whose references name the whole."""
    if isinstance(schema, dict):
        return {
            key: f"urn:github{value}" if key == "$ref" and value.startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    return [_absolute(each) for each in schema] if isinstance(schema, list) else schema
