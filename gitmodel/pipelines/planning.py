"""The plan for a revision, before anything runs."""

from gitmodel.errors import UsageError
from gitmodel.git.objects import changed_paths
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.plan import Touched, touched
from gitmodel.spec import load_models


def plan_revision(repo: Repository, rev: str, base: str | None) -> list[Touched]:
    """Return the models that a revision touches.

    Args:
        repo: The repository.
        rev: The revision.
        base: What it is compared with; ``None``: every model of it is new.

    Raises:
        UsageError: If there is no such revision.
        InvalidSpec: If a model of the revision is not valid.
    """
    commit = _commit(repo, rev)
    paths = changed_paths(repo, _commit(repo, base), commit) if base is not None else None
    return touched(load_models(repo, commit), paths)


def _commit(repo: Repository, rev: str) -> Oid:
    commit = resolve(repo, rev)
    if commit is None:
        raise UsageError(f"there is no commit {rev!r}", hint="see `git branch --all` and `git tag`")
    return commit
