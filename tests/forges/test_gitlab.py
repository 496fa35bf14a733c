"""GitLab, through python-gitlab, against a server that plays it."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.forges import open_forge
from gitmodel.forges.gitlab import GitLab
from gitmodel.forges.problems import marked
from tests.forges.gitlab_server import ME, PERSON, GitLabState, gitlab
from tests.forges.server import Answer, Request

HEAD = "ab" * 20
TOKEN = "glpat-averysecretword"


@pytest.fixture
def state() -> Iterator[GitLabState]:
    with gitlab() as played:
        played.add_request(7, HEAD, "feature")
        yield played
        assert played.server.problems == []


@pytest.fixture
def forge(state: GitLabState) -> GitLab:
    found = open_forge(state.environ(TOKEN))
    assert isinstance(found, GitLab)
    return found


def bodies(state: GitLabState) -> list[str]:
    return [note["body"] for note in state.notes.get(7, [])]


def test_a_note_is_written_once_and_changed_in_place(state: GitLabState, forge: GitLab) -> None:
    assert TOKEN not in repr(forge)
    first = forge.comment(7, "gitmodel", "one")
    assert first == forge.comment(7, "gitmodel", "two")
    assert first.endswith("/merge_requests/7#note_1")
    assert bodies(state) == [marked("gitmodel", "two")]


def test_a_note_beyond_the_first_page_is_found(state: GitLabState, forge: GitLab) -> None:
    for number in range(230):
        state.add_note(7, f"talk {number}", PERSON)
    state.add_note(7, marked("gitmodel", "old"), ME)
    state.add_note(7, marked("gitmodel", "quoted"), PERSON)
    forge.comment(7, "gitmodel", "new")
    assert bodies(state)[-2:] == [marked("gitmodel", "new"), marked("gitmodel", "quoted")]


def test_a_note_that_was_deleted_meanwhile_is_written_anew(state: GitLabState, forge: GitLab) -> None:
    forge.comment(7, "gitmodel", "one")

    def deleting(request: Request) -> Answer:
        if request.method == "PUT":
            state.notes[7].clear()
        return state.act(request)

    state.server.act = deleting
    forge.comment(7, "gitmodel", "two")
    assert bodies(state) == [marked("gitmodel", "two")]


def test_jobs_at_once_leave_one_note(state: GitLabState, forge: GitLab) -> None:
    jobs = [replace(forge) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda job: job.comment(7, "gitmodel", "report"), jobs))
    assert bodies(state) == [marked("gitmodel", "report")]


def test_a_status_is_set(state: GitLabState, forge: GitLab) -> None:
    forge.status(HEAD, "gitmodel", "failure", "w" * 300, "")
    (status,) = state.statuses[HEAD]
    assert (status["state"], status["name"], len(status["description"])) == ("failed", "gitmodel", 255)


def test_merge_requests_are_read(state: GitLabState, forge: GitLab) -> None:
    state.add_request(8, "3" * 40, "patch-1", source_project_id=6, draft=True)
    state.add_request(9, "4" * 40, "done", state="merged")
    own = forge.pull_request(7)
    assert (own.number, own.state, own.fork, own.head) == (7, "open", False, HEAD)
    (theirs,) = forge.open_pull_requests("stranger", "patch-1")
    assert (theirs.number, theirs.fork, theirs.draft) == (8, True, True)
    assert forge.pull_request(9).state == "merged"


def test_a_merge_request_is_proposed_once(state: GitLabState, forge: GitLab) -> None:
    first = forge.propose("promote/staging/wine", "env/staging", "Promote wine v1", "text")
    again = forge.propose("promote/staging/wine", "env/staging", "Promote wine v2", "other")
    assert first.number == again.number == 8
    assert (state.requests[8]["title"], state.requests[8]["description"]) == ("Promote wine v2", "other")


def test_a_merge_request_of_a_fork_is_not_taken_for_ours(state: GitLabState, forge: GitLab) -> None:
    """A stranger's branch may bear the name of ours; what it holds must not become the promotion."""
    state.add_request(8, "3" * 40, "promote/staging/wine", "env/staging", source_project_id=6)
    made = forge.propose("promote/staging/wine", "env/staging", "Promote wine v1", "text")
    assert (made.number, made.fork) == (9, False)
    assert state.requests[8]["title"] == ""


def test_what_another_job_has_just_proposed_is_found(state: GitLabState, forge: GitLab) -> None:
    first = forge.propose("promote/staging/wine", "env/staging", "Promote wine v1", "text")
    state.server.next = [Answer(200, [])]  # asked a moment too early
    again = forge.propose("promote/staging/wine", "env/staging", "Promote wine v2", "text")
    assert first.number == again.number
    assert state.requests[first.number]["title"] == "Promote wine v2"


def test_a_pipeline_is_started(state: GitLabState, forge: GitLab) -> None:
    page = forge.dispatch({"action": "monitor", "model": "wine"}, "main")
    assert page == "https://gitlab.invalid/-/pipelines/1"
    (started,) = state.pipelines
    assert started["ref"] == "main"
    assert started["variables"] == [
        {"key": "GITMODEL_ACTION", "value": "monitor"},
        {"key": "GITMODEL_MODEL", "value": "wine"},
    ]


def test_schedules_that_are_off_are_named(state: GitLabState, forge: GitLab) -> None:
    state.schedules = [
        {"id": 1, "description": "gitmodel: wine", "active": False},
        {"id": 2, "description": "other", "active": True},
    ]
    (told,) = forge.switched_off_schedules()
    assert "gitmodel: wine" in told


def test_schedules_are_made_changed_and_removed(state: GitLabState, forge: GitLab) -> None:
    state.schedules = [
        {"id": 1, "description": "nightly tests", "active": True, "cron": "0 1 * * *", "ref": "main"}
    ]
    assert forge.sync_schedules({"0 3 * * 1", "0 4 * * *"}, "main") == ["made: 0 3 * * 1", "made: 0 4 * * *"]
    monday = state.schedules[1]
    assert (monday["cron"], monday["cron_timezone"], monday["ref"]) == ("0 3 * * 1", "UTC", "main")
    assert monday["variables"] == [{"key": "GITMODEL_SCHEDULE", "value": "0 3 * * 1"}]
    assert forge.sync_schedules({"0 3 * * 1", "0 4 * * *"}, "main") == []
    assert forge.sync_schedules({"0 4 * * *"}, "trunk") == ["removed: 0 3 * * 1", "changed: 0 4 * * *"]
    kept = [(each["description"], each["cron"], each["ref"]) for each in state.schedules]
    assert kept == [("nightly tests", "0 1 * * *", "main"), ("gitmodel: 0 4 * * *", "0 4 * * *", "trunk")]


def test_schedules_beyond_the_first_page_are_removed_too(state: GitLabState, forge: GitLab) -> None:
    """Removing while one turns pages would pass some over."""
    state.schedules = [
        {"id": number, "description": f"gitmodel: {number}", "active": True} for number in range(230)
    ]
    assert len(forge.sync_schedules((), "main")) == 230
    assert state.schedules == []


def test_a_schedule_that_was_changed_by_hand_is_set_right(state: GitLabState, forge: GitLab) -> None:
    forge.sync_schedules({"0 3 * * 1"}, "main")
    state.schedules[0].update(cron="1 1 * * *", active=False)
    assert forge.sync_schedules({"0 3 * * 1"}, "main") == ["changed: 0 3 * * 1"]
    assert (state.schedules[0]["cron"], state.schedules[0]["active"]) == ("0 3 * * 1", False)


def test_a_schedule_that_was_half_made_is_made_again(state: GitLabState, forge: GitLab) -> None:
    state.server.next = [None, None, Answer(400, {"message": "no"})]  # its variable
    with pytest.raises(ToolFailed):
        forge.sync_schedules({"0 3 * * 1"}, "main")
    assert len(state.schedules) == 1
    forge.sync_schedules({"0 3 * * 1"}, "main")
    (made,) = state.schedules
    assert (made["description"], len(made["variables"])) == ("gitmodel: 0 3 * * 1", 1)


@pytest.mark.parametrize("status", [429, 503])
def test_patience_ends_and_the_words_are_told(state: GitLabState, forge: GitLab, status: int) -> None:
    impatient = replace(forge, patience=1.0)
    state.server.next = [Answer(status, {"message": "slow down"}, {"Retry-After": "3600"})] * 20
    begun = time.monotonic()
    with pytest.raises(ToolFailed, match=str(status)) as caught:
        impatient.status(HEAD, "gitmodel", "success", "well", "")
    assert time.monotonic() - begun < 5
    assert "slow down" in caught.value.detail
    assert "later" in caught.value.hint
    state.server.next.clear()


def test_the_token_is_in_no_log(state: GitLabState, forge: GitLab, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        state.server.next = [Answer(503), None, Answer(401, {"message": "401 Unauthorized"})]
        with pytest.raises(ToolFailed, match="401") as caught:
            forge.comment(7, "gitmodel", "report")
    assert state.server.requests[0].headers["private-token"] == TOKEN
    assert TOKEN not in caplog.text + repr(caught.value) + str(vars(caught.value))


@pytest.mark.parametrize(
    "first", [Answer(503), Answer(429, {"message": "slow"}, {"Retry-After": "0"}), Answer(cut=True)]
)
def test_what_passes_is_tried_again(state: GitLabState, forge: GitLab, first: Answer) -> None:
    state.server.next = [first]
    forge.comment(7, "gitmodel", "report")
    assert bodies(state) == [marked("gitmodel", "report")]


def test_a_missing_right_is_named(state: GitLabState, forge: GitLab) -> None:
    state.server.next = [Answer(403, {"message": "403 Forbidden"})]
    with pytest.raises(ToolFailed, match="refused to set the status") as caught:
        forge.status(HEAD, "gitmodel", "success", "well", "")
    assert "project access token" in caught.value.hint
    assert TOKEN not in str(vars(caught.value))


def test_nobody_answers() -> None:
    forge = GitLab("5", TOKEN, "http://127.0.0.1:9", patience=1.0)
    with pytest.raises(ToolFailed, match="does not answer") as caught:
        forge.status(HEAD, "gitmodel", "success", "well", "")
    assert TOKEN not in f"{caught.value.message} {caught.value.detail}"
