"""Read why a job runs: GitHub from its event file, GitLab from its variables."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.forges.event import COMMIT, Event, Kind, decode_event

_BRANCH, _TAG, _ENVIRONMENT = "refs/heads/", "refs/tags/", "refs/heads/env/"
_INPUTS = ("action", "model", "version", "environment")


def read_event(environ: Mapping[str, str]) -> Event | None:
    """Return what started this job; ``None`` where we are not in a job of a forge.

    Args:
        environ: The environment of the process.

    Raises:
        InvalidFile: If the forge says something that cannot be.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github(environ)
    if environ.get("GITLAB_CI") == "true":
        handed = environ.get("GITMODEL_EVENT")
        return decode_event(handed) if handed else _gitlab(environ)
    return None


def _github(environ: Mapping[str, str]) -> Event:
    name, payload = environ.get("GITHUB_EVENT_NAME", ""), _payload(environ)
    ref = environ.get("GITHUB_REF", "")
    repository = _object(payload, "repository")
    common: dict[str, Any] = {
        "provider": "github",
        "ref": ref,
        "default_branch": _text(repository, "default_branch") or "main",
        "actor": environ.get("GITHUB_ACTOR", ""),
        "run_url": _github_run(environ),
        "workflow": environ.get("GITHUB_WORKFLOW") or "gitmodel",
    }
    sha = environ.get("GITHUB_SHA", "")
    if name in ("pull_request", "pull_request_target"):
        return _pull_request(payload, common)
    if name == "workflow_run":
        return _report(payload, common)
    if name == "push":
        base = _commit(_text(payload, "before"))
        head = _commit(_text(payload, "after")) or _needed(sha)
        return Event(kind=_kind(ref), head=head, base=base, **common)
    if name == "schedule":
        cron = _text(payload, "schedule")
        return Event(kind="schedule", head=_needed(sha), base=None, schedule=cron, **common)
    if name in ("workflow_dispatch", "repository_dispatch"):
        given = _object(payload, "inputs" if name == "workflow_dispatch" else "client_payload")
        inputs = {key: text for key in _INPUTS if (text := _text(given, key))}
        return Event(kind="dispatch", head=_needed(sha), base=None, inputs=inputs, **common)
    raise InvalidFile(
        f"the event {name!r} means nothing to gitmodel",
        hint="`gitmodel ci render` writes the workflow with the events that do",
    )


def _pull_request(payload: Mapping[str, Any], common: dict[str, Any]) -> Event:
    request = _object(payload, "pull_request")
    head, base = _object(request, "head"), _object(request, "base")
    ours = _text(_object(payload, "repository"), "full_name")
    theirs = _text(_object(head, "repo"), "full_name")
    number = request.get("number")
    if not isinstance(number, int):
        raise InvalidFile("the event of the pull request has no number")
    return Event(
        kind="pull_request",
        head=_needed(_text(head, "sha")),
        base=_commit(_text(base, "sha")),
        number=number,
        fork=ours != theirs,  # a deleted fork has no repository at all
        closed=_text(request, "state") == "closed",
        **{**common, "ref": _BRANCH + _text(head, "ref")},
    )


def _report(payload: Mapping[str, Any], common: dict[str, Any]) -> Event:
    run = _object(payload, "workflow_run")
    owner = _text(_object(_object(run, "head_repository"), "owner"), "login")
    return Event(
        kind="report",
        head=_needed(_text(run, "head_sha")),
        base=None,
        head_owner=owner,
        **{
            **common,
            "ref": _BRANCH + _text(run, "head_branch"),
            "run_url": _text(run, "html_url"),
            "workflow": _text(run, "name") or "gitmodel",
        },
    )


def _github_run(environ: Mapping[str, str]) -> str:
    server, repository, run = (
        environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""


def _payload(environ: Mapping[str, str]) -> Mapping[str, Any]:
    file = environ.get("GITHUB_EVENT_PATH", "")
    try:
        found = json.loads(Path(file).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFile(f"the file of the event cannot be read: {file or 'GITHUB_EVENT_PATH'}") from error
    if not isinstance(found, dict):
        raise InvalidFile(f"the file of the event holds no object: {file}")
    return found


def _gitlab(environ: Mapping[str, str]) -> Event:
    get = environ.get
    source, sha = get("CI_PIPELINE_SOURCE", ""), get("CI_COMMIT_SHA", "")
    tag, branch = get("CI_COMMIT_TAG"), get("CI_COMMIT_BRANCH")
    ref = f"{_TAG}{tag}" if tag else f"{_BRANCH}{branch or get('CI_COMMIT_REF_NAME', '')}"
    common: dict[str, Any] = {
        "provider": "gitlab",
        "ref": ref,
        "default_branch": get("CI_DEFAULT_BRANCH") or "main",
        "actor": get("GITLAB_USER_LOGIN", ""),
        "run_url": get("CI_PIPELINE_URL", ""),
        "workflow": get("GITMODEL_WORKFLOW") or "gitmodel",
    }
    if number := get("CI_MERGE_REQUEST_IID"):
        return _merge_request(environ, number, common)
    if source == "schedule":
        named = get("GITMODEL_MODEL") or get("GITMODEL_SCHEDULE")
        return Event(kind="schedule", head=_needed(sha), base=None, schedule=named, **common)
    inputs = {key: text for key in _INPUTS if (text := get(f"GITMODEL_{key.upper()}"))}
    if inputs:
        return Event(kind="dispatch", head=_needed(sha), base=None, inputs=inputs, **common)
    base = _commit(get("CI_COMMIT_BEFORE_SHA", ""))
    return Event(kind=_kind(ref), head=_needed(sha), base=base, **common)


def _merge_request(environ: Mapping[str, str], number: str, common: dict[str, Any]) -> Event:
    get = environ.get
    if not number.isdecimal():
        raise InvalidFile(f"CI_MERGE_REQUEST_IID is no number: {number!r}")
    # The source branch's head where the pipeline runs on the result of the merge.
    head = get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or get("CI_COMMIT_SHA", "")
    base = get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA") or get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    source = get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    return Event(
        kind="pull_request",
        head=_needed(head),
        base=_commit(base),
        number=int(number),
        fork=source is not None and source != get("CI_MERGE_REQUEST_PROJECT_ID", get("CI_PROJECT_ID")),
        **{**common, "ref": _BRANCH + get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "")},
    )


def _kind(ref: str) -> Kind:
    if ref.startswith(_ENVIRONMENT):
        return "environment"
    return "tag" if ref.startswith(_TAG) else "push"


def _commit(text: str) -> str | None:
    """Return a commit; ``None`` where the forge names none or writes zeros for it."""
    return text if COMMIT.fullmatch(text) and text.strip("0") else None


def _needed(text: str) -> str:
    commit = _commit(text)
    if commit is None:
        raise InvalidFile(f"the forge names no commit: {text!r}")
    return commit


def _object(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _text(holder: Mapping[str, Any], key: str) -> str:
    found = holder.get(key)
    return found if isinstance(found, str) else ""
