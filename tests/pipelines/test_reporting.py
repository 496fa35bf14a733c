"""A pull request's report, posted: to a forge that answers, one that does not, and one that has moved on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.forges.github import GitHub
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.reporting import report
from gitmodel.pipelines.results import Result, write_result
from tests.forges.github_api import needs_description
from tests.forges.github_server import GitHubState, github
from tests.pipelines.forge_jobs import Played, model_files, played

RESULTS, REPORT = Path("gitmodel-results"), Path("gitmodel-report")


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return played(tmp_path, monkeypatch, {**model_files("alpha"), **model_files("beta")})


@pytest.fixture
def state() -> Iterator[GitHubState]:
    with github() as made:
        yield made
        assert made.server.problems == []


def failed(forge: Played, api: str) -> tuple[Job, str]:
    """Start the report of a pull request whose one model failed to train."""
    base = forge.head()
    head = forge.commit({"models/alpha/params.yaml": "depth: 99\n"}, branch="topic")
    job = forge.pull_request(7, head, base)
    result = Result("alpha", head, failure="the stage failed", log=("AssertionError: depth 99 is too deep",))
    write_result(RESULTS, result)
    return replace(job, forge=GitHub("acme/models", "ghs_secret", api, patience=0.5)), head


@needs_description
def test_a_failure_is_told_with_its_log_and_the_comment_changes_in_place(
    forge: Played, state: GitHubState
) -> None:
    job, head = failed(forge, state.server.url)
    state.add_pull(7, head, "topic")
    for _ in range(2):
        assert report(job, RESULTS, REPORT, forge.said.append) == 1
    (comment,) = state.comments[7]
    assert "depth 99 is too deep" in comment["body"]
    assert head[:7] in comment["body"]
    assert state.statuses[head][-1]["state"] == "failure"
    assert "depth 99 is too deep" in (forge.folder / f"summary-{forge.jobs}").read_text()


@needs_description
def test_a_head_that_was_pushed_meanwhile_keeps_its_comment(forge: Played, state: GitHubState) -> None:
    job, head = failed(forge, state.server.url)
    state.add_pull(7, "5" * 40, "topic")
    assert report(job, RESULTS, REPORT, forge.said.append) == 1
    assert 7 not in state.comments
    assert state.statuses[head][-1]["state"] == "failure"
    assert "#7 is at 5555555555 by now" in forge.text


def test_a_forge_that_is_down_loses_nothing(forge: Played) -> None:
    job, _ = failed(forge, "http://127.0.0.1:9")
    with pytest.raises(ToolFailed, match="GitHub does not answer") as caught:
        report(job, RESULTS, REPORT, forge.said.append)
    assert caught.value.exit_code == 3
    assert "results are kept" in caught.value.hint
    assert "ghs_secret" not in str(caught.value) + caught.value.detail
    for name in ("report.json", "report.md", "report.html"):
        assert "alpha" in (REPORT / name).read_text()
    assert "alpha" in (forge.folder / f"summary-{forge.jobs}").read_text()


def test_a_change_that_touches_nothing_passes(forge: Played) -> None:
    base = forge.head()
    head = forge.commit({"README.md": "words\n"}, branch="topic")
    assert report(forge.pull_request(7, head, base), RESULTS, REPORT, forge.said.append) == 0
    assert "no model is touched" in (REPORT / "report.md").read_text().lower()
