"""The schemas hold to their standard, and our fast evaluation agrees with a validator of all of it."""

import copy
import json
from collections.abc import Iterator
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitmodel import resources
from gitmodel.cli import validate
from gitmodel.metrics.records import Dataset, Record, format_record, parse_record
from gitmodel.spec import load_schema, schema_path
from gitmodel.spec.schemas import Name, violations

NAMES: tuple[Name, ...] = get_args(Name)


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and all schemas within it."""
    yield schema
    for key in ("properties", "$defs"):
        for inner in schema.get(key, {}).values():
            yield from parts(inner)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from parts(schema[key])


@pytest.mark.parametrize("name", NAMES)
def test_holds_to_its_standard(name: Name) -> None:
    schema = load_schema(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:gitmodel:schema:{name}"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described(name: Name) -> None:
    for part in parts(load_schema(name)):
        assert part.get("description", "").endswith("."), part


@pytest.mark.parametrize("name", NAMES)
def test_unknown_keys_are_refused(name: Name) -> None:
    for part in parts(load_schema(name)):
        if "properties" in part:
            assert part["additionalProperties"] is False


@pytest.mark.parametrize("name", NAMES)
def test_patterns_have_a_title_that_says_them(name: Name) -> None:
    for part in parts(load_schema(name)):
        if "pattern" in part:
            assert part.get("title"), part


@pytest.mark.parametrize("name", NAMES)
def test_examples_and_defaults_are_valid(name: Name) -> None:
    schema = load_schema(name)
    assert schema["examples"]
    assert not [violations(name, example) for example in schema["examples"] if violations(name, example)]
    for part in parts(schema):
        values = [*part.get("examples", ()), *([part["default"]] if "default" in part else ())]
        # `artifact: {path: ...}` stands for a whole, `retrain: {}` too
        validator = jsonschema.Draft202012Validator({**part, "$defs": schema.get("$defs", {})})
        for value in values:
            validator.validate(value)


def test_schemas_are_found_where_they_ship() -> None:
    assert {path.name for path in resources.folder("schemas").iterdir()} == {
        schema_path(n).name for n in NAMES
    }
    assert validate._SCHEMAS == NAMES


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        -1,
        2.5,
        100,
        "",
        "x",
        "a b",
        "model.skops",
        "../x",
        "/x",
        "7d",
        [],
        {},
        ["x"],
        ["x", "x"],
    ]
).map(copy.deepcopy)


@st.composite
def documents(draw: st.DrawFn, name: Name) -> Any:
    """Draw a valid example with a few things changed in it."""
    data = copy.deepcopy(draw(st.sampled_from(load_schema(name)["examples"])))
    for _ in range(draw(st.integers(0, 4))):
        place: Any = data
        while True:
            inner = [
                item for item in (place.values() if isinstance(place, dict) else place) if is_container(item)
            ]
            if not inner or draw(st.booleans()):
                break
            place = draw(st.sampled_from(inner))
        change(draw, place)
    return draw(VALUES) if draw(st.integers(0, 20)) == 0 else data


def is_container(value: Any) -> bool:
    return isinstance(value, dict | list) and bool(value)


def change(draw: st.DrawFn, place: Any) -> None:
    if isinstance(place, dict):
        key = draw(st.sampled_from([*place, "name", "min", "versus", "confidence", "unknown"]))
    else:
        key = draw(st.integers(0, len(place) - 1))
    if draw(st.booleans()) and (isinstance(place, list) or key in place):
        del place[key]
    else:
        place[key] = draw(VALUES)
    if isinstance(place, list) and not place:
        place.append(draw(VALUES))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_violation_of_a_schema_is_told(name: Name, data: st.DataObject) -> None:
    document = data.draw(documents(name))
    validator = jsonschema.Draft202012Validator(load_schema(name))
    theirs = {tuple(error.absolute_path) for error in validator.iter_errors(document)}
    ours = violations(name, document)
    assert bool(ours) == bool(theirs), (json.dumps(document), ours, theirs)
    for violation in ours:  # ours point at the key, theirs at the mapping around it
        assert violation.path in theirs or violation.path[:-1] in theirs


@pytest.mark.parametrize(
    "name", ["a\n", "a//b", "/a", "a/", "-a", "a-", "A", "a.b", "a b", "", "a\0", "ä", "a@v1", "..", "a/../b"]
)
def test_names_that_would_not_do_as_refs(name: str) -> None:
    assert violations("model", {"name": name})


@pytest.mark.parametrize("name", ["a", "7", "credit-risk", "team/credit_risk", "a" * 100])
def test_names_that_do(name: str) -> None:
    assert not violations("model", {"name": name})


@pytest.mark.parametrize(
    "path", ["..", "../a", "a/..", "a/../b", "/a", "~/a", "C:/a", "a\\b", "a\n", "a\0b", ""]
)
def test_paths_out_of_the_folder(path: str) -> None:
    assert violations("model", {"name": "a", "metrics": [path]})


@pytest.mark.parametrize("path", ["a", "a/b.c", "..a", "a..", "a/..b/c", ".hidden", "./a", "with space/é"])
def test_paths_in_the_folder(path: str) -> None:
    assert not violations("model", {"name": "a", "metrics": [path]})


def test_records_are_written_as_their_schema_says() -> None:
    dataset = Dataset("data/test.csv", "d41d8cd98f00b204e9800998ecf8427e", 12)
    at = "2026-11-27T15:46:31Z"
    whole = Record("credit-risk", "live", {"auc": 0.9}, at, "ada", "1.2.0", dataset, "ab12")
    for record in (
        whole,
        Record("a", "training", {}, at, "ada"),
        Record("a", "live", {}, at, "b", dataset=Dataset("x")),
    ):
        assert not violations("metrics-record", json.loads(format_record(record)))
    for example in load_schema("metrics-record")["examples"]:
        assert json.loads(format_record(parse_record(json.dumps(example)))) == example
