"""What an argument that was left out stands for."""

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version


def any_model(repo: Repository, name: str | None) -> str:
    """Return the name, or that of the only model with versions.

    Raises:
        UsageError: If there is none, or more than one.
    """
    if name:
        return name
    known = [latest.model for latest in Registry(repo).latest()]
    if len(known) == 1:
        return known[0]
    if not known:
        raise UsageError("nothing is registered yet", hint="run `gitmodel register`, or push a commit")
    raise UsageError("which model?", hint=f"name one of: {', '.join(known)}")


def any_version(repo: Repository, ref: str | None) -> Version:
    """Return the version that is named; without a name, the latest of the only model.

    Raises:
        UsageError: If there is no such version, or a choice must be made.
        InvalidFile: If its tag cannot be read.
    """
    return Registry(repo).version(ref or any_model(repo, None))
