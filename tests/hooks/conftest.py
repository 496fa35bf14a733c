"""A server repository with its hooks, and a clone to push from."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.git.repository import Repository
from gitmodel.pipelines.setup import init_server
from tests.conftest import make_repository

Push = Callable[..., process.Completed]
# What follows from a push is not what these tests are about.
SILENT_POST_RECEIVE = "#!/bin/sh\ncat > /dev/null\n"


@pytest.fixture
def server(tmp_path: Path) -> Repository:
    """Return a server repository whose pushes start nothing; its path needs quoting in a shell."""
    made = init_server(tmp_path / 'it\'s a "server" $HOME.git', port=8599)
    (made.git_dir / "hooks" / "post-receive").write_text(SILENT_POST_RECEIVE)
    return made


@pytest.fixture
def work(server: Repository, tmp_path: Path) -> Repository:
    """Return a clone with one commit, pushed."""
    made = make_repository(tmp_path / "work")
    made.git("remote", "add", "origin", str(server.git_dir))
    made.git("push", "-q", "-u", "origin", "main")
    return made


@pytest.fixture
def push(work: Repository) -> Push:
    """Return a function that pushes as a person does, with hooks."""

    def run(*arguments: str, check: bool = False) -> process.Completed:
        argv = ["git", "push", *(arguments or ("origin", "main"))]
        return process.run(argv, cwd=work.root, env=dict(os.environ), check=check)

    return run


def words(done: process.Completed) -> str:
    """Return what a push said, without git's prefix."""
    lines = done.stderr.decode().splitlines()
    return "\n".join(line.removeprefix("remote: ").rstrip() for line in lines)
