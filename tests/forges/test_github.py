"""GitHub, through PyGithub, against a server that knows GitHub's own description of its API."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.forges import open_forge
from gitmodel.forges.github import GitHub
from gitmodel.forges.problems import hidden, marked
from tests.forges.github_api import needs_description
from tests.forges.github_server import BOT, PERSON, GitHubState, github
from tests.forges.server import Answer, Request

pytestmark = needs_description
HEAD = "ab" * 20
TOKEN = "ghs_averysecretword"


@pytest.fixture
def state() -> Iterator[GitHubState]:
    with github() as played:
        played.add_pull(7, HEAD, "feature")
        yield played
        assert played.server.problems == []


@pytest.fixture
def forge(state: GitHubState) -> GitHub:
    return GitHub(state.name, TOKEN, state.server.url, patience=1.0)


def bodies(state: GitHubState, number: int = 7) -> list[str]:
    return [comment["body"] for comment in state.comments.get(number, [])]


def test_is_found_by_the_variables_of_a_job(state: GitHubState) -> None:
    found = open_forge(state.environ(TOKEN))
    assert isinstance(found, GitHub)
    assert TOKEN not in repr(found)
    assert open_forge({"GITHUB_REPOSITORY": "acme/models"}) is None


def test_a_comment_is_written_once_and_changed_in_place(state: GitHubState, forge: GitHub) -> None:
    first = forge.comment(7, "gitmodel", "one")
    second = forge.comment(7, "gitmodel", "two")
    assert first == second == state.comments[7][0]["html_url"]
    assert bodies(state) == [marked("gitmodel", "two")]


def test_each_pipeline_has_a_comment_of_its_own(state: GitHubState, forge: GitHub) -> None:
    for name in ("gitmodel", "nightly", "gitmodel"):
        forge.comment(7, name, name)
    assert bodies(state) == [marked("gitmodel", "gitmodel"), marked("nightly", "nightly")]


def test_a_comment_beyond_the_first_page_is_found(state: GitHubState, forge: GitHub) -> None:
    for number in range(230):
        state.add_comment(7, f"talk {number}", PERSON)
    state.add_comment(7, marked("gitmodel", "old"))
    forge.comment(7, "gitmodel", "new")
    assert len(bodies(state)) == 231
    assert bodies(state)[-1] == marked("gitmodel", "new")


def test_what_a_person_wrote_is_not_changed(state: GitHubState, forge: GitHub) -> None:
    state.add_comment(7, marked("gitmodel", "I quote you"), PERSON)
    forge.comment(7, "gitmodel", "report")
    assert bodies(state) == [marked("gitmodel", "I quote you"), marked("gitmodel", "report")]


def test_of_two_comments_the_older_stays(state: GitHubState, forge: GitHub) -> None:
    state.add_comment(7, marked("gitmodel", "first"), BOT)
    state.add_comment(7, marked("gitmodel", "second"), BOT)
    forge.comment(7, "gitmodel", "third")
    assert bodies(state) == [marked("gitmodel", "third")]


def test_what_nobody_wrote_any_more_is_passed_over(state: GitHubState, forge: GitHub) -> None:
    state.add_comment(7, marked("gitmodel", "of an account that was deleted"), None)
    forge.comment(7, "gitmodel", "report")
    assert bodies(state)[1:] == [marked("gitmodel", "report")]


def test_a_comment_that_was_deleted_meanwhile_is_written_anew(state: GitHubState, forge: GitHub) -> None:
    forge.comment(7, "gitmodel", "one")

    def deleting(request: Request) -> Answer:
        if request.method == "PATCH":
            state.comments[7].clear()
        return state.act(request)

    state.server.act = deleting
    forge.comment(7, "gitmodel", "two")
    assert bodies(state) == [marked("gitmodel", "two")]


def test_jobs_at_once_leave_one_comment(state: GitHubState, forge: GitHub) -> None:
    jobs = [replace(forge) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        urls = list(pool.map(lambda job: job.comment(7, "gitmodel", "report"), jobs))
    assert bodies(state) == [marked("gitmodel", "report")]
    assert state.comments[7][0]["html_url"] in urls


def test_a_closed_pull_request_takes_comments(state: GitHubState, forge: GitHub) -> None:
    state.pulls[7]["state"] = "closed"
    forge.comment(7, "gitmodel", "report")
    assert bodies(state) == [marked("gitmodel", "report")]


def test_a_marker_cannot_end_its_comment() -> None:
    assert hidden("x --> <b>").count("-->") == 1
    assert hidden("x --> <b>").endswith("-->")
    assert hidden("a-b") != hidden("a/b")


def test_a_status_is_set_and_its_words_are_cut(state: GitHubState, forge: GitHub) -> None:
    forge.status(HEAD, "gitmodel", "failure", "w" * 300, "https://forge.invalid/1")
    (status,) = state.statuses[HEAD]
    assert status["state"] == "failure"
    assert status["context"] == "gitmodel"
    assert len(status["description"]) == 140


def test_pull_requests_are_read(state: GitHubState, forge: GitHub) -> None:
    state.add_pull(8, "3" * 40, "patch-1", repo="stranger/models", draft=True)
    state.add_pull(9, "4" * 40, "gone", repo=None, state="closed", merged_at="2026-11-01T00:00:00Z")
    own = forge.pull_request(7)
    assert (own.number, own.state, own.fork, own.head) == (7, "open", False, HEAD)
    (theirs,) = forge.open_pull_requests("stranger", "patch-1")
    assert (theirs.number, theirs.fork, theirs.draft) == (8, True, True)
    assert forge.pull_request(9).state == "merged"


def test_a_pull_request_is_proposed_once(state: GitHubState, forge: GitHub) -> None:
    first = forge.propose("promote/staging/wine", "env/staging", "Promote wine v1", "text")
    again = forge.propose("promote/staging/wine", "env/staging", "Promote wine v2", "other")
    assert first.number == again.number == 8
    assert state.pulls[8]["title"] == "Promote wine v2"
    assert state.pulls[8]["body"] == "other"


def test_a_pull_request_of_a_fork_is_not_taken_for_ours(state: GitHubState, forge: GitHub) -> None:
    """A fork of the same owner has the same label; what it proposes must not become the promotion."""
    state.add_pull(8, "3" * 40, "promote/staging/wine", "env/staging", repo="acme/fork", state="open")
    made = forge.propose("promote/other/wine", "env/staging", "Promote wine v1", "text")
    assert made.number == 9
    state.server.next = [None, None]
    with pytest.raises(ToolFailed, match="422"):  # GitHub itself has one a label
        forge.propose("promote/staging/wine", "env/staging", "Promote wine v1", "text")
    assert state.pulls[8]["title"] == ""


def test_what_another_job_has_just_proposed_is_found(state: GitHubState, forge: GitHub) -> None:
    first = forge.propose("promote/staging/wine", "env/staging", "Promote wine v1", "text")
    state.server.next = [Answer(200, [])]  # asked a moment too early
    again = forge.propose("promote/staging/wine", "env/staging", "Promote wine v2", "text")
    assert first.number == again.number
    assert state.pulls[first.number]["title"] == "Promote wine v2"


def test_a_pipeline_is_started(state: GitHubState, forge: GitHub) -> None:
    page = forge.dispatch({"action": "monitor", "model": "wine"}, "main")
    assert page == f"{state.server.url}/acme/models/actions"
    assert state.dispatches == [
        {"event_type": "gitmodel", "client_payload": {"action": "monitor", "model": "wine"}}
    ]


def test_schedules_that_are_off_are_named(state: GitHubState, forge: GitHub) -> None:
    state.workflows = {
        ".github/workflows/gitmodel.yml": "disabled_inactivity",
        ".github/workflows/other.yml": "active",
    }
    (told,) = forge.switched_off_schedules()
    assert "gitmodel.yml" in told
    assert "60 days" in told


@pytest.mark.parametrize(
    "first",
    [
        Answer(503, {"message": "unavailable"}),
        Answer(502),
        Answer(429, {"message": "slow down"}),
        Answer(403, {"message": "You have exceeded a secondary rate limit"}, {"Retry-After": "0"}),
        Answer(cut=True),
    ],
)
def test_what_passes_is_tried_again(state: GitHubState, forge: GitHub, first: Answer) -> None:
    state.server.next = [first, first]
    forge.comment(7, "gitmodel", "report")
    assert bodies(state) == [marked("gitmodel", "report")]


def test_edits_are_tried_again_too(state: GitHubState, forge: GitHub) -> None:
    forge.comment(7, "gitmodel", "one")
    state.server.next = [None, Answer(503), Answer(503)]
    forge.comment(7, "gitmodel", "two")
    assert [each.method for each in state.server.requests[-3:]] == ["PATCH"] * 3
    assert bodies(state) == [marked("gitmodel", "two")]


def test_an_answer_that_was_lost_leaves_one_comment(state: GitHubState, forge: GitHub) -> None:
    def losing(request: Request) -> Answer:
        state.server.act = state.act if request.method == "POST" else losing
        done = state.act(request)
        return Answer(cut=True) if request.method == "POST" else done

    state.server.act = losing
    forge.comment(7, "gitmodel", "report")
    assert [each.method for each in state.server.requests].count("POST") == 2
    assert bodies(state) == [marked("gitmodel", "report")]


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (Answer(403, {"message": "slow"}, {"Retry-After": "3600"}), "too many requests"),
        (Answer(429, {"message": "slow"}, {"Retry-After": "3600"}), "too many requests"),
        (
            Answer(403, {"message": "API rate limit exceeded"}, {"X-RateLimit-Remaining": "0"}),
            "too many requests",
        ),
        (Answer(503, {"message": "slow"}, {"Retry-After": "3600"}), "run the job again later"),
        (Answer(500, {"message": "slow"}), "run the job again later"),
    ],
)
def test_patience_ends_and_the_words_are_told(
    state: GitHubState, forge: GitHub, answer: Answer, hint: str
) -> None:
    state.server.next = [answer] * 20
    begun = time.monotonic()
    with pytest.raises(ToolFailed, match=str(answer.status)) as caught:
        forge.status(HEAD, "gitmodel", "success", "well", "")
    assert time.monotonic() - begun < 5
    assert hint in caught.value.hint
    assert "the token needs" not in caught.value.hint
    state.server.next.clear()


def test_waiting_is_bounded_over_all_that_a_job_asks(state: GitHubState, forge: GitHub) -> None:
    state.server.next = [Answer(429, {"message": "slow"}, {"Retry-After": "1"}), None]
    forge.status(HEAD, "gitmodel", "pending", "", "")
    state.server.next = [Answer(429, {"message": "slow"}, {"Retry-After": "1"}), None]
    with pytest.raises(ToolFailed, match="429"):
        forge.status(HEAD, "gitmodel", "success", "", "")


def test_the_token_is_in_no_log(state: GitHubState, forge: GitHub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        state.server.next = [Answer(503), None, Answer(401, {"message": "Bad credentials"})]
        with pytest.raises(ToolFailed, match="401") as caught:
            forge.comment(7, "gitmodel", "report")
    assert state.server.requests[0].headers["authorization"].endswith(TOKEN)
    assert TOKEN not in caplog.text + repr(caught.value) + str(vars(caught.value))


def test_a_long_limit_is_not_waited_for(state: GitHubState, forge: GitHub) -> None:
    limited = Answer(
        403, {"message": "API rate limit exceeded for installation"}, {"X-RateLimit-Reset": "4102444800"}
    )
    state.server.next = [limited] * 9
    with pytest.raises(ToolFailed) as caught:
        forge.comment(7, "gitmodel", "report")
    assert "rate limit" in caught.value.detail
    assert "too many requests" in caught.value.hint
    assert TOKEN not in str(vars(caught.value))


def test_a_missing_right_is_named(state: GitHubState, forge: GitHub) -> None:
    refusal = Answer(
        403,
        {"message": "Resource not accessible by integration"},
        {"X-Accepted-GitHub-Permissions": "statuses=write"},
    )
    state.server.next = [refusal]
    with pytest.raises(ToolFailed) as caught:
        forge.status(HEAD, "gitmodel", "success", "well", "")
    assert "statuses: write" in caught.value.hint
    assert "statuses=write" in caught.value.hint
    assert "not accessible" in caught.value.detail


def test_the_setting_that_forbids_pull_requests_is_named(state: GitHubState, forge: GitHub) -> None:
    words = "GitHub Actions is not permitted to create or approve pull requests."
    state.server.next = [None, Answer(403, {"message": words})]
    with pytest.raises(ToolFailed, match="refused to open a pull request") as caught:
        forge.propose("a", "main", "t", "b")
    assert "Allow GitHub Actions" in caught.value.hint


def test_what_does_not_exist_is_said(forge: GitHub) -> None:
    with pytest.raises(ToolFailed, match="404") as caught:
        forge.comment(404, "gitmodel", "report")
    assert "may not see it" in caught.value.hint


def test_nobody_answers() -> None:
    forge = GitHub("acme/models", TOKEN, "http://127.0.0.1:9", patience=0.1)
    with pytest.raises(ToolFailed, match="does not answer") as caught:
        forge.comment(7, "gitmodel", "report")
    assert "run the job again" in caught.value.hint
    assert TOKEN not in f"{caught.value.message} {caught.value.detail}"
