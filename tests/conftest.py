"""Every test runs sealed: its own home, no system or user configuration, fixed identity."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.git.repository import Repository

_SEALED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "false",
    "DVC_NO_ANALYTICS": "1",
    "BENTOML_DO_NOT_TRACK": "True",
}


@pytest.fixture(scope="session", autouse=True)
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the whole run a home of its own, with git's default branch named main."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text('[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n')
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "DVC_"))]:
            patch.delenv(name)
        for name, value in {**_SEALED, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}.items():
            patch.setenv(name, value)
        yield home


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an ordinary repository with one commit on ``main``."""
    return make_repository(tmp_path / "repo")


@pytest.fixture
def bare(tmp_path: Path) -> Repository:
    """Return an empty bare repository."""
    process.run(["git", "init", "-q", "--bare", str(tmp_path / "server.git")])
    return Repository.open(tmp_path / "server.git")


def make_repository(path: Path) -> Repository:
    """Make a repository with one commit that holds README."""
    process.run(["git", "init", "-q", str(path)])
    made = Repository.open(path)
    commit_all(made, {"README": "hello\n"}, "Start")
    return made


def clone(remote: Repository, path: Path) -> Repository:
    """Clone a repository."""
    process.run(["git", "clone", "-q", str(remote.git_dir), str(path)])
    return Repository.open(path)


def commit_all(repo: Repository, files: dict[str, str], message: str = "Change") -> str:
    """Write files into the work tree, commit everything, return the commit."""
    assert repo.root is not None
    for name, text in files.items():
        (repo.root / name).parent.mkdir(parents=True, exist_ok=True)
        (repo.root / name).write_text(text)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", message)
    return repo.git("rev-parse", "HEAD")
