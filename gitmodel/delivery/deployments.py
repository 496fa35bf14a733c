"""What was rolled out in an environment, read back from its notes: the list, and what ran when."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gitmodel.delivery.outcomes import DONE, Outcome, read_placed
from gitmodel.git.commits import read_log
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.environments import env_tip

REMOVED = "removed"


@dataclass(frozen=True)
class Deployment:
    """An outcome, and the commit of the environment's branch that it is of."""

    commit: Oid
    outcome: Outcome


@dataclass(frozen=True)
class Ran:
    """A version of a model that ran in an environment.

    ``since`` and ``until`` are UTC as the notes have them; ``until`` is "" for one that still runs. ``by`` is
    who deployed it.
    """

    model: str
    version: str
    since: str
    by: str
    until: str = ""


def deployments(repo: Repository, env: str) -> list[Deployment]:
    """Return the deployments of an environment, newest first: by the branch, within a commit by time."""
    tip = env_tip(repo, env)
    if tip is None:
        return []
    commits = [commit.oid for commit in read_log(repo, tip)]
    return [Deployment(oid, each) for oid, each in read_placed(repo, commits) if each.env == env]


def stays(newest_first: Iterable[Outcome]) -> list[Ran]:
    """Return which version ran from when to when, oldest first; a deployment that failed changes nothing."""
    ran: list[Ran] = []
    current: dict[str, int] = {}
    for outcome in reversed(list(newest_first)):
        at = current.get(outcome.model)
        if outcome.outcome not in (*DONE, REMOVED) or (
            at is not None and outcome.outcome != REMOVED and ran[at].version == outcome.version
        ):
            continue
        if at is not None:
            ran[at] = replace(ran[at], until=outcome.at)
            del current[outcome.model]
        if outcome.outcome != REMOVED:
            current[outcome.model] = len(ran)
            ran.append(Ran(outcome.model, outcome.version, outcome.at, outcome.by))
    return ran


def running_between(found: Iterable[Ran], begin: datetime, end: datetime) -> list[Ran]:
    """Return what ran at some time from ``begin`` to before ``end``, by model and in the order of the branch.

    Args:
        found: As `stays` returns it.
        begin: The first moment.
        end: The moment after the last; the same as ``begin`` for a single one.
    """
    inside = [
        each
        for each in found
        if (_moment(each.since) < end or _moment(each.since) == begin)
        and (not each.until or _moment(each.until) > begin)
    ]
    return sorted(inside, key=lambda each: each.model)


def _moment(text: str) -> datetime:
    """Read a time of a note; one that is none was never."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
