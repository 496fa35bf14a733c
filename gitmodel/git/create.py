"""Make repositories, with GitPython: the one place where its start-up time does not matter."""

import os
from pathlib import Path

from gitmodel.errors import ToolFailed
from gitmodel.git.repository import Repository

BRANCH = "main"


def create(path: Path, *, bare: bool) -> Repository:
    """Make a repository whose first branch is ``main``; one that is there already is kept as it is.

    Args:
        path: Its folder, which is made with its parents where it is missing.
        bare: Whether it is a server's, without a work tree.

    Raises:
        ToolFailed: If git cannot make it.
    """
    import git

    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR"):
        os.environ.pop(name, None)  # GitPython hands on what a hook left, which would lead `git init` astray
    try:
        # As an argument a path is taken as it is; elsewhere GitPython replaces what looks like a variable.
        git.Git("/").init("--quiet", "--", str(path), bare=bare, initial_branch=BRANCH)
    except (git.GitError, OSError) as error:
        raise ToolFailed(f"git could not make a repository at {path}", detail=str(error)) from error
    return Repository(path, None) if bare else Repository(path / ".git", path)
