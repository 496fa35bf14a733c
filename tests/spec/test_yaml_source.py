import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.spec import InvalidSpec
from gitmodel.spec.yaml_source import DEEPEST, LARGEST, parse

SCALARS = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "False": False,
    "0": 0,
    "-12": -12,
    "+7": 7,
    "8400.0": 8400,
    "0.5": 0.5,
    ".5": 0.5,
    "1e3": 1000,
    "1e-3": 0.001,
    "yes": "yes",
    "no": "no",
    "on": "on",
    "12:30": "12:30",
    "2026-11-27": "2026-11-27",
    "0123": "0123",
    "1_000": "1_000",
    "0x10": "0x10",
    ".nan": ".nan",
    ".inf": ".inf",
    "1e999": "1e999",
    "<<": "<<",
    "'true'": "true",
    '"1"': "1",
}


@pytest.mark.parametrize("text", SCALARS)
def test_scalars_are_those_of_json(text: str) -> None:
    value = parse(f"key: {text}\n", "f").data["key"]
    assert value == SCALARS[text]
    assert type(value) is type(SCALARS[text])


def test_a_block_text_is_a_text() -> None:
    assert parse("key: |\n  1\n", "f").data == {"key": "1\n"}


def test_on_is_a_key() -> None:
    assert parse("retrain:\n  on: [code]\n", "f").data == {"retrain": {"on": ["code"]}}


def test_lines_are_those_of_keys_and_items() -> None:
    document = parse("# first\na:\n  b: 1\n  c:\n    - x\n    - {d: 2,\n       e: 3}\n", "f")
    assert document.lines == {
        (): 2,
        ("a",): 2,
        ("a", "b"): 3,
        ("a", "c"): 4,
        ("a", "c", 0): 5,
        ("a", "c", 1): 6,
        ("a", "c", 1, "d"): 6,
        ("a", "c", 1, "e"): 7,
    }
    assert document.line(("a", "nowhere", 3)) == 2


def test_a_byte_order_mark_and_crlf_are_fine() -> None:
    assert parse(b"\xef\xbb\xbfname: x\r\nport: 1\r\n", "f").data == {"name": "x", "port": 1}


REFUSED = {
    "two documents": "--- a\n--- b\n",
    "a key that is a number": "1: a\n",
    "a key that is a list": "? [a]\n: b\n",
    "an empty key": ": b\n",
    "an anchor within itself": "&a [*a]\n",
    "many levels": "a: " + "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
    "endless levels": "[" * 100_000,
    "endless blocks": "- " * 100_000,
    "a tag": "a: !!int 3\n",
    "half a surrogate": "a: \ud800\n",
    "too much": "#" * (LARGEST + 1),
    "an open quotation": "a: 'x\n",
    "another version": "%YAML 3.0\n---\na: 1\n",
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    with pytest.raises(InvalidSpec):
        parse(REFUSED[what], "f")


def test_aliases_cannot_multiply() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    with pytest.raises(InvalidSpec):
        parse("\n".join(lines), "f")


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Cn", "Zl", "Zp"]), max_size=20)
NUMBERS = st.integers(-(2**50), 2**50) | st.floats(allow_nan=False, allow_infinity=False, width=32)
DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return math.isclose(left, right)
    return bool(left == right)


@given(DATA)
def test_what_json_can_say_is_read_back(data: Any) -> None:
    assert same(parse(json.dumps(data, ensure_ascii=False), "f").data, data)


def lines_told(content: str | bytes) -> list[int]:
    try:
        parse(content, "f")
    except InvalidSpec as error:
        return [problem.line for problem in error.problems]
    return []


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert all(line >= 1 for line in lines_told(content))


@given(st.text(alphabet="ab:-[]{}&*!#|>'\" \n\t,?%@`~0.", max_size=60))
def test_any_text_is_read_or_refused(content: str) -> None:
    assert all(1 <= line <= content.count("\n") + 1 for line in lines_told(content))
