"""Changes of environments that happened elsewhere, told again as commits on the environments' branches."""

from collections.abc import Sequence
from dataclasses import dataclass

from gitmodel.errors import Conflict, InvalidFile
from gitmodel.exchange.marks import TRAILER, Mark, format_mark, parse_mark, sound
from gitmodel.git.commits import Commit, commit_files, read_log
from gitmodel.git.objects import read_file
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.trailers import Message, format_message
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import utc
from gitmodel.registry.desired import Desired, Promoted, format_desired, parse_desired
from gitmodel.registry.environments import env_branch, env_tip, file_name
from gitmodel.registry.versions import Version

_ATTEMPTS = 20


def environment_name(stage: str) -> str:
    """Return the name of the environment that a stage or an alias becomes; it may still not be valid."""
    return stage.lower().replace("_", "-")


@dataclass(frozen=True)
class Change:
    """A model got another version in an environment, or none any more.

    Attributes:
        model: Its name here.
        version: What should run from then on; ``None``: nothing.
        at: When, in seconds since 1970.
        by: ``Name <email>``.
        reason: What was said about it.
        mark: What names the change where it comes from.
    """

    model: str
    version: Version | None
    at: int
    by: str
    reason: str
    mark: Mark


@dataclass(frozen=True)
class Written:
    """The subjects of new commits, how many changes were told before, and why others are left out."""

    subjects: tuple[str, ...]
    known: int
    skipped: tuple[str, ...]


def write_changes(repo: Repository, env: str, changes: Sequence[Change]) -> Written:
    """Add what is new to the branch of an environment, a commit a change, in one push.

    A model whose newest commit there was not imported is left alone: people go on with it here.

    Args:
        repo: Where.
        env: Name of the environment; its branch is made if need be.
        changes: In their order.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
    """
    for _ in range(_ATTEMPTS):
        tip = env_tip(repo, env)
        new, written = _decide(repo, env, tip, changes)
        if not new:
            return written
        branch = tip
        state: dict[str, Desired] = {}
        for change in new:
            before = state.get(change.model) or _state(repo, branch, change.model)
            state[change.model] = _after(change, before)
            branch = _commit(repo, branch, change, before, state[change.model])
        assert branch is not None
        try:
            publish(repo, [RefUpdate(env_branch(env), branch, tip)])
        except Conflict:
            fetch(repo)
            continue
        subjects = [commit.subject for commit in read_log(repo, branch, limit=len(new))]
        return Written(tuple(reversed(subjects)), written.known, written.skipped)
    raise Conflict(f"others keep changing the environment {env}", hint="run the command again")


def _decide(
    repo: Repository, env: str, tip: Oid | None, changes: Sequence[Change]
) -> tuple[list[Change], Written]:
    """Return the changes that are new and may be told."""
    told = {format_mark(mark) for commit in _log(repo, tip) if (mark := parse_mark(commit.message))}
    new = [change for change in changes if format_mark(change.mark) not in told]
    taken = {model for model in {change.model for change in new} if _is_ours(repo, tip, model)}
    skipped = [f"{model} in {env} is left alone: its history goes on here" for model in sorted(taken)]
    known = len(changes) - len(new)
    return [change for change in new if change.model not in taken], Written((), known, tuple(skipped))


def _log(repo: Repository, tip: Oid | None, *paths: str) -> list[Commit]:
    return read_log(repo, tip, paths=paths) if tip else []


def _is_ours(repo: Repository, tip: Oid | None, model: str) -> bool:
    """Say whether the newest change of a model was made here."""
    commits = _log(repo, tip, file_name(model))
    return bool(commits) and parse_mark(commits[0].message) is None


def _state(repo: Repository, tip: Oid | None, model: str) -> Desired:
    text = read_file(repo, tip, file_name(model)) if tip else None
    try:
        return parse_desired(model, text or b"")
    except InvalidFile:
        return Desired(model)


def _after(change: Change, before: Desired) -> Desired:
    version = change.version
    if version is None:
        return Desired(change.model)
    artifact = version.facts.artifact
    promoted = Promoted(_email(change.by), utc(change.at), before.version, (), sound(change.reason) or None)
    return Desired(
        change.model,
        version.version,
        version.tag,
        str(version.object),
        artifact.sha256 if artifact else None,
        before.strategy,
        promoted,
    )


def _email(by: str) -> str:
    return by.rpartition("<")[2].rstrip(">") or by


def _commit(repo: Repository, tip: Oid | None, change: Change, before: Desired, after: Desired) -> Oid:
    files = {file_name(change.model): format_desired(after) if after.version else None}
    if after.version is None:
        subject = f"Withdraw {change.model} v{before.version}"
    elif before.version is None:
        subject = f"Promote {change.model} v{after.version}"
    else:
        subject = f"Promote {change.model} v{before.version} -> v{after.version}"
    trailers = {TRAILER: format_mark(change.mark)}
    message = format_message(Message(subject, sound(change.reason), trailers))
    return commit_files(repo, parent=tip, changes=files, message=message, at=change.at, author=change.by)
