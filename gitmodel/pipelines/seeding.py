"""Put the pipeline of a deployment onto the branches of environments.

A forge takes the pipeline of a push from the pushed commit, and these branches hold no code.
"""

from gitmodel.delivery.branches import message
from gitmodel.git.commits import commit_files
from gitmodel.git.objects import read_file
from gitmodel.git.refs import default_rev
from gitmodel.git.remotes import advance, fetch
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.rendering import GITLAB_INCLUDED, render_seed
from gitmodel.pipelines.telling import Say
from gitmodel.registry.environments import env_branch, env_tip
from gitmodel.spec import load_environments, load_repository


def seed(repo: Repository, provider: str | None, say: Say) -> list[str]:
    """Give each environment's branch its pipeline; a branch that is not there yet is made.

    Returns:
        The environments whose branch has changed.

    Raises:
        UsageError: If no provider is named.
        Conflict: If others keep changing a branch.
        ToolFailed: If the remote does not answer, or the token may not write pipelines.
    """
    fetch(repo)
    rev = default_rev(repo)
    names = _names(repo, rev)
    changed = [name for name in names if _seed_one(repo, name, _wanted(repo, rev, name, provider))]
    for name in names:
        say(f"env/{name}: {'written' if name in changed else 'has it already'}")
    if not names:
        say("there are no environments: an environment is a file environments/<name>.yaml")
    return changed


def unseeded(repo: Repository) -> list[str]:
    """Return the environments whose branch lacks its pipeline; none where no forge is named."""
    rev = default_rev(repo)
    if load_repository(repo, rev).ci.provider is None:
        return []
    return [name for name in _names(repo, rev) if not _has(repo, name, _wanted(repo, rev, name, None))]


def _names(repo: Repository, rev: str | None) -> list[str]:
    return [spec.name for spec in load_environments(repo, rev) if not spec.site_local]


def _wanted(repo: Repository, rev: str | None, name: str, provider: str | None) -> tuple[str, str]:
    """Return path and text of the pipeline of an environment's branch."""
    included = rev is not None and read_file(repo, rev, GITLAB_INCLUDED) is not None
    return render_seed(load_repository(repo, rev).ci, name, provider, included=included)


def _has(repo: Repository, name: str, wanted: tuple[str, str]) -> bool:
    tip, (path, text) = env_tip(repo, name), wanted
    return tip is not None and read_file(repo, tip, path) == text.encode()


def _seed_one(repo: Repository, name: str, wanted: tuple[str, str]) -> Oid | None:
    """Return the commit that was made; ``None``: there was no need."""
    path, text = wanted
    words = message(f"Write the pipeline of {name}", "A push to this branch rolls out what its files name.")

    def make(tip: Oid | None) -> Oid | None:
        if _has(repo, name, wanted):
            return None
        return commit_files(repo, parent=tip, changes={path: text.encode()}, message=words)

    return advance(repo, env_branch(name), make)
