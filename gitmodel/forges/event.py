"""Why a job runs: read from what the forge sets for it, and from nowhere else."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from gitmodel.errors import InvalidFile

Kind = Literal["pull_request", "push", "tag", "environment", "schedule", "dispatch", "report"]
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


_FOREIGN = "GITMODEL_EVENT is not what `gitmodel ci plan` wrote"


@dataclass(frozen=True)
class Event:
    """What started a job. All texts in it are as outsiders wrote them.

    Attributes:
        kind: ``push`` is of the default or another branch, ``environment`` of a branch ``env/*``; ``report``
            is the trusted job that follows the pipeline of a pull request.
        provider: ``github`` or ``gitlab``.
        head: Commit that it is about (the head of a pull request, not its merge with the base).
        base: Commit to compare with; ``None``: everything is new.
        ref: Full name of the ref that moved, or that the job runs on.
        default_branch: Short name.
        number: Of the pull request.
        fork: Whether the pull request comes from another repository.
        closed: Whether the pull request is closed or merged.
        head_owner: Who owns the repository that the pull request comes from, for a ``report``.
        schedule: The cron expression that fired, or the name of the model that the schedule is for.
        inputs: What a person entered for a dispatch: ``action``, ``model``, ``version``, ``environment``.
        actor: Who.
        run_url: The page of the run.
        workflow: Name of the pipeline, so that two pipelines have a report each.
    """

    kind: Kind
    provider: Literal["github", "gitlab"]
    head: str
    base: str | None
    ref: str
    default_branch: str
    number: int | None = None
    fork: bool = False
    closed: bool = False
    head_owner: str = ""
    schedule: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    actor: str = ""
    run_url: str = ""
    workflow: str = "gitmodel"


def encode_event(event: Event) -> str:
    """Write an event in letters that no file and no shell takes for anything else."""
    return base64.urlsafe_b64encode(json.dumps(asdict(event)).encode()).decode()


def decode_event(text: str) -> Event:
    """Read what `encode_event` wrote.

    Raises:
        InvalidFile: If it is something else.
    """
    try:
        found = Event(**json.loads(base64.urlsafe_b64decode(text)))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidFile(_FOREIGN) from error
    if not _is_sound(found):
        raise InvalidFile(_FOREIGN)
    return found


def _is_sound(event: Event) -> bool:
    """Say whether an event has the types and commits of one: whoever starts a pipeline can set variables."""
    given: dict[str, Any] = asdict(event)
    texts = [given[name] for name in ("ref", "default_branch", "head_owner", "actor", "run_url", "workflow")]
    texts += [event.head, event.base or "", event.schedule or ""]
    inputs: Any = event.inputs
    return (
        event.kind in get_args(Kind)
        and event.provider in ("github", "gitlab")
        and all(isinstance(text, str) for text in texts)
        and all(COMMIT.fullmatch(commit) for commit in (event.head, event.base) if commit is not None)
        and type(event.number) in (int, type(None))
        and all(type(flag) is bool for flag in (event.fork, event.closed))
        and isinstance(inputs, dict)
        and all(isinstance(text, str) for text in inputs.values())
    )
