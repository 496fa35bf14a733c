"""The text of a version's tag."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.git.tags import Tag
from gitmodel.git.trailers import parse_message
from gitmodel.git.values import Oid
from gitmodel.registry.versions import (
    ArtifactRef,
    DataRef,
    Facts,
    RunRef,
    format_version,
    parse_facts,
    parse_version,
)

OID = Oid("0123456789" * 4)
EXAMPLE = Facts(
    subject="Updated model with August data",
    body="The new loans are in.\n\nNothing else changed.",
    encoding="skops",
    algo="DecisionTreeClassifier",
    metrics={"accuracy": 0.85, "roc_auc": 0.91},
    parameters={"criterion": "gini", "max_depth": 4, "random_state": 12345},
    artifact=ArtifactRef("models/credit-risk/model.skops", "1f3c", "5e8f", 3145),
    data={"data/loans.csv": DataRef("1f3c", 9857, 812345)},
    run=RunRef(OID, "abc"),
)
MESSAGE = f"""\
Updated model with August data

The new loans are in.

Nothing else changed.

Model-Name: credit-risk
Model-Version: 4
Content-Encoding: skops
Algo: DecisionTreeClassifier
Metrics: {{"accuracy":0.85,"roc_auc":0.91}}
Parameters: {{"criterion":"gini","max_depth":4,"random_state":12345}}
Artifact: {{"md5":"1f3c","path":"models/credit-risk/model.skops","sha256":"5e8f","size":3145}}
Data: {{"data/loans.csv":{{"md5":"1f3c","rows":9857,"size":812345}}}}
Run: {OID} abc
"""

_WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=8
)
_LINE = st.lists(_WORD, min_size=1, max_size=4).map(" ".join)
_PROSE = st.lists(_WORD, min_size=1, max_size=4).map(lambda words: f"so {' '.join(words)}")
_NUMBER = st.one_of(st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False))
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBER, _LINE),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_WORD, inner, max_size=3)),
    max_leaves=6,
)
_MD5 = st.one_of(st.none(), st.text("0123456789abcdef", min_size=32, max_size=32))
_COUNT = st.one_of(st.none(), st.integers(0, 10**12))
FACTS = st.builds(
    Facts,
    subject=_LINE,
    body=st.one_of(st.just(""), st.lists(_PROSE, min_size=1, max_size=3).map("\n\n".join)),
    encoding=st.sampled_from([None, "skops", "onnx"]),
    algo=st.one_of(st.none(), _WORD),
    metrics=st.dictionaries(_WORD, _NUMBER, max_size=3),
    parameters=st.dictionaries(_WORD, _JSON, max_size=3),
    artifact=st.one_of(st.none(), st.builds(ArtifactRef, _LINE, _MD5, _MD5, _COUNT)),
    data=st.dictionaries(_LINE, st.builds(DataRef, _MD5, _COUNT, _COUNT), max_size=3),
    run=st.one_of(st.none(), st.just(RunRef(OID, "abc"))),
)


def tag(message: str, name: str = "credit-risk@v4", *, annotated: bool = True) -> Tag:
    return Tag(name, OID, OID, "2026-11-27 15:46:31 +0000", "Ada <ada@example.org>", message, annotated)


def facts_of(message: str) -> Facts:
    return parse_facts(parse_message(message))


def test_the_message_is_what_the_design_says() -> None:
    assert format_version("credit-risk", "4", EXAMPLE) == MESSAGE
    assert facts_of(MESSAGE) == EXAMPLE


@given(FACTS)
def test_facts_are_read_back_as_they_were_written(facts: Facts) -> None:
    version = parse_version(tag(format_version("credit-risk", "4", facts)))
    assert version is not None
    assert version.facts == facts


def test_a_version_has_names() -> None:
    version = parse_version(tag(MESSAGE))
    assert version is not None
    assert (version.name, version.model_id, version.commit) == ("credit-risk:4", "01234567", OID)


def test_a_message_by_hand_has_a_subject_and_a_body() -> None:
    assert facts_of("It works\n\nAt last: really.\n") == Facts("It works", "At last: really.")
    assert facts_of("") == Facts("")


def test_a_lightweight_tag_says_nothing() -> None:
    version = parse_version(tag("the commit's message\n\nMetrics: x", annotated=False))
    assert version is not None
    assert version.facts == Facts("")


@pytest.mark.parametrize(
    ("trailer", "value"),
    [
        ("Metrics", "0.85"), ("Metrics", "{"), ("Metrics", '{"a":"b"}'), ("Metrics", '{"a":NaN}'),
        ("Metrics", "{}"), ("Parameters", "[1]"), ("Parameters", "x"), ("Artifact", "{}"), ("Artifact", "7"),
        ("Data", "[]"), ("Data", '{"a":1}'), ("Run", "one"), ("Run", "one two three"),
    ],
)  # fmt: skip
def test_a_broken_trailer_is_named(trailer: str, value: str) -> None:
    with pytest.raises(InvalidFile, match=trailer):
        parse_version(tag(f"Subject\n\n{trailer}: {value}\n"))


@pytest.mark.parametrize("trailer", ["Model-Name: other", "Model-Version: 5"])
def test_a_message_must_not_contradict_the_name(trailer: str) -> None:
    with pytest.raises(InvalidFile, match=trailer.partition(":")[0]):
        parse_version(tag(f"Subject\n\n{trailer}\n"))


def test_other_tags_are_no_versions() -> None:
    assert parse_version(tag(MESSAGE, "v1.0")) is None


def test_what_a_later_release_adds_is_passed_over() -> None:
    later: dict[str, Any] = {"path": "model.skops", "signed": True}
    facts = facts_of(
        f"S\n\nArtifact: {later}\nData: {{}}\nNew-Key: 1\n".replace("'", '"').replace("True", "true")
    )
    assert facts.artifact == ArtifactRef("model.skops")
