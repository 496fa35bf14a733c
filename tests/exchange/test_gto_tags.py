"""GTO's grammar and history, with GTO itself as the judge."""

import random
from pathlib import Path

import gto.api
import pytest
from gto.constants import Action, VersionSort
from gto.tag import parse_name
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.exchange.gto_tags import Event, moves, parse_event, read_events, withdrawn
from gitmodel.git.tags import Tag, read_tags
from gitmodel.git.values import Oid
from tests.conftest import make_repository
from tests.exchange.conftest import Gto

ACTIONS = {
    Action.REGISTER: "register",
    Action.DEREGISTER: "deregister",
    Action.ASSIGN: "assign",
    Action.UNASSIGN: "unassign",
    Action.DEPRECATE: "deprecate",
}
PARTS = [
    "churn",
    "a/b=",
    "Churn",
    "@",
    "v",
    "#",
    "!",
    "1.2.3",
    "1.0",
    "-rc.1",
    "+x",
    "01.1.1",
    "prod",
    "7",
    "_",
]
PARTS += ["deprecated", "created", ".", "/", "=", "ü", "\n"]


def tag(
    name: str, date: str = "2026-11-27 15:46:31 +0000", *, annotated: bool = True, target: str = "2"
) -> Tag:
    return Tag(name, Oid("1" * 40), Oid(target * 40), date, "Ada <ada@example.org>", "", annotated)


@given(
    st.one_of(
        st.lists(st.sampled_from(PARTS), max_size=8).map("".join),
        st.from_regex(r"[a-z]{2,5}(@v1\.[0-9]\.0|#[a-z]{2,4})!?(#[0-9]{1,3})?", fullmatch=True),
    )
)
def test_the_grammar_is_that_of_gto(name: str) -> None:
    theirs = parse_name(name, raise_on_fail=False)
    ours = parse_event(tag(name))
    if name.endswith("\n") or not theirs or "action" not in theirs:  # @created, which says nothing
        assert ours is None
        return
    assert ours is not None
    assert ACTIONS[theirs["action"]] == ours.action
    assert theirs["name"] == ours.model
    assert theirs.get("stage") == ours.stage
    assert theirs.get("version", "")[1:] == (ours.version or "")
    assert theirs.get("counter", 0) == ours.counter


def test_lightweight_tags_say_nothing() -> None:
    assert parse_event(tag("churn@v1.0.0", annotated=False)) is None


@pytest.mark.parametrize("date", ["", "10000-01-01 00:00:00 +0000", "2026-11-27 15:46:31 +9999"])
def test_tags_without_a_date_say_nothing(date: str) -> None:
    assert parse_event(tag("churn@v1.0.0", date)) is None


def test_events_of_one_second_keep_the_order_of_their_counters() -> None:
    names = ["churn#prod#10", "churn#prod!#9", "churn#prod#2"]
    assert [event.counter for event in read_events(map(tag, names))] == [2, 9, 10]


@pytest.mark.parametrize("zone", ["+0000", "+0530", "-0800"])
def test_times_are_compared_across_time_zones(zone: str) -> None:
    early, late = (
        tag("a1#prod#1", "2026-11-27 01:00:00 +1200"),
        tag("a1#prod#2", f"2026-11-27 15:46:31 {zone}"),
    )
    assert [event.tag for event in read_events([late, early])] == [early, late]


def told(*names: str) -> list[Event]:
    """Return events of one commit a version, a second apart."""
    found = []
    for second, text in enumerate(names):
        name, _, commit = text.partition(" ")
        one = tag(name, f"2026-11-27 15:46:{second:02} +0000", target=commit or "a")
        event = parse_event(one)
        assert event is not None
        found.append(event)
    return found


def test_a_version_that_is_taken_back_leaves_its_stages_until_it_is_registered_again() -> None:
    events = told("m1@v1.0.0 a", "m1@v2.0.0 b", "m1#prod a", "m1#prod#2 b", "m1@v2.0.0! b", "m1@v2.0.0#9 b")
    assert [move.version for move in moves(events)[0]] == ["1.0.0", "2.0.0", "1.0.0", "2.0.0"]
    assert withdrawn(events) == []
    assert withdrawn(events[:5]) == ["2.0.0"]


def test_a_model_that_is_taken_back_leaves_every_stage() -> None:
    events = told("m1@v1.0.0", "m1#prod", "m1#dev", "m1@deprecated")
    assert [(move.stage, move.version) for move in moves(events)[0][2:]] == [("prod", None), ("dev", None)]
    assert withdrawn(events) == ["1.0.0"]


def test_a_stage_on_a_commit_without_a_version_is_told() -> None:
    found, skipped = moves(told("m1@v1.0.0 a", "m1#prod b"))
    assert found == []
    assert skipped == ["m1#prod is on a commit that is no version of m1"]


@pytest.mark.parametrize("seed", range(6))
def test_the_end_of_any_history_is_what_gto_shows(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    registry = Gto(make_repository(tmp_path / "registry"))
    commits = [registry.commit(number / 10) for number in range(4)]
    for number, commit in enumerate(commits):
        registry.tag(f"churn@v{number}.0.0", commit)
    for _ in range(20):
        stage = chance.choice(["prod", "dev"])
        registry.tag(f"churn#{stage}{chance.choice(['', '', '!'])}#", chance.choice(commits))
    last: dict[str, str | None] = {}
    for move in moves(read_events(read_tags(registry.repo)))[0]:
        last[move.stage] = move.version
    shown = gto.api.show(str(registry.repo.root), sort=VersionSort.Timestamp)["churn"]["stage"]
    assert {stage: f"v{version}" for stage, version in last.items() if version} == {
        stage: version for stage, version in shown.items() if version
    }
