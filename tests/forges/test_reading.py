"""What started a job, read from the forge's variables; texts of outsiders stay plain data."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.forges import encode_event, read_event
from gitmodel.forges.event import Event, decode_event
from gitmodel.forges.outputs import add_summary, set_outputs

A, B, ZEROS = "a" * 40, "b" * 40, "0" * 40
REPOSITORY = {"default_branch": "trunk", "full_name": "acme/models"}
HOSTILE = "x;$(touch pwned)`id`${{ github.token }}\n::set-output name=a::b"


def github(tmp_path: Path, name: str, payload: dict[str, Any], **more: str) -> Event:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"repository": REPOSITORY, **payload}))
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(file),
        "GITHUB_SHA": A,
        "GITHUB_REF": "refs/heads/trunk",
        "GITHUB_ACTOR": "ada",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/models",
        "GITHUB_RUN_ID": "7",
        **more,
    }
    found = read_event(environ)
    assert found is not None
    return found


def request(**more: Any) -> dict[str, Any]:
    head = {"sha": B, "ref": HOSTILE, "repo": {"full_name": "acme/models"}}
    return {"pull_request": {"number": 5, "state": "open", "head": head, "base": {"sha": A}, **more}}


def test_at_a_desk_there_is_none() -> None:
    assert read_event({}) is None
    assert read_event({"GITHUB_EVENT_NAME": "push"}) is None


def test_a_push(tmp_path: Path) -> None:
    found = github(tmp_path, "push", {"before": A, "after": B})
    assert (found.kind, found.base, found.head, found.default_branch) == ("push", A, B, "trunk")
    assert found.run_url == "https://github.com/acme/models/actions/runs/7"
    assert github(tmp_path, "push", {"before": ZEROS, "after": B}).base is None


@pytest.mark.parametrize(
    ("ref", "kind"),
    [("refs/tags/wine@v3", "tag"), ("refs/heads/env/staging", "environment"), ("refs/heads/topic", "push")],
)
def test_what_was_pushed(tmp_path: Path, ref: str, kind: str) -> None:
    assert github(tmp_path, "push", {"before": A, "after": B}, GITHUB_REF=ref).kind == kind


def test_a_pull_request_is_about_its_head_and_not_the_merge(tmp_path: Path) -> None:
    found = github(tmp_path, "pull_request", request(), GITHUB_REF="refs/pull/5/merge")
    assert (found.kind, found.number, found.head, found.base, found.fork) == ("pull_request", 5, B, A, False)
    assert found.ref == f"refs/heads/{HOSTILE}"
    assert not found.closed


@pytest.mark.parametrize("repo", [{"full_name": "stranger/models"}, None])
def test_a_fork_also_where_it_was_deleted(tmp_path: Path, repo: object) -> None:
    assert github(tmp_path, "pull_request", request(head={"sha": B, "ref": "x", "repo": repo})).fork


def test_a_closed_pull_request(tmp_path: Path) -> None:
    assert github(tmp_path, "pull_request", request(state="closed")).closed


def test_a_schedule_and_a_dispatch(tmp_path: Path) -> None:
    found = github(tmp_path, "schedule", {"schedule": "0 3 * * 1"})
    assert (found.kind, found.schedule, found.head) == ("schedule", "0 3 * * 1", A)
    inputs = {"action": "deliver", "model": HOSTILE, "version": "", "other": "x"}
    found = github(tmp_path, "workflow_dispatch", {"inputs": inputs})
    assert (found.kind, found.inputs) == ("dispatch", {"action": "deliver", "model": HOSTILE})
    found = github(tmp_path, "repository_dispatch", {"client_payload": {"model": "wine"}})
    assert found.inputs == {"model": "wine"}
    assert github(tmp_path, "workflow_dispatch", {"inputs": None}).inputs == {}


def test_the_job_that_follows_a_fork(tmp_path: Path) -> None:
    run = {
        "name": "gitmodel",
        "head_sha": B,
        "head_branch": "gift",
        "html_url": "https://github.com/acme/models/actions/runs/8",
        "head_repository": {"owner": {"login": "stranger"}},
    }
    found = github(tmp_path, "workflow_run", {"workflow_run": run})
    assert (found.kind, found.head, found.head_owner, found.ref) == (
        "report",
        B,
        "stranger",
        "refs/heads/gift",
    )


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("push", {"after": "no commit"}),
        ("pull_request", {"pull_request": {"head": {"sha": B}}}),
        ("pull_request", {"pull_request": {"number": 5}}),
        ("issues", {}),
        ("workflow_run", {"workflow_run": "x"}),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, name: str, payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidFile):
        github(tmp_path, name, payload, GITHUB_SHA="")


@pytest.mark.parametrize("text", ["", "[]", "{", '"x"', "[" * 100_000])
def test_a_broken_event_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(text)
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(file)}
    with pytest.raises(InvalidFile, match="the file of the event"):
        read_event(environ)
    with pytest.raises(InvalidFile, match="GITHUB_EVENT_PATH"):
        read_event({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"})


GITLAB = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_SHA": B,
    "CI_COMMIT_BEFORE_SHA": A,
    "CI_COMMIT_BRANCH": "trunk",
    "CI_DEFAULT_BRANCH": "trunk",
    "GITLAB_USER_LOGIN": "ada",
}


def gitlab(without: tuple[str, ...] = (), **more: str) -> Event:
    found = read_event({name: value for name, value in {**GITLAB, **more}.items() if name not in without})
    assert found is not None
    return found


def test_gitlabs_push_tag_and_environment() -> None:
    found = gitlab()
    assert (found.kind, found.base, found.head, found.actor) == ("push", A, B, "ada")
    assert gitlab(CI_COMMIT_BEFORE_SHA=ZEROS).base is None
    assert gitlab(("CI_COMMIT_BRANCH",), CI_COMMIT_TAG="wine@v3").ref == "refs/tags/wine@v3"
    assert gitlab(CI_COMMIT_BRANCH="env/staging").kind == "environment"


def test_gitlabs_merge_request_is_about_its_head() -> None:
    found = gitlab(
        ("CI_COMMIT_BRANCH",),
        CI_PIPELINE_SOURCE="merge_request_event",
        CI_MERGE_REQUEST_IID="5",
        CI_MERGE_REQUEST_PROJECT_ID="1",
        CI_MERGE_REQUEST_SOURCE_PROJECT_ID="2",
        CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=HOSTILE,
        CI_MERGE_REQUEST_SOURCE_BRANCH_SHA="c" * 40,
        CI_MERGE_REQUEST_DIFF_BASE_SHA=A,
    )
    assert (found.number, found.head, found.base, found.fork) == (5, "c" * 40, A, True)
    assert found.ref == f"refs/heads/{HOSTILE}"
    with pytest.raises(InvalidFile, match="is no number"):
        gitlab(CI_MERGE_REQUEST_IID="x")


def test_gitlabs_schedule_and_dispatch() -> None:
    assert gitlab(CI_PIPELINE_SOURCE="schedule", GITMODEL_MODEL="wine").schedule == "wine"
    found = gitlab(CI_PIPELINE_SOURCE="web", GITMODEL_ACTION="rollback", GITMODEL_MODEL=HOSTILE)
    assert (found.kind, found.inputs) == ("dispatch", {"action": "rollback", "model": HOSTILE})
    assert gitlab(CI_PIPELINE_SOURCE="web").kind == "push"


def test_the_pipeline_that_follows_is_told_the_event() -> None:
    first = gitlab(CI_PIPELINE_SOURCE="web", GITMODEL_ACTION="rollback", GITMODEL_MODEL=HOSTILE)
    handed = encode_event(first)
    assert handed.replace("=", "").replace("-", "").replace("_", "").isalnum()
    assert gitlab(CI_PIPELINE_SOURCE="parent_pipeline", GITMODEL_EVENT=handed) == first


@pytest.mark.parametrize(
    "changed",
    [
        {"head": "--upload-pack=touch pwned"},
        {"head": None},
        {"base": "main"},
        {"kind": "merge"},
        {"provider": "other"},
        {"number": "5; rm"},
        {"number": True},
        {"fork": "no"},
        {"inputs": {"model": ["x"]}},
        {"inputs": "x"},
        {"ref": 1},
        {"more": 1},
    ],
)
def test_an_event_that_somebody_made_up_is_refused(changed: dict[str, Any]) -> None:
    """Whoever may start a pipeline may set its variables."""
    good = json.loads(base64.urlsafe_b64decode(encode_event(gitlab())))
    forged = base64.urlsafe_b64encode(json.dumps({**good, **changed}).encode()).decode()
    with pytest.raises(InvalidFile, match="GITMODEL_EVENT"):
        gitlab(GITMODEL_EVENT=forged)


@pytest.mark.parametrize("text", ["x", "é", "W10=", base64.b64encode(b"[" * 100_000).decode()])
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(InvalidFile, match="GITMODEL_EVENT"):
        gitlab(GITMODEL_EVENT=text)


TEXTS = st.text(max_size=40)


@given(ref=TEXTS, actor=TEXTS, inputs=st.dictionaries(st.sampled_from(["model", "version"]), TEXTS))
def test_events_are_written_and_read_back_the_same(ref: str, actor: str, inputs: dict[str, str]) -> None:
    event = Event("dispatch", "github", A, None, ref, "main", inputs=inputs, actor=actor)
    assert decode_event(encode_event(event)) == event


@given(st.dictionaries(st.sampled_from(["models", "action"]), TEXTS, max_size=2))
def test_a_value_cannot_set_another(values: dict[str, str]) -> None:
    """Read the file as GitHub does: name, delimiter, lines, delimiter."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "output"
        set_outputs({"GITHUB_OUTPUT": str(file)}, values)
        lines = file.read_bytes().decode().split("\n") if values else []
    found = {}
    while lines and lines[0]:
        name, end = lines.pop(0).split("<<")
        at = lines.index(end)
        found[name] = "\n".join(lines[:at])
        lines = lines[at + 1 :]
    assert found == values


def test_there_is_a_summary_only_where_the_forge_has_one(tmp_path: Path) -> None:
    add_summary({}, "nothing")
    set_outputs({}, {"a": "b"})
    file = tmp_path / "summary.md"
    add_summary({"GITHUB_STEP_SUMMARY": str(file)}, "é" * 1024 * 1024)
    assert len(file.read_bytes()) <= 1024 * 1024 + 1
    file.read_text("utf-8")
