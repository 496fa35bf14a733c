"""Steps of incidents are written and read back, whatever stands between them."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.monitoring.conditions import condition_words
from gitmodel.monitoring.incidents import (
    INCIDENTS_REF,
    Kind,
    Severity,
    Step,
    format_step,
    group,
    parse_step,
    read_incidents,
)
from gitmodel.spec.model import QualityCondition
from tests.conftest import commit_all

OPENED = Step(
    "1f",
    "opened",
    "m",
    "live",
    "3",
    "recall >= 0.6",
    "failed",
    "warning",
    "0.4",
    "2026-11-01T00:00:00Z",
    "ci",
)
RESOLVED = replace(OPENED, kind="resolved", verdict="passed", severity="info", at="2026-11-02T00:00:00Z")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(
    st.builds(
        Step,
        *(TEXTS,),
        st.sampled_from(get_args(Kind)),
        *(TEXTS for _ in range(5)),
        st.sampled_from(get_args(Severity)),
        *(TEXTS for _ in range(4)),
    )
)
def test_a_step_is_read_as_it_was_written(step: Step) -> None:
    line = format_step(step)
    assert "\n" not in line
    assert parse_step(line) == step


def test_a_week_as_it_was_written_once_is_read_as_it_is_now() -> None:
    step = replace(OPENED, condition="recall at least 0.6 over 1w")
    condition = QualityCondition("recall", timedelta(weeks=1), min=0.6)
    assert parse_step(format_step(step)).condition == condition_words(condition)


@pytest.mark.parametrize("line", ["", "[]", "null", "{}", '{"kind":"opened"}', "[" * 100_000, "\udc80"])
def test_what_is_no_step_is_refused(line: str) -> None:
    with pytest.raises(InvalidFile, match="not a step of an incident"):
        parse_step(line)
    assert group([line]) == []


def test_steps_become_stories() -> None:
    other = replace(OPENED, incident="2f", at="2026-11-03T00:00:00Z")
    found = group([format_step(RESOLVED), "by hand", format_step(other), *[format_step(OPENED)] * 2])
    assert [incident.steps for incident in found] == [(other,), (OPENED, RESOLVED)]
    assert [incident.is_open for incident in found] == [True, False]


def test_they_are_read_from_the_notes_of_all_commits(repo: Repository) -> None:
    first, second = (Oid(commit_all(repo, {"a": str(number)}, "x")) for number in range(2))
    lines = {first: [format_step(OPENED)], second: [format_step(RESOLVED)]}
    publish(repo, [], {INCIDENTS_REF: lines})
    (incident,) = read_incidents(repo)
    assert (incident.id, incident.steps) == ("1f", (OPENED, RESOLVED))
