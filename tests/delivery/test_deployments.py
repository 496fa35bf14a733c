"""What was rolled out, read back: by the branch, whatever clocks said."""

from datetime import UTC, datetime, timedelta

import pytest

from gitmodel.delivery.deployments import Ran, deployments, running_between, stays
from gitmodel.delivery.outcomes import Outcome, format_outcome
from gitmodel.delivery.promotion import promote
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.registry.environments import DEPLOYMENTS_REF, env_tip
from tests.delivery.test_promotion import versions


def outcome(version: str, day: int, what: str = "deployed", model: str = "m") -> Outcome:
    return Outcome("production", model, version, what, f"2026-11-{day:02}T12:00:00Z", "ada", 1, "")


NEWEST_FIRST = [
    outcome("3", 25, "removed"),
    outcome("3", 22, "mended"),
    outcome("3", 20),
    outcome("2", 18, "failed"),
    outcome("1", 12, "unchanged"),
    outcome("1", 10),
]
RAN = [
    Ran("m", "1", "2026-11-10T12:00:00Z", "ada", "2026-11-20T12:00:00Z"),
    Ran("m", "3", "2026-11-20T12:00:00Z", "ada", "2026-11-25T12:00:00Z"),
]


def test_stays_follow_from_outcomes() -> None:
    assert stays(NEWEST_FIRST) == RAN
    assert stays(NEWEST_FIRST[2:])[-1].until == ""


@pytest.mark.parametrize(
    ("begin", "hours", "expected"),
    [
        ("2026-11-10T11:59", 0, []),
        ("2026-11-10T12:00", 0, ["1"]),
        ("2026-11-20T11:59", 0, ["1"]),
        ("2026-11-20T12:00", 0, ["3"]),
        ("2026-11-20T00:00", 24, ["1", "3"]),
        ("2026-11-25T12:00", 0, []),
    ],
)
def test_what_ran_when(begin: str, hours: int, expected: list[str]) -> None:
    first = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    found = running_between(RAN, first, first + timedelta(hours=hours))
    assert [each.version for each in found] == expected


def test_the_branch_gives_the_order(repo: Repository) -> None:
    for number, version in enumerate(versions(repo, 2)):
        promote(repo, version, "production", by="ada")
        tip = env_tip(repo, "production")
        assert tip is not None
        line = format_outcome(outcome(version.version, 20 - number))  # the clock was set back
        append_notes(repo, DEPLOYMENTS_REF, {tip: [line]})
    assert [each.outcome.version for each in deployments(repo, "production")] == ["2", "1"]
    assert not deployments(repo, "staging")
