"""Change what should run of a model, by compare-and-swap on the environment's branch."""

from collections.abc import Callable
from dataclasses import dataclass

from gitmodel.errors import Conflict
from gitmodel.git.commits import commit_files
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.registry.desired import Desired, format_desired, read_desired
from gitmodel.registry.environments import check_environment, env_branch, env_tip, file_name
from gitmodel.registry.names import check_model

_ATTEMPTS = 20


@dataclass(frozen=True)
class Edit:
    """A decided change: the new state of a model, and the message of the commit that makes it."""

    desired: Desired
    message: str


@dataclass(frozen=True)
class Edited:
    """The state of a model afterwards, and the commit that made it (``None``: it was so before)."""

    desired: Desired
    commit: Oid | None
    subject: str

    @property
    def changed(self) -> bool:
        """Say whether there is a new commit."""
        return self.commit is not None


def edit(
    repo: Repository, env: str, model: str, decide: Callable[[Desired, Oid | None], Edit | None]
) -> Edited:
    """Let ``decide`` see the newest state of a model, and commit what it returns; again if others won.

    Args:
        repo: Where.
        env: Name of the environment; its branch is made if need be.
        model: Name of the model.
        decide: Given the state and the branch's tip; returns the change, or ``None`` where there is none to
            make. May raise.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
        UsageError: If the names are not valid.
    """
    check_environment(env)
    check_model(model)
    for _ in range(_ATTEMPTS):
        fetch(repo)
        tip = env_tip(repo, env)
        before = read_desired(repo, env, tip).get(model) if tip else None
        change = decide(before or Desired(model), tip)
        if change is None:
            return Edited(before or Desired(model), None, "")
        files = {file_name(model): format_desired(change.desired)}
        commit = commit_files(repo, parent=tip, changes=files, message=change.message)
        try:
            publish(repo, [RefUpdate(env_branch(env), commit, tip)])
        except Conflict:
            continue
        return Edited(change.desired, commit, change.message.partition("\n")[0])
    raise Conflict(f"others keep changing the environment {env}", hint="run the command again")


def message(subject: str, *paragraphs: str) -> str:
    """Return a commit message; a paragraph that is empty is left out."""
    return (
        "\n\n".join([subject, *(paragraph.strip() for paragraph in paragraphs if paragraph.strip())]) + "\n"
    )
