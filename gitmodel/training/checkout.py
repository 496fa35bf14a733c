"""Put a version into a work tree: its code, and its data exactly as they were trained."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmodel.errors import GitmodelError, Refused, ToolFailed, UsageError
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.spec import load_model
from gitmodel.training.pipeline import Dvc, open_dvc
from gitmodel.training.sharing import connect, words

_NAMED, _DIGITS = 8, 10


@dataclass(frozen=True)
class CheckedOut:
    """What was done.

    Attributes:
        folder: The work tree.
        made: Whether the work tree is new.
        before: What `git switch` returns to, with its options; ``None``: there is nothing to return to.
        missing: Data that could not be had, by path with their digest.
        why: What DVC said of them.
    """

    folder: Path
    made: bool
    before: str | None
    missing: tuple[str, ...] = ()
    why: str = ""


def checkout(
    repo: Repository, version: Version, *, to: Path | None = None, force: bool = False
) -> CheckedOut:
    """Check a version out, with a detached HEAD, and bring its data.

    Args:
        repo: The repository.
        version: The version.
        to: A folder for a work tree of its own, or one made so before; default: the work tree we are in.
        force: Overwrite what is not committed there.

    Raises:
        Refused: If the work tree has changes that would be lost; they are named.
        UsageError: If there is no work tree, or the folder holds something else.
        ToolFailed: If git or DVC fails.
    """
    tree, before = _existing(repo, to), None
    made = tree is None
    if tree is None:
        folder = (to or Path()).resolve()
        repo.git("worktree", "add", "--quiet", "--detach", str(folder), version.commit)
        tree = Repository.open(folder)
    else:
        before = _position(tree, version)
        if not force:
            _refuse_changes(tree)
        options = ["--force"] if force else []
        tree.git("checkout", "--quiet", "--detach", *options, version.commit)
    assert tree.root is not None
    missing: list[str] = []
    why = ""
    if (tree.root / ".dvc").is_dir():
        with _dvc(repo, tree) as dvc:
            missing, why = _bring(dvc, _pipeline(repo, version), force=force or made)
    return CheckedOut(tree.root, made, before, tuple(missing), why)


def _existing(repo: Repository, to: Path | None) -> Repository | None:
    """Return the work tree to change; ``None``: one must be made."""
    if to is None:
        if repo.root is None:
            raise UsageError("this repository has no work tree", hint="name a folder for one: `--to FOLDER`")
        return repo
    if not to.exists() or (to.is_dir() and not any(to.iterdir())):
        if (
            repo.root is not None
            and to.resolve().is_relative_to(repo.root.resolve())
            and not _ignored(repo, to)
        ):
            raise UsageError(f"{to} is inside the work tree itself", hint="name a folder beside it")
        return None
    if (to / ".git").is_file():
        found = Repository.open(to)
        if found.git_dir.resolve() == repo.git_dir.resolve():
            return found
    raise UsageError(
        f"{to} is there already, and is no work tree of this repository", hint="name a new folder"
    )


def _ignored(repo: Repository, folder: Path) -> bool:
    """Say whether git passes over a folder in the work tree, so that another one may be there."""
    return repo.run("check-ignore", "--quiet", str(folder.resolve()), check=False).code == 0


def _position(tree: Repository, version: Version) -> str | None:
    """Return what to switch back to; ``None`` where the version is checked out already."""
    done = tree.run("symbolic-ref", "--quiet", "--short", "HEAD", check=False)
    if done.code == 0:
        return done.text.strip()
    head = resolve(tree, "HEAD")
    return f"--detach {head[:_DIGITS]}" if head and head != version.commit else None


def _refuse_changes(tree: Repository) -> None:
    changed = [*tree.changed_files(), *_changed_data(tree)]
    if changed:
        listed = ", ".join(changed[:_NAMED]) + (
            f" and {len(changed) - _NAMED} more" if changed[_NAMED:] else ""
        )
        raise Refused(
            f"the work tree has changes: {listed}",
            hint="commit or `git stash` them, or leave them alone: `--to FOLDER`; `--force` overwrites them",
        )


def _changed_data(tree: Repository) -> Iterator[str]:
    """Yield the data whose content, as it is now, only the work tree has: DVC's cache does not."""
    assert tree.root is not None
    if (tree.root / ".dvc").is_dir():
        with _dvc(tree, tree) as dvc:
            for out in filter(_is_kept, dvc.repo.index.outs):
                if out.exists and not out.cache.exists(out.get_hash().value):
                    yield dvc.relative(out.fs_path)


def _is_kept(out: Any) -> bool:
    """Say whether DVC keeps an output, and knows which content it should have."""
    return bool(out.use_cache and out.hash_info)


def _pipeline(repo: Repository, version: Version) -> str | None:
    """Return the ``dvc.yaml`` of the version's model; ``None`` where its commit does not say."""
    try:
        return load_model(repo, version.commit, version.model).path("dvc.yaml")
    except GitmodelError:
        return None


def _bring(dvc: Dvc, file: str | None, *, force: bool) -> tuple[list[str], str]:
    """Bring the data of a work tree in line with its commit.

    All that is on this machine is; from the remote come the data of one pipeline only, so that one model of
    many does not cost them all.

    Returns:
        What is still missing of that pipeline, and why.
    """
    dvc.checkout(force=force)
    has_own = file is not None and (dvc.tree / file).is_file()
    stages = dvc.stages(file) if file and has_own else dvc.repo.index.stages
    outs = [out for stage in stages for out in stage.outs if _is_kept(out)]
    missing = [out for out in outs if out.workspace_status()]
    why = "no DVC remote is configured" if missing and not dvc.has_remote else ""
    if missing and dvc.has_remote:
        try:
            dvc.pull([dvc.relative(out.fs_path) for out in missing])
        except ToolFailed as error:
            why = error.detail
        missing = [out for out in missing if out.workspace_status()]
    return [f"{dvc.relative(out.fs_path)} (md5 {out.hash_info.value})" for out in missing], why


@contextmanager
def _dvc(repo: Repository, tree: Repository) -> Iterator[Dvc]:
    """Open DVC in a work tree: the main one as it is, another with the main one's cache and remote."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    assert tree.root is not None
    try:
        if _is_linked(tree):
            with open_dvc(repo, tree.root) as dvc:
                yield dvc
        else:
            connect(tree)
            with Repo(str(tree.root)) as opened:
                yield Dvc(opened, tree.root)
    except DvcException as error:
        raise ToolFailed("DVC cannot bring the data", detail=words(error)) from error


def _is_linked(tree: Repository) -> bool:
    own, common = tree.git(
        "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"
    ).splitlines()
    return own != common
