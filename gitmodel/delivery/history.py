"""What changed in an environment: its branch's log, read back."""

import re
from dataclasses import dataclass

from gitmodel.errors import InvalidFile
from gitmodel.git.commits import Commit, read_log
from gitmodel.git.objects import read_file
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.desired import Desired, parse_desired
from gitmodel.registry.environments import env_tip, file_name

# The subjects that `gitmodel.delivery.promotion` writes.
_STEP = r"(?P<model>[a-z0-9_/-]+?)(?: v(?P<previous>\S+) ->)? v(?P<version>\S+)"
_SUBJECTS = (
    ("promote", re.compile(rf"Promote {_STEP}")),
    ("rollback", re.compile(rf"Roll back {_STEP}")),
    ("hold", re.compile(r"Hold (?P<model>[a-z0-9_/-]+)(?: at v(?P<version>\S+))?")),
    ("withdraw", re.compile(r"Withdraw (?P<model>[a-z0-9_/-]+) v(?P<previous>\S+)")),
    ("lift", re.compile(r"Lift the hold of (?P<model>[a-z0-9_/-]+)")),
)

# What a forge adds when it merges by squashing.
_MERGED = re.compile(r" \((?:#|!)\d+\)\Z")


@dataclass(frozen=True)
class Change:
    """A commit on an environment's branch.

    ``action`` is promote, rollback, hold, withdraw, lift, or ``other`` (a person's own commit, a merge); then
    there is no model. ``reason`` is the rest of the message.
    """

    commit: Oid
    at: str
    by: str
    action: str
    model: str | None
    previous: str | None
    version: str | None
    subject: str
    reason: str


def history(repo: Repository, env: str, *, limit: int | None = None) -> list[Change]:
    """Return the changes of an environment, newest first; none where it has no branch."""
    tip = env_tip(repo, env)
    return [parse_change(commit) for commit in read_log(repo, tip, limit=limit)] if tip else []


def parse_change(commit: Commit) -> Change:
    """Return what a commit of an environment's branch did."""
    subject, _, rest = commit.message.partition("\n")
    action, found = "other", dict[str, str | None]()
    for name, pattern in _SUBJECTS:
        match = pattern.fullmatch(_MERGED.sub("", subject))
        if match:
            action, found = name, match.groupdict()
            break
    return Change(
        commit.oid,
        commit.date,
        commit.author,
        action,
        found.get("model"),
        found.get("previous"),
        found.get("version"),
        subject,
        rest.strip(),
    )


def promoted_by(repo: Repository, tip: Oid, desired: Desired) -> Oid | None:
    """Return the commit that put a version where it is; holds that were set or lifted since are no promotion.

    Args:
        repo: Where to look.
        tip: The tip of the environment's branch.
        desired: The state of the model there.
    """
    path, found = file_name(desired.model), None
    for commit in read_log(repo, tip, paths=[path]):
        try:
            state = parse_desired(desired.model, read_file(repo, commit.oid, path) or b"")
        except InvalidFile:
            break
        if (state.object, state.version, state.promoted) != (
            desired.object,
            desired.version,
            desired.promoted,
        ):
            break
        found = commit.oid
    return found
