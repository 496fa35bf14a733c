"""What an argument that was left out stands for."""

from collections.abc import Sequence

import click

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry, Unreadable
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
        hint = "run `gitmodel register`, or push a commit; `gitmodel sync` brings what a remote has"
        raise UsageError("nothing is registered here yet", hint=hint)
    raise UsageError("which model?", hint=f"name one of: {', '.join(known)}")


def any_version(repo: Repository, ref: str | None) -> Version:
    """Return the version that is named; without a name, the latest of the only model.

    Raises:
        UsageError: If there is no such version, or a choice must be made.
        InvalidFile: If its tag cannot be read.
    """
    return Registry(repo).version(ref or any_model(repo, None))


def model_first(repo: Repository, words: Sequence[str]) -> tuple[str, str]:
    """Return model and environment of the arguments ``[MODEL] ENV``.

    Raises:
        UsageError: If there are too few or too many, or a choice must be made.
    """
    model, env = _two(words, "[MODEL] ENV")
    return any_model(repo, model), known_environment(repo, env)


def version_first(repo: Repository, words: Sequence[str]) -> tuple[Version, str]:
    """Return version and environment of the arguments ``[VERSION] ENV``.

    Raises:
        UsageError: If there are too few or too many, or there is no such version.
        InvalidFile: If the version's tag cannot be read.
    """
    ref, env = _two(words, "[VERSION] ENV")
    return any_version(repo, ref), known_environment(repo, env)


def _two(words: Sequence[str], expected: str) -> tuple[str | None, str]:
    if not 1 <= len(words) <= 2:  # noqa: PLR2004 - the second of two may be alone
        found = " ".join(words) or "nothing"
        raise UsageError(f"expected {expected}, found {found}", hint="see the example in --help")
    return (words[0] if len(words) > 1 else None), words[-1]


def known_environment(repo: Repository, name: str) -> str:
    """Return the name if that environment is defined or was promoted to; nobody shall make one by a slip.

    A clone of a server whose environments are defined beside the server's repository knows none before the
    first promotion: then any name is taken.

    Raises:
        UsageError: If there are others but not this one.
    """
    known = all_environments(repo)
    if name in known or not known:
        return name
    from gitmodel.spec.problems import did_you_mean

    hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
    raise UsageError(f'there is no environment "{name}"', hint=hint)


def all_environments(repo: Repository) -> list[str]:
    """Return the environments that are defined for this copy, then the others that have a branch."""
    from gitmodel.git.refs import default_rev
    from gitmodel.registry.environments import environments
    from gitmodel.spec.loading import load_environments

    defined = [spec.name for spec in load_environments(repo, default_rev(repo))]
    return [*dict.fromkeys([*defined, *environments(repo)])]


def who(repo: Repository) -> str:
    """Return who acts, as the history names him."""
    return repo.identity()["GIT_COMMITTER_EMAIL"]


def next_step(repo: Repository, env: str) -> str:
    """Return what makes a change of an environment's branch take effect."""
    from gitmodel.git.tracking import default_remote

    if default_remote(repo):
        return "the server rolls it out where its hooks are installed; `gitmodel status` shows it"
    return f"run `gitmodel deploy {env}` to roll it out"


def warn_of(broken: Sequence[Unreadable]) -> None:
    """Name the tags that cannot be read."""
    from gitmodel.reports.terminal import clean

    for tag in broken:
        click.echo(clean(f"warning: {tag.tag} is left out: {tag.reason}"), err=True)
