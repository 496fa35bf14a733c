"""Clean work trees of a commit, which are gone again afterwards, also after a kill."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitmodel import process
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid


@contextmanager
def temporary_worktree(repo: Repository, commit: Oid) -> Iterator[Path]:
    """Check a commit out into a folder of its own and remove it at the end.

    What killed processes left is removed first.

    Raises:
        ToolFailed: If git cannot check it out (disk full, missing objects).
    """
    folder = repo.state / "worktrees"
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(repo, folder)
    path = folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        repo.git("worktree", "add", "--quiet", "--detach", str(path), commit)
        yield path
    finally:
        _remove(repo, path)


def _sweep(repo: Repository, folder: Path) -> None:
    for left in folder.iterdir():
        pid = left.name.partition("-")[0]
        if pid.isdigit() and not process.is_alive(int(pid)):
            _remove(repo, left)


def _remove(repo: Repository, path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    repo.run("worktree", "prune", check=False)
