"""The OpenAPI 3.1 document of a service; its schemas are those of the signature."""

import json
from collections.abc import Mapping
from typing import Any

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "detail": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "row": {"type": ["integer", "null"]},
                    "field": {"type": ["string", "null"]},
                    "problem": {"type": "string"},
                },
            },
        },
    },
}
_VERSION_FIELDS = ("model", "version", "model_id", "commit", "tag", "digest")


def document(
    version: Mapping[str, Any], description: str, signature: Mapping[str, Any], smoke: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the document.

    Args:
        version: What ``GET /version`` answers.
        description: What the model is for.
        signature: ``input`` and ``output``, JSON Schemas of one row.
        smoke: Rows of ``input`` and ``output`` that serve as examples.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": version["model"],
            "version": str(version["version"]),
            "description": description,
        },
        "servers": [{"url": "."}],
        "paths": {
            "/predict": {"post": _predict(smoke)},
            "/version": {"get": _get("Which version of the model answers", _json({"$ref": _ref("Version")}))},
            "/readyz": {"get": _get("Answers 200 once predictions can be served", {})},
            "/livez": {"get": _get("Answers 200 while the process lives", {})},
            "/metrics": {"get": _get("Counters and latencies for Prometheus", {})},
        },
        "components": {
            "schemas": {
                "Row": _titled(signature["input"], "Row"),
                "Answer": _titled(signature["output"], "Answer"),
                "Error": _ERROR,
                "Version": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in _VERSION_FIELDS},
                    "examples": [dict(version)],
                },
            }
        },
    }


def one_or_many(name: str) -> dict[str, Any]:
    """Return the schema of one row, or an array of them."""
    one = {"$ref": _ref(name)}
    return {"oneOf": [one, {"type": "array", "items": one}]}


def _predict(smoke: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "operationId": "predict",
        "summary": "Predict one row (an object) or many (an array)",
        "requestBody": {
            "required": True,
            "content": _json(one_or_many("Row"), _examples(smoke, "input")),
        },
        "responses": {
            "200": {
                "description": "One answer, or an array of answers in the order of the rows",
                "content": _json(one_or_many("Answer"), _examples(smoke, "output")),
            },
            "400": {
                "description": "The body is not JSON, or a row is not what the model reads",
                "content": _json({"$ref": _ref("Error")}),
            },
            "422": {
                "description": "The model cannot predict these values",
                "content": _json({"$ref": _ref("Error")}),
            },
        },
    }


def _examples(smoke: list[dict[str, Any]], side: str) -> dict[str, Any]:
    if not smoke:
        return {}
    values = [row[side] for row in smoke]
    return {
        "one row": {"value": json.loads(json.dumps(values[0]))},
        "many rows": {"value": json.loads(json.dumps(values))},
    }


def _get(summary: str, content: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "OK"}
    return {"summary": summary, "responses": {"200": {**answer, **({"content": content} if content else {})}}}


def _json(schema: dict[str, Any], examples: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"application/json": {"schema": schema, **({"examples": examples} if examples else {})}}


def _ref(name: str) -> str:
    return f"#/components/schemas/{name}"


def _titled(schema: Mapping[str, Any], title: str) -> dict[str, Any]:
    return {**{key: value for key, value in schema.items() if not key.startswith("$")}, "title": title}
