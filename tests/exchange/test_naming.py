"""Which models are taken, and what they are called."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitmodel.errors import UsageError
from gitmodel.exchange.naming import Chosen, choose
from gitmodel.spec.schemas import violations

NAMES = ["churn", "Credit Risk", "a=b", "../../etc", "x"]


def test_all_come_in_that_have_a_name() -> None:
    chosen = choose(NAMES, [])
    assert chosen.names == {"churn": "churn", "x": "x"}
    assert [reason.partition(" is no name")[0] for reason in chosen.skipped] == [
        "'Credit Risk'",
        "'a=b'",
        "'../../etc'",
    ]
    assert chosen.skipped[0].endswith("take it with --model 'Credit Risk=credit-risk'")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["churn"], {"churn": "churn"}),
        (["Credit Risk=credit-risk", "x"], {"Credit Risk": "credit-risk", "x": "x"}),
        (["a=b=ab"], {"a=b": "ab"}),
        (["../../etc=etc"], {"../../etc": "etc"}),
    ],
)
def test_models_are_named(wanted: list[str], expected: dict[str, str]) -> None:
    assert choose(NAMES, wanted) == Chosen(expected)


def test_a_name_that_holds_the_sign_itself_is_taken_whole() -> None:
    assert choose(NAMES, ["a=b"]).skipped


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (["chrun"], "there is no model 'chrun' there"),
        (["nothing=else"], "there is no model 'nothing' there"),
        (["churn=Churn"], "'Churn' is no name"),
        (["churn=x", "x"], "two models would become x"),
    ],
)
def test_what_cannot_be_is_refused(wanted: list[str], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        choose(NAMES, wanted)


@given(
    st.lists(st.one_of(st.text(), st.from_regex(r"[a-z/_-]{1,120}", fullmatch=True)), unique=True, max_size=5)
)
def test_no_name_gets_through_that_is_none(names: list[str]) -> None:
    chosen = choose(names, [])
    for new in chosen.names.values():
        assert not violations("model", {"name": new})
    assert len(chosen.names) + len(chosen.skipped) == len(names)


@given(st.one_of(st.text(min_size=1), st.text("aB/_-", min_size=95, max_size=120)))
def test_what_is_suggested_works(name: str) -> None:
    skipped = choose([name], []).skipped
    assume(skipped)
    (reason,) = skipped
    option = reason.rpartition("--model ")[2]
    assert choose([name], [eval(option)]).names
