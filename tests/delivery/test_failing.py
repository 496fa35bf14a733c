"""What a failed rollout leaves in git: a way back with a hold, later if git could not be written."""

from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel.delivery.failing import settle
from gitmodel.delivery.history import history, promoted_by
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.journal import Entry, journal_of
from gitmodel.delivery.outcomes import Outcome, format_outcome, read_outcomes
from gitmodel.delivery.promotion import hold, lift, promote
from gitmodel.errors import Refused, ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import Desired, read_desired
from gitmodel.registry.environments import env_tip
from gitmodel.registry.versions import Version
from tests.conftest import clone
from tests.delivery.test_promotion import MODEL, versions

ENV = "production"


def fail(repo: Repository, version: Version, running: str = "") -> Entry:
    """Note what a deployment does whose rollout of a version has failed."""
    tip = env_tip(repo, ENV)
    assert tip is not None
    hosts = (HostOutcome("web1", "failed", 2.5, "it does not start"),)
    outcome = Outcome(
        ENV, MODEL, version.version, "failed", "2026-12-01T10:00:00Z", "ci", 2.5, "", "no", hosts=hosts
    )
    entry = Entry(
        MODEL,
        version.version,
        tip,
        format_outcome(outcome),
        bad=True,
        object=str(version.object),
        running=running,
        reason="no",
    )
    journal_of(repo, ENV).add(entry)
    return entry


def now(repo: Repository) -> Desired:
    return read_desired(repo, ENV)[MODEL]


def test_the_branch_goes_back_to_what_runs(repo: Repository) -> None:
    first, second, third = versions(repo, 3)
    for version in (first, second, third):
        promote(repo, version, ENV, by="ci", strategy="canary")
    entry = fail(repo, third, running="1")  # the second never got there
    told: list[str] = []
    settle(repo, ENV, by="ci", sink=told.append)
    assert told == ["production: Roll back credit-risk v3 -> v1"]
    found = now(repo)
    assert (found.version, found.object, found.strategy) == ("1", first.object, {"kind": "canary"})
    assert found.hold is not None
    assert (found.hold.bad_version, found.hold.reason) == ("3", "v3 could not be deployed: no")
    assert found.is_rollback
    (change, *_) = history(repo, ENV)
    assert (change.action, change.previous, change.version) == ("rollback", "3", "1")
    assert [each.hosts[0].host for each in read_outcomes(repo, [entry.tip])] == ["web1"]  # type: ignore[list-item]
    with pytest.raises(Refused, match="held"):
        promote(repo, third, ENV, by="ci", automatic=True)
    settle(repo, ENV, by="ci", sink=told.append)
    assert len(told) == 1


@pytest.mark.parametrize("running", ["", "3", "99"])
def test_with_nothing_to_go_back_to_there_is_a_hold(repo: Repository, running: str) -> None:
    *_, third = versions(repo, 3)
    promote(repo, third, ENV, by="ci")
    fail(repo, third, running)
    settle(repo, ENV, by="ci", sink=print)
    assert now(repo).is_bad
    assert history(repo, ENV)[0].subject == "Hold credit-risk at v3"
    assert not promote(repo, third, ENV, by="ci", automatic=True).changed
    assert now(repo).is_bad
    assert promote(repo, third, ENV, by="ada").changed  # a person may try again
    assert now(repo).hold is None


def test_a_lifted_hold_lets_it_be_tried_again(repo: Repository) -> None:
    (first,) = versions(repo, 1)
    promote(repo, first, ENV, by="ci")
    fail(repo, first)
    settle(repo, ENV, by="ci", sink=print)
    lift(repo, MODEL, ENV, by="ada")
    assert (now(repo).version, now(repo).is_bad) == ("1", False)


def test_who_was_quicker_counts(repo: Repository) -> None:
    first, second, third = versions(repo, 3)
    promote(repo, first, ENV, by="ci")
    promote(repo, second, ENV, by="ci")
    fail(repo, second, running="1")
    promote(repo, third, ENV, by="ada")  # before it could be written
    settle(repo, ENV, by="ci", sink=print)
    assert (now(repo).version, now(repo).hold) == ("3", None)
    assert not journal_of(repo, ENV).read()


def test_git_that_cannot_be_written_is_written_later(bare: Repository, tmp_path: Path) -> None:
    work = clone(bare, tmp_path / "work")
    first, second = versions(work, 2)
    promote(work, first, ENV, by="ci")
    promote(work, second, ENV, by="ci")
    entry = fail(work, second, running="1")
    bare.git_dir.rename(tmp_path / "away")
    with pytest.raises(ToolFailed):
        settle(work, ENV, by="ci", sink=print)
    assert journal_of(work, ENV).read() == [entry]
    (tmp_path / "away").rename(bare.git_dir)
    settle(work, ENV, by="ci", sink=print)
    assert read_desired(bare, ENV)[MODEL].version == "1"
    assert journal_of(work, ENV).read() == []


def test_a_journal_cut_off_by_a_kill_is_read_and_added_to(repo: Repository) -> None:
    journal = journal_of(repo, ENV)
    first, second = Entry("a", "1", "t", ""), Entry("a", "2", "t", "")
    journal.add(first)
    with journal.file.open("a") as file:
        file.write('{"model": "a", "ver')
    journal.add(second)
    assert journal.read() == [first, second]
    journal.drop([first])
    assert journal.read() == [second]
    assert replace(second, bad=True) != second


def test_what_put_a_version_where_it_is(repo: Repository) -> None:
    first, second = versions(repo, 2)
    promote(repo, first, ENV, by="ci")
    put = promote(repo, second, ENV, by="ci").commit
    hold(repo, MODEL, ENV, reason="audit", by="ada")
    lift(repo, MODEL, ENV, by="ada")
    tip = env_tip(repo, ENV)
    assert tip is not None
    assert promoted_by(repo, tip, now(repo)) == put
    assert promoted_by(repo, tip, Desired(MODEL)) is None
