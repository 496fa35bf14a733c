"""Labels and signals that come back for predictions: what is taken, and what is refused."""

import json
import math
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .segments import now

if TYPE_CHECKING:
    from .keeping import Keeper

LONGEST_BODY = 8_000_000
MOST = 10_000
SIGNALS = ("label", "click", "like", "rating")
# What a signal says by itself.
_IMPLIED = {"click": True, "like": True}
_ID = re.compile(r"[0-9a-f]{16}(-\d{1,9})?")
_PLAIN = re.compile(r"[\x20-\x7e]{1,128}")
_LONGEST_LABEL = 1000
_SHOWN = 20
_FIELDS = ("prediction", "label", "signal", "origin", "by", "at", "model")

Answer = tuple[int, dict[str, Any]]


def take_feedback(keeper: "Keeper", body: bytes) -> Answer:
    """Keep the feedback of a request; return status and answer."""
    if not keeper.keeps:
        return 503, {
            "error": "this service keeps nothing: GITMODEL_STATE names no folder to keep feedback in"
        }
    if len(body) > LONGEST_BODY:
        return 413, {"error": f"more than {LONGEST_BODY} bytes at once; send less at a time"}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        return 400, {"error": f"the body is not JSON: {error}"}
    given = value if isinstance(value, list) else [value]
    if len(given) > MOST:
        return 413, {"error": f"{len(given)} labels at once; send at most {MOST}"}
    return _judge(keeper, given)


def _judge(keeper: "Keeper", given: list[Any]) -> Answer:
    problems = [(number, problem(item)) for number, item in enumerate(given)]
    wrong = [{"item": number, "problem": words} for number, words in problems if words]
    if wrong:
        first = wrong[0]
        words = f"item {first['item']}: {first['problem']}"
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return 400, {"error": words + more, "detail": wrong[:_SHOWN]}
    other = sorted({item["model"] for item in given if item.get("model", keeper.model) != keeper.model})
    if other:
        return 422, {"error": f"this is the model {keeper.model}, not {other[0]}"}
    labels = [_record(item) for item in given]
    try:
        if labels:
            keeper.labelled(labels)
    except OSError as error:
        words = f"feedback cannot be kept now, none of it was: {error.strerror or error}"
        return 503, {"error": words}
    return 202, {"taken": len(labels), "ids": [label["id"] for label in labels]}


def problem(item: object) -> str:
    """Return what is wrong with one piece of feedback, "" where nothing is."""
    if not isinstance(item, Mapping):
        return "must be an object with `prediction` and `label`"
    unknown = [name for name in item if name not in _FIELDS]
    if unknown:
        return f"has the unknown field {unknown[0][:40]!r}; known are {', '.join(_FIELDS)}"
    if not isinstance(item.get("prediction"), str) or not _ID.fullmatch(item["prediction"]):
        return "`prediction` must be what the header X-Prediction-Id said, with `-<row>` for a row of many"
    if item.get("signal", "label") not in SIGNALS:
        return f"`signal` must be one of {', '.join(SIGNALS)}"
    for name in ("origin", "by", "model"):
        if name in item and not (isinstance(item[name], str) and _PLAIN.fullmatch(item[name])):
            return f"`{name}` must be a text of 1 to 128 plain characters"
    return _label_problem(item) or ("" if "at" not in item or _time(item["at"]) else _BAD_TIME)


_BAD_TIME = "`at` must be a time with its zone, as 2026-11-27T15:46:31Z"


def _label_problem(item: Mapping[str, Any]) -> str:
    label = item.get("label", _IMPLIED.get(item.get("signal", "label")))
    if isinstance(label, str) and len(label) <= _LONGEST_LABEL:
        return ""
    if isinstance(label, bool) or (isinstance(label, int) and -(2**63) <= label < 2**63):
        return ""
    if isinstance(label, float) and math.isfinite(label):
        return ""
    return f"`label` must be a text of at most {_LONGEST_LABEL} characters, a number, true or false"


def _record(item: Mapping[str, Any]) -> dict[str, Any]:
    prediction = item["prediction"]
    return {
        "id": secrets.token_hex(8),
        "prediction": prediction if "-" in prediction else f"{prediction}-0",
        "at": _time(item["at"]) if "at" in item else now(),
        "label": item.get("label", _IMPLIED.get(item.get("signal", "label"))),
        "origin": item.get("origin", "user"),
        "signal": item.get("signal", "label"),
        **({"by": item["by"]} if "by" in item else {}),
    }


def _time(text: object) -> str:
    """Return a time in UTC as lines have it, "" where it is none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        if found is None or found.tzinfo is None:
            return ""
        return found.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return ""
