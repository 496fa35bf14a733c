"""Records of measurements, and the numbers in them."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.metrics.records import KINDS, Dataset, Record, canonical_json, format_record, parse_record
from gitmodel.metrics.values import read_metrics

EXAMPLE = Record(
    "credit-risk",
    "live",
    {"roc_auc": 0.71},
    "2026-11-27T15:46:31Z",
    "monitor",
    "4",
    Dataset("feedback", "1f3c", 500),
)
LINE = (
    '{"at":"2026-11-27T15:46:31Z","by":"monitor","dataset":{"md5":"1f3c","name":"feedback","rows":500},'
    '"kind":"live","metrics":{"roc_auc":0.71},"model":"credit-risk","version":"4"}'
)

_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=10)
_NAME = _TEXT.filter(lambda text: "." not in text)
_MAYBE = st.one_of(st.none(), _TEXT)
_NUMBER = st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False))
RECORDS = st.builds(
    Record,
    model=_TEXT,
    kind=st.sampled_from(KINDS),
    metrics=st.dictionaries(_NAME, _NUMBER, min_size=1, max_size=4),
    at=_TEXT,
    by=_TEXT,
    version=_MAYBE,
    dataset=st.one_of(st.none(), st.builds(Dataset, _TEXT, _MAYBE, st.one_of(st.none(), st.integers(0)))),
    run=_MAYBE,
)


def test_a_record_is_a_line() -> None:
    assert format_record(EXAMPLE) == LINE
    assert parse_record(LINE) == EXAMPLE


@given(RECORDS)
def test_a_record_is_read_back_as_it_was_written(record: Record) -> None:
    line = format_record(record)
    assert parse_record(line) == record
    assert "\n" not in line


@given(RECORDS, RECORDS)
def test_lines_are_equal_where_records_are(one: Record, two: Record) -> None:
    if one != two:
        assert format_record(one) != format_record(two)


@pytest.mark.parametrize(
    "line",
    [
        "", "x", "[]", "7", "null", "{}", LINE[:-1], LINE.replace("live", "dead"),
        LINE.replace("0.71", '"high"'), LINE.replace("0.71", "NaN"),
        LINE.replace('"metrics":{"roc_auc":0.71}', '"metrics":{}'),
        LINE.replace('"by":"monitor",', ""), LINE.replace('"name":"feedback",', ""),
        LINE.replace("0.71", "1" * 400), LINE.replace("0.71", "1" * 5000), LINE.replace("0.71", "1e999"),
        LINE.replace("0.71", "true"), LINE.replace('"4"', "[4]"), LINE.replace('"4"', "true"),
        LINE.replace("500", '"many"'), LINE.replace('"feedback"', "null"),
        LINE.replace('{"md5":"1f3c","name":"feedback","rows":500}', '"rows"'),
        LINE.replace("monitor", "\\ud800"), "[" * 100_000, LINE.replace("0.71", '{"a":' * 100_000),
    ],
)  # fmt: skip
def test_a_broken_line_is_named(line: str) -> None:
    with pytest.raises(InvalidFile):
        parse_record(line)


def test_a_number_that_a_person_wrote_for_a_version_is_one() -> None:
    assert parse_record(LINE.replace('"4"', "4")) == EXAMPLE


@pytest.mark.parametrize("ends", ["\r", " ", "\t\r"])
def test_what_ends_a_line_is_no_part_of_the_record(ends: str) -> None:
    assert parse_record(LINE + ends) == EXAMPLE


@given(st.binary(max_size=60))
def test_whatever_stands_in_a_line_is_a_record_or_named(data: bytes) -> None:
    with pytest.raises(InvalidFile):
        parse_record(data.decode("utf-8", "surrogateescape"))


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_TEXT, inner, max_size=2)),
    max_leaves=4,
)


@given(st.sampled_from(sorted(json.loads(LINE))), _JSON)
def test_a_record_with_any_value_is_read_or_named(key: str, value: object) -> None:
    line = json.dumps({**json.loads(LINE), key: value})
    try:
        record = parse_record(line)
    except InvalidFile:
        return
    assert parse_record(format_record(record)) == record


def test_what_a_later_release_adds_is_passed_over() -> None:
    assert parse_record(LINE.replace('"kind"', '"new":{"x":1},"kind"')) == EXAMPLE


def test_metrics_in_groups_are_joined_by_dots() -> None:
    document = {"auc": 1, "test": {"loss": 0.5, "by_class": {"good": 0.1}}}
    assert read_metrics(document, "m.json") == {"auc": 1, "test.loss": 0.5, "test.by_class.good": 0.1}


@pytest.mark.parametrize("value", ["0.9", None, True, [1], math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_named(value: object) -> None:
    with pytest.raises(InvalidFile, match=r"m\.json: group\.auc is .*, not a"):
        read_metrics({"group": {"auc": value}}, "m.json")


@pytest.mark.parametrize("document", [None, {}, {"group": {}}, [], "auc", 7])
def test_a_document_without_metrics(document: object) -> None:
    with pytest.raises(InvalidFile, match="holds no metrics"):
        read_metrics(document, "m.json")


def test_canonical_json() -> None:
    assert canonical_json({"b": [1, 2.5], "a": "ü"}) == '{"a":"ü","b":[1,2.5]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(math.nan)
    assert json.loads(canonical_json({"a": None})) == {"a": None}
