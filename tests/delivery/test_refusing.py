"""What a deployment refuses before it touches anything: nothing runs in these tests."""

from dataclasses import replace

import pytest

from gitmodel.delivery.deploy import Deployed, Options, deploy
from gitmodel.delivery.failing import back_out
from gitmodel.delivery.journal import Entry, journal_of
from gitmodel.delivery.outcomes import read_outcomes
from gitmodel.delivery.promotion import promote, rollback
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import env_tip
from gitmodel.registry.versions import Version
from tests.delivery.test_promotion import MODEL, versions

FROZEN = "windows: {freeze: [{from: 2000-01-01, to: 2999-12-31, reason: an audit}]}\n"


def define(repo: Repository, more: str = "") -> None:
    folder = repo.state / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "local.yaml").write_text(f"name: local\nport: 1\n{more}")


def run(repo: Repository, **options: str) -> tuple[Deployed, list[str]]:
    lines: list[str] = []
    (done,) = deploy(repo, "local", by="ada", sink=lines.append, options=Options(**options))  # type: ignore[arg-type]
    return done, lines


def failed(version: Version, *, running: str = "") -> Entry:
    entry = Entry(MODEL, version.version, "", "", bad=True, object=str(version.object), reason="no")
    return replace(entry, running=running)


def test_nothing_is_rolled_out_in_a_freeze(repo: Repository) -> None:
    define(repo, FROZEN)
    first, second = versions(repo, 2)
    promote(repo, first, "local", by="ada")
    done, lines = run(repo)
    assert (done.outcome, done.exit_code) == ("frozen", 1)
    assert "until 3000-01-01 00:00 UTC (2000-01-01 to 2999-12-31: an audit)" in lines[-1]
    tip = env_tip(repo, "local")
    assert tip is not None
    assert not read_outcomes(repo, [tip])
    passed, _ = run(repo, override="the fix for the outage")
    assert passed.outcome == "failed"  # it was tried: this model has no file that could be packaged
    assert read_outcomes(repo, [tip])[0].reason == passed.reason
    promote(repo, second, "local", by="ada")
    rollback(repo, MODEL, "local", reason="Too many complaints", by="ada")
    assert run(repo)[0].outcome == "failed"  # a rollback passes


@pytest.mark.parametrize("is_written", [True, False])
def test_a_bad_version_is_not_tried_again(repo: Repository, *, is_written: bool) -> None:
    define(repo)
    (first,) = versions(repo, 1)
    promote(repo, first, "local", by="ada")
    if is_written:
        back_out(repo, "local", failed(first), by="ada")
    done, lines = run(repo)
    assert (done.outcome, done.exit_code) == (("held", 1) if is_written else ("failed", 2))
    assert any("--lift" in line for line in lines) is is_written


def test_what_git_does_not_know_yet_is_not_tried_again_either(repo: Repository) -> None:
    define(repo)
    first, second = versions(repo, 2)
    promote(repo, first, "local", by="ada")
    promote(repo, second, "local", by="ada")
    journal_of(repo, "local").add(failed(second, running="1"))
    done, _ = run(repo)
    assert done.version == "1"  # written first, then read
    assert read_desired(repo, "local")[MODEL].is_rollback


def test_a_tag_that_is_gone_is_named(repo: Repository) -> None:
    define(repo)
    (first,) = versions(repo, 1)
    promote(repo, first, "local", by="ada")
    repo.git("tag", "-d", first.tag)
    done, _ = run(repo)
    assert (done.outcome, done.exit_code, done.bad_version) == ("failed", 2, False)
    assert first.tag in done.reason
    assert read_desired(repo, "local")[MODEL].hold is None
