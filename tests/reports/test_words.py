"""Text, numbers and tables for people."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.reports.table import align
from gitmodel.reports.terminal import clean, clean_lines, to_json
from gitmodel.reports.words import flatten, number, pairs, title

HARMFUL = "\x00\x07\x08\x0a\x0d\x1b\x7f\x9b\u2028\u202e\u2066\udc80"


def test_control_characters_are_written_out() -> None:
    assert clean("a\x1b[31mb\tc\u202ed\nü…") == "a\\x1b[31mb\tc\\u202ed\\nü…"


@given(st.text())
def test_clean_text_is_harmless_and_stays_clean(text: str) -> None:
    done = clean(text)
    assert not set(done) & set(HARMFUL)
    assert clean(done) == done
    done.encode()


def test_lines_of_a_tool() -> None:
    assert clean_lines("") == []
    assert clean_lines("one\r\n10%\r20%\r\n\x1b[0m\n") == ["one", "20%", "\\x1b[0m", ""]


@given(st.dictionaries(st.text(), st.text()))
def test_json_is_harmless_and_says_the_same(document: dict[str, str]) -> None:
    text = to_json(document)
    assert not set(text) & (set(HARMFUL) - {"\n"})
    assert json.loads(text) == document


def test_json_with_bytes_that_are_no_text() -> None:
    assert json.loads(to_json(["\udcff\x9b"])) == ["\udcff\x9b"]
    to_json(["\udcff"]).encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.85, "0.85"), (0.1 + 0.2, "0.3"), (1.0, "1"), (0.9123456789, "0.912346"), (3, "3"),
        (12345678, "12345678"), (1234567.8, "1234568"), (1e20, "1e+20"), (1e-9, "1e-09"), (-0.25, "-0.25"),
        (10**30, "1" + "0" * 30), (0.0, "0"),
    ],
)  # fmt: skip
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("metric", "key"),
    [
        ("accuracy", "Accuracy"), ("roc_auc", "Roc-Auc"), ("f1", "F1"), ("MAE", "MAE"),
        ("test.log_loss", "Test.Log-Loss"), ("val/rmse", "Val/Rmse"),
        ("precision at 5", "Precision-At-5"), ("_", "_"), ("a__b", "A-B"),
    ],
)  # fmt: skip
def test_names_of_metrics(metric: str, key: str) -> None:
    assert title(metric) == key


def test_parameters() -> None:
    nested = {
        "depth": 4,
        "train": {"criterion": "gini", "none": None, "rate": 0.30000000000000004},
        "on": True,
        "of": {},
    }
    assert list(flatten(nested))[1] == ("train.criterion", "gini")
    assert pairs(nested) == "depth=4;train.criterion=gini;train.none=null;train.rate=0.3;on=true;of={}"
    assert pairs({"layers": [64, 32]}) == "layers=[64, 32]"
    assert pairs({}) == ""


def test_a_table() -> None:
    assert align([("a", "bb", ""), ("ccc", "d", "e")]) == ["a    bb", "ccc  d   e"]
    assert align([]) == []
