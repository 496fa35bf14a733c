"""Issues on both forges: opened once, followed by comments, closed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.forges import Forge, Issue
from gitmodel.forges.github import GitHub
from gitmodel.forges.gitlab import GitLab
from gitmodel.forges.problems import hidden, marked
from tests.forges import github_server, gitlab_server
from tests.forges.github_api import needs_description
from tests.forges.github_server import GitHubState, github
from tests.forges.gitlab_server import GitLabState, gitlab
from tests.forges.server import Answer, Request

OPENED = Issue("incident/1f", "2026-10-31T00:00:00Z", "spam in live", "it broke")
WORSE = replace(OPENED, comments=(("step/1", "worse"), ("step/2", "trained")))
OVER = replace(WORSE, comments=(*WORSE.comments, ("step/3", "well again")), is_over=True)
Played = tuple[Forge, Any]


@pytest.fixture(params=[pytest.param("github", marks=needs_description), "gitlab"])
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    if request.param == "github":
        with github() as state:
            yield GitHub(state.name, "ghs_averysecretword", state.server.url, patience=1.0), state
            assert state.server.problems == []
    else:
        with gitlab() as lab:
            yield GitLab("5", "glpat-averysecretword", lab.server.url, patience=1.0), lab
            assert lab.server.problems == []


def bodies(state: GitHubState | GitLabState, number: int = 1) -> list[str]:
    """Return the texts of an issue, the description first."""
    issue = state.issues[number]
    if isinstance(state, GitHubState):
        return [issue["body"], *(each["body"] for each in state.comments.get(number, []))]
    return [issue["description"], *(each["body"] for each in state.issue_notes.get(number, []))]


def test_an_issue_is_opened_once_and_closed(played: Played) -> None:
    forge, state = played
    urls = {forge.sync_issue(wanted) for wanted in (OPENED, OPENED, WORSE, WORSE, OVER, OVER)}
    assert list(state.issues) == [1]
    assert urls == {state.issues[1].get("html_url") or state.issues[1]["web_url"]}
    assert bodies(state) == [
        marked(marker, text) for marker, text in (("incident/1f", "it broke"), *OVER.comments)
    ]
    assert state.issues[1]["state"] == "closed"
    assert state.issues[1]["title"] == "spam in live"
    assert "gitmodel" in state.issues[1]["labels"]


def test_what_people_did_with_it_stays(played: Played) -> None:
    forge, state = played
    forge.sync_issue(OPENED)
    state.issues[1]["state"] = "closed"
    forge.sync_issue(WORSE)
    assert len(bodies(state)) == 3
    assert (list(state.issues), state.issues[1]["state"]) == ([1], "closed")


def test_an_issue_of_another_is_not_ours(played: Played) -> None:
    forge, state = played
    person = (github_server if isinstance(state, GitHubState) else gitlab_server).PERSON
    state.add_issue(marked("incident/1f", "I pretend"), person)
    forge.sync_issue(OVER)
    assert [issue["state"] for issue in state.issues.values()][1] == "closed"
    assert state.issues[1]["state"] in ("open", "opened")
    assert bodies(state) == [marked("incident/1f", "I pretend")]


def test_it_is_found_among_many(played: Played) -> None:
    forge, state = played
    for number in range(230):
        state.add_issue(f"talk {number}")
    forge.sync_issue(OPENED)
    forge.sync_issue(WORSE)
    assert len(state.issues) == 231
    assert len(bodies(state, 231)) == 3


def test_jobs_at_once_leave_one_open(played: Played) -> None:
    forge, state = played
    jobs = [replace(forge) for _ in range(4)]  # type: ignore[type-var]
    with ThreadPoolExecutor(4) as pool:
        urls = list(pool.map(lambda job: job.sync_issue(WORSE), jobs))
    still = [number for number, each in state.issues.items() if each["state"] in ("open", "opened")]
    assert still == [1]
    assert set(map(hidden, ("step/1", "step/2"))) <= {body.partition("\n")[0] for body in bodies(state)}
    assert all(url.endswith("/1") for url in urls)


def test_a_right_that_is_missing_is_named(played: Played) -> None:
    forge, state = played
    told = []

    def refusing(request: Request) -> Answer:
        told.append(request)
        allowed = request.method == "GET"
        return state.act(request) if allowed else Answer(403, {"message": "Resource not accessible"})

    state.server.act = refusing
    with pytest.raises(ToolFailed) as failed:
        forge.sync_issue(OPENED)
    assert "refused to write an issue (403)" in failed.value.message
    assert ("`issues: write`" if isinstance(forge, GitHub) else "the scope `api`") in (
        failed.value.hint or ""
    )


def test_too_many_requests_are_waited_for(played: Played) -> None:
    forge, state = played
    state.server.next += [Answer(429, {"message": "slow down"}, {"Retry-After": "0"})]
    forge.sync_issue(OPENED)
    assert len(state.issues) == 1
