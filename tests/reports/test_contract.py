"""Whether clients break when one version follows another."""

from typing import Any

import pytest

from gitmodel.reports.contract import compare_contracts


def taken(required: tuple[str, ...] = ("a",), **properties: dict[str, Any]) -> dict[str, Any]:
    columns = {"a": {"type": "integer"}, **properties}
    return {"type": "object", "properties": columns, "required": required, "additionalProperties": False}


def answered(**properties: dict[str, Any]) -> dict[str, Any]:
    fields = {"prediction": {"enum": ["bad", "good"]}, **properties}
    return {"type": "object", "properties": fields, "required": ["prediction"]}


@pytest.mark.parametrize(
    ("old", "new", "words", "breaks"),
    [
        (taken(), taken(("a", "b"), b={"type": "string"}), "b is new and required", True),
        (taken(), taken(b={"type": "string"}), "b is new and may be absent", False),
        (taken(b={}), taken(), "b is no longer taken: requests that have it are refused", True),
        (taken(b={}), {**taken(), "additionalProperties": True}, "b is no longer used", False),
        (taken(), taken(a={"type": "number"}), "a was integer, is number", False),
        (taken(a={"type": "number"}), taken(), "a was number, is integer", True),
        (taken(), taken(a={"type": "string"}), "a was integer, is string", True),
        (taken(), taken(a={"type": ["integer", "null"]}), "a was integer, is integer or null", False),
        (taken((), a={}), taken(a={}), "a is required now", True),
        (taken(a={"enum": ["x", "y"]}), taken(a={"enum": ["x"]}), "a no longer takes y", True),
        (taken(a={"enum": ["x"]}), taken(a={"enum": ["x", "y"]}), "a takes more values", False),
        (taken(a={}), taken(a={"enum": ["x"]}), "a takes only x", True),
    ],
)
def test_what_a_service_takes(old: Any, new: Any, words: str, breaks: bool) -> None:  # noqa: FBT001
    (change,) = compare_contracts((old, answered()), (new, answered()))
    assert (change.side, f"{change.name} {change.what}", change.breaks) == ("input", words, breaks)


@pytest.mark.parametrize(
    ("old", "new", "words", "breaks"),
    [
        (
            answered(),
            answered(prediction={"enum": ["bad", "good", "no"]}),
            "prediction may be no now",
            True,
        ),
        (answered(), answered(prediction={"enum": ["bad"]}), "prediction is never good", False),
        (answered(x={}), answered(), "x is no longer answered", True),
        (answered(), answered(x={}), "x is new", False),
        (answered(), {**answered(), "required": []}, "prediction may be absent now", True),
        (answered(x={"type": "integer"}), answered(x={"type": "number"}), "x was integer, is number", True),
        (answered(x={"type": "number"}), answered(x={"type": "integer"}), "x was number, is integer", False),
        (
            answered(x={"type": "object", "properties": {"bad": {}}}),
            answered(x={"type": "object", "properties": {}}),
            "x.bad is no longer answered",
            True,
        ),
    ],
)
def test_what_a_service_answers(old: Any, new: Any, words: str, breaks: bool) -> None:  # noqa: FBT001
    (change,) = compare_contracts((taken(), old), (taken(), new))
    assert (change.side, f"{change.name} {change.what}", change.breaks) == ("output", words, breaks)


def test_the_same_signature_breaks_nobody() -> None:
    assert compare_contracts((taken(), answered()), (taken(), answered())) == []


def test_what_breaks_comes_first() -> None:
    new = taken(("a", "z"), b={}, z={})
    assert [change.name for change in compare_contracts((taken(), answered()), (new, answered()))] == [
        "z",
        "b",
    ]
