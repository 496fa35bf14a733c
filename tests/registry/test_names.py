"""The grammar of tags, and the order of versions."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import UsageError
from gitmodel.registry.names import (
    MODEL,
    check_model,
    is_version_number,
    next_number,
    number_key,
    split_tag,
    tag_name,
)

MODELS = st.from_regex(MODEL, fullmatch=True)
_IDENTIFIER = st.from_regex(r"(?:0|[1-9][0-9]{0,4}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]{0,4})\Z", fullmatch=True)
_CORE = st.lists(st.integers(0, 99), min_size=3, max_size=3).map(lambda parts: ".".join(map(str, parts)))
_PRERELEASE = st.one_of(
    st.just(""), st.lists(_IDENTIFIER, min_size=1, max_size=3).map(lambda ids: f"-{'.'.join(ids)}")
)
SEMVER = st.builds(lambda core, pre: core + pre, _CORE, _PRERELEASE)
VERSIONS = st.one_of(st.integers(0, 10**6).map(str), SEMVER)

# https://semver.org/#spec-item-11
PRECEDENCE = (
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
    "1.0.0-rc.1", "1.0.0", "1.0.1", "1.1.0", "2.0.0-0", "2.0.0-1.9", "2.0.0-1.10", "2.0.0", "10.0.0",
)  # fmt: skip


@given(MODELS, VERSIONS)
def test_a_tag_is_read_back_as_it_was_written(model: str, version: str) -> None:
    assert split_tag(tag_name(model, version)) == (model, version)


@pytest.mark.parametrize(
    "name",
    [
        "v1", "credit-risk", "credit-risk@4", "credit-risk@v", "credit-risk@v04", "credit-risk@v-1",
        "credit-risk@v1.2", "credit-risk@v1.2.3.4", "credit-risk@v01.2.3", "credit-risk@v1.2.3-",
        "credit-risk@v1.2.3-01", "credit-risk@vlatest", "Credit@v1", "-x@v1", "x-@v1", "/x@v1", "x/@v1",
        "x y@v1", "x@v1@v2", "é@v1", "@v1", "x@v1\n", "x@v\N{ARABIC-INDIC DIGIT ONE}",
    ],
)  # fmt: skip
def test_what_is_no_tag_of_a_version(name: str) -> None:
    assert split_tag(name) is None


def test_names_of_models() -> None:
    for name in ("a", "0", "credit-risk", "team/credit_risk", "a--b"):
        assert check_model(name) == name
    for name in ("", "A", "-a", "a-", "a.b", "a b", "a@v1", "../a", "a\n"):
        with pytest.raises(UsageError, match="is no name of a model"):
            check_model(name)


def test_precedence_of_semantic_versions() -> None:
    for low, high in itertools.combinations(map(number_key, PRECEDENCE), 2):
        assert low < high
        assert not high < low


def test_integers_are_ordered_as_numbers() -> None:
    assert sorted(("10", "9", "100", "0", "2"), key=number_key) == ["0", "2", "9", "10", "100"]


def test_an_integer_stands_among_semantic_versions() -> None:
    assert number_key("1") < number_key("1.0.1")
    assert number_key("1.9.0") < number_key("2")
    assert number_key("2.0.0-rc.1") < number_key("2")


@given(VERSIONS, st.sampled_from(["integer", "semver"]))
def test_the_next_number_is_later(text: str, kind: str) -> None:
    after = next_number(text, kind)
    assert number_key(text) < number_key(after)
    assert after.isdigit() == (kind == "integer")


@pytest.mark.parametrize("text", ["", "v1", "1.2", "01", "1.0.0+", "latest", " 1", "1\n"])
def test_what_is_no_version(text: str) -> None:
    assert not is_version_number(text)
    with pytest.raises(UsageError, match="is no version"):
        number_key(text)


def test_build_metadata_is_allowed_and_does_not_order() -> None:
    one, two = number_key("1.0.0+a"), number_key("1.0.0+b")
    assert not one < two
    assert not two < one
