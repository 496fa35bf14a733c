"""The notes of deployments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.delivery.outcomes import Outcome, format_outcome, parse_outcome, read_outcomes
from gitmodel.errors import InvalidFile
from gitmodel.git.notes import append_notes
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.registry.environments import DEPLOYMENTS_REF

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
OUTCOMES = st.builds(Outcome, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.floats(0, 1e6), TEXT, TEXT).filter(
    lambda each: all((each.env, each.model, each.version, each.outcome, each.at, each.by))
)


@given(OUTCOMES)
def test_round_trip(outcome: Outcome) -> None:
    line = format_outcome(outcome)
    assert "\n" not in line
    assert parse_outcome(line) == outcome


@pytest.mark.parametrize("line", ["", "x", "[]", "{}", '{"env": "x", "seconds": "long"}'])
def test_other_lines(line: str) -> None:
    with pytest.raises(InvalidFile, match="not the outcome"):
        parse_outcome(line)


def test_newest_first_and_others_passed_over(repo: Repository) -> None:
    tip = resolve(repo, "HEAD")
    assert tip is not None
    lines = [
        format_outcome(
            Outcome("production", "m", str(hour), "deployed", f"2026-01-01T0{hour}:00:00Z", "a", 1, "u")
        )
        for hour in (1, 3, 2)
    ]
    append_notes(repo, DEPLOYMENTS_REF, {tip: [*lines, "a person's remark"]})
    assert [outcome.version for outcome in read_outcomes(repo, [tip])] == ["3", "2", "1"]
