"""Find what was trained at a commit, without training."""

import posixpath

from gitmodel.git.refs import read_ref
from gitmodel.git.remotes import fetch_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.spec import ModelSpec
from gitmodel.training.digest import inputs_digest
from gitmodel.training.pipeline import open_dvc
from gitmodel.training.run import run_ref


def find_run(repo: Repository, spec: ModelSpec, commit: Oid) -> Oid | None:
    """Return the commit that holds the result of training a model at a commit; ``None``: nobody has.

    First the runs that this copy knows are looked at, which takes one process of git; then the inputs are
    counted by DVC, and the remote is asked.
    """
    found = _known_here(repo, spec.name, commit)
    if found:
        return found
    file = posixpath.join(spec.folder, "dvc.yaml")
    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        digest = inputs_digest(repo, commit, dvc, dvc.stages(file), spec)
    return find_digest(repo, spec.name, digest)


def find_digest(repo: Repository, model: str, digest: str) -> Oid | None:
    """Return the commit that holds the result of these inputs, of this copy or of the remote."""
    ref = run_ref(model, digest)
    if read_ref(repo, ref) is None:
        fetch_refs(repo, ref)
    return read_ref(repo, ref)


def _known_here(repo: Repository, model: str, commit: Oid) -> Oid | None:
    """Return a run that is the commit itself or its child."""
    out = repo.git("for-each-ref", "--format=%(objectname) %(parent)", f"refs/runs/{model}/")
    for line in out.splitlines():
        run, *parents = line.split(" ")
        if run == commit or parents[:1] == [commit]:
            return Oid(run)
    return None


def last_run(repo: Repository, model: str, commit: str) -> Oid | None:
    """Return the newest result of a model that a commit comes after, as this copy knows; else ``None``."""
    out = repo.git(
        "for-each-ref", "--sort=-committerdate", "--format=%(objectname) %(parent)", f"refs/runs/{model}/"
    )
    for line in out.splitlines():
        run, *parents = line.split(" ")
        trained = parents[0] if parents and parents[0] else run
        if repo.run("merge-base", "--is-ancestor", trained, commit, check=False).code == 0:
            return Oid(run)
    return None
