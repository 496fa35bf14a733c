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
_FEEDBACK = {
    "type": "object",
    "required": ["prediction"],
    "additionalProperties": False,
    "properties": {
        "prediction": {
            "type": "string",
            "pattern": "^[0-9a-f]{16}(-[0-9]{1,9})?$",
            "description": "The header X-Prediction-Id, with `-<row>` for a row of many (0 is the first)",
        },
        "label": {
            "type": ["string", "number", "boolean"],
            "description": "What was true, or the value of the signal; clicks and likes imply true",
        },
        "signal": {"enum": ["label", "click", "like", "rating"], "default": "label"},
        "origin": {
            "type": "string",
            "maxLength": 128,
            "default": "user",
            "description": "Where it comes from",
        },
        "by": {"type": "string", "maxLength": 128, "description": "Who says it"},
        "at": {
            "type": "string",
            "format": "date-time",
            "description": "Since when it is known; default: now",
        },
        "model": {"type": "string", "description": "Refused where it is not this model"},
    },
    "examples": [{"prediction": "0123456789abcdef-0", "label": "good"}],
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
            "/feedback": {"post": _feedback()},
            "/version": {"get": _get("Which version of the model answers", _json({"$ref": _ref("Version")}))},
            "/readyz": {"get": _get("Answers 200 once predictions can be served", {})},
            "/livez": {"get": _get("Answers 200 while the process lives", {})},
            "/metrics": {"get": _get("Counters and latencies for Prometheus", {})},
        },
        "components": {
            "schemas": {
                "Row": _titled(signature["input"], "Row"),
                "Answer": _titled(signature["output"], "Answer"),
                "Feedback": _FEEDBACK,
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
                "headers": {
                    "X-Prediction-Id": {
                        "description": "What feedback names the prediction by; row n of many is `<id>-<n>`",
                        "schema": {"type": "string"},
                    }
                },
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


def _feedback() -> dict[str, Any]:
    refused = _json({"$ref": _ref("Error")})
    taken = {"type": "object", "properties": {"taken": {"type": "integer"}, "ids": {"type": "array"}}}
    return {
        "operationId": "feedback",
        "summary": "Say what was true, or what people did, of one prediction (an object) or many (an array)",
        "requestBody": {"required": True, "content": _json(one_or_many("Feedback"))},
        "responses": {
            "202": {"description": "All of it is kept", "content": _json(taken)},
            "400": {"description": "Not JSON, or not feedback; nothing is kept", "content": refused},
            "413": {"description": "Too much at once", "content": refused},
            "422": {"description": "Feedback of another model", "content": refused},
            "503": {"description": "It cannot be kept: no folder, or a full disk", "content": refused},
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
