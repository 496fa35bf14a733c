"""Rows of JSON against a signature."""

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gitmodel.artifacts.portable.problem import Problem
from gitmodel.packaging.serving.rows import InvalidRows, Rows

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "loan amount": {"type": "number", "minimum": 0},
        "term": {"type": "integer"},
        "grade": {"type": ["string", "null"], "maxLength": 3},
        "owner": {"type": "boolean"},
        "kind": {"enum": ["a", "b", 1]},
        "income": {"type": ["number", "null"], "default": 5.0},
        "class": {"type": ["integer", "null"]},
    },
    "required": ["loan amount", "term", "grade", "owner", "kind", "class"],
    "additionalProperties": False,
}
ROW: dict[str, Any] = {
    "loan amount": 10.5, "term": 3, "grade": "A", "owner": True, "kind": "a", "income": 1.5, "class": 1,
}  # fmt: skip
ROWS = Rows(SCHEMA)


def refused(body: object) -> InvalidRows:
    with pytest.raises(InvalidRows) as caught:
        ROWS.parse(body)
    return caught.value


def test_one_row_and_many() -> None:
    assert ROWS.parse(ROW) == [ROW]
    assert ROWS.parse([ROW, ROW]) == [ROW, ROW]
    assert ROWS.parse([]) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"term": "3"}, "term: must be a valid integer, not '3'"),
        ({"term": 3.5}, "term: must be a valid integer, not 3.5"),
        ({"term": True}, "term: must be a valid integer, not True"),
        (
            {"term": 2**70},
            "term: must be less than or equal to 9223372036854775807, not 1180591620717411303424",
        ),
        ({"loan amount": -1}, "loan amount: must be greater than or equal to 0, not -1"),
        ({"loan amount": None}, "loan amount: must be a valid number, not None"),
        ({"loan amount": float("nan")}, "loan amount: must be a finite number, not nan"),
        ({"grade": "long text"}, "grade: String should have at most 3 characters, not 'long text'"),
        ({"owner": 1}, "owner: must be a valid boolean, not 1"),
        ({"kind": "c"}, "kind: must be 'a', 'b' or 1, not 'c'"),
        ({"lone amount": 1}, "lone amount: is not a field of the model; did you mean 'loan amount'?"),
    ],
)
def test_wrong_values_name_field_and_value(change: dict[str, Any], message: str) -> None:
    assert refused({**ROW, **change}).message == message


def test_rows_are_numbered_where_there_are_many() -> None:
    error = refused([ROW, {**ROW, "term": None, "owner": None}])
    assert error.message == "row 1, term: must be a valid integer, not None (and 1 more)"
    assert [entry["field"] for entry in error.errors] == ["term", "owner"]
    assert error.errors[0]["row"] == 1
    assert refused({**ROW, "term": None}).errors[0]["row"] is None


def test_missing_fields_and_things_that_are_no_rows() -> None:
    assert refused({key: value for key, value in ROW.items() if key != "term"}).message == "term: is missing"
    assert refused([ROW, 5]).message == "row 1, must be an object of the model's fields, not 5"
    assert refused("text").message == "must be an object of the model's fields, not 'text'"
    assert refused(None).message == "must be an object of the model's fields, not None"


def test_whole_numbers_are_integers_however_they_are_written() -> None:
    assert ROWS.parse({**ROW, "term": 3.0, "loan amount": 10}) == [{**ROW, "term": 3, "loan amount": 10.0}]
    assert ROWS.parse([{**ROW, "class": 2.0}])[0]["class"] == 2


def test_further_fields_are_dropped_where_the_signature_allows_them() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "number"}}, "additionalProperties": True}
    assert Rows(schema).parse({"a": 1.0, "b": 2}) == [{"a": 1.0}]


def test_the_table_has_the_columns_of_the_signature_and_types_of_training() -> None:
    rows = ROWS.parse([ROW, {**ROW, "grade": None, "income": None, "class": None}, {**ROW, "kind": 1}])
    del rows[2]["income"]
    frame = ROWS.frame(rows)
    assert list(frame.columns) == list(SCHEMA["properties"])
    kinds = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert kinds == {
        "loan amount": "float64", "term": "int64", "grade": "str", "owner": "bool", "kind": "object",
        "income": "float64", "class": "float64",
    }  # fmt: skip
    np.testing.assert_array_equal(frame["income"], [1.5, np.nan, 5.0])
    assert frame["grade"].isna().tolist() == [False, True, False]


def test_dates_and_categories() -> None:
    schema = {
        "type": "object",
        "properties": {
            "at": {"type": ["string", "null"], "format": "date-time"},
            "kind": {"type": "string", "x-pandas": "category"},
        },
        "required": ["at", "kind"],
    }
    rows = Rows(schema)
    frame = rows.frame(rows.parse([{"at": "2026-11-27T15:46:31", "kind": "a"}, {"at": None, "kind": "b"}]))
    assert frame["at"].iloc[0] == pd.Timestamp("2026-11-27 15:46:31")
    assert isinstance(frame["kind"].dtype, pd.CategoricalDtype)
    with pytest.raises(Problem, match="at: "):
        rows.frame([{"at": "yesterday", "kind": "a"}])


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "array"}, "must be of type object"),
        ({"type": "object", "properties": {}}, "must be of type object and have properties"),
        ({"type": "object", "properties": {"a": {"type": "object"}}}, "'a' must have one type"),
        ({"type": "object", "properties": {"a": {"type": ["string", "number"]}}}, "'a' must have one type"),
        ({"type": "object", "properties": {"a": 5}}, "'a' must be an object"),
        (
            {"type": "object", "properties": {"a": {"type": "string", "minimun": 5}}},
            "uses 'minimun', which is",
        ),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": []}, "uses 'anyOf', which is"),
    ],
)
def test_signatures_that_could_not_be_checked_are_refused(schema: dict[str, Any], message: str) -> None:
    with pytest.raises(Problem, match=message):
        Rows(schema)


def test_ten_thousand_rows_are_checked_within_a_second() -> None:
    start = time.perf_counter()
    ROWS.frame(ROWS.parse([ROW] * 10_000))
    assert time.perf_counter() - start < 1
