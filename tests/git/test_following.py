"""The default branch of a clone follows the remote's, and nothing of a person's is lost."""

from pathlib import Path

import pytest

from gitmodel.git.following import follow_remote
from gitmodel.git.refs import resolve
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from tests.conftest import clone, commit_all, make_repository


@pytest.fixture
def pair(tmp_path: Path, bare: Repository) -> tuple[Repository, Repository]:
    """Return two clones of one remote."""
    first = make_repository(tmp_path / "first")
    first.git("remote", "add", "origin", str(bare.git_dir))
    first.git("push", "-q", "origin", "main")
    return first, clone(bare, tmp_path / "second")


def publish(repo: Repository, files: dict[str, str]) -> str:
    made = commit_all(repo, files)
    repo.git("push", "-q", "origin", "main")
    return made


def followed(repo: Repository) -> list[str]:
    said: list[str] = []
    fetch(repo)
    assert follow_remote(repo, said.append) is not bool(said)
    return said


def test_it_goes_forward_with_its_work_tree(pair: tuple[Repository, Repository]) -> None:
    first, second = pair
    new = publish(first, {"more": "x"})
    (second.workdir / "README").write_text("changed\n")
    assert followed(second) == []
    assert resolve(second, "HEAD") == new
    assert (second.workdir / "more").read_text() == "x"
    assert (second.workdir / "README").read_text() == "changed\n"
    assert followed(second) == []


def test_it_goes_forward_where_something_else_is_checked_out(pair: tuple[Repository, Repository]) -> None:
    first, second = pair
    new = publish(first, {"more": "x"})
    second.git("checkout", "-q", "-b", "topic")
    assert followed(second) == []
    assert resolve(second, "main") == new
    assert not (second.workdir / "more").exists()


def test_what_a_person_did_stays(pair: tuple[Repository, Repository]) -> None:
    first, second = pair
    publish(first, {"README": "theirs\n"})
    (second.workdir / "README").write_text("mine\n")
    (told,) = followed(second)
    assert told.startswith("main here stays behind the remote's: ")
    assert (second.workdir / "README").read_text() == "mine\n"
    mine = commit_all(second, {})
    (told,) = followed(second)
    assert resolve(second, "HEAD") == mine
    second.git("checkout", "-q", "-b", "topic")
    (told,) = followed(second)
    assert resolve(second, "main") == mine


def test_commits_that_the_remote_lacks_are_in_nobodys_way(pair: tuple[Repository, Repository]) -> None:
    _, second = pair
    mine = commit_all(second, {"mine": "x"})
    assert followed(second) == []
    assert resolve(second, "main") == mine


def test_there_may_be_no_remote(repo: Repository) -> None:
    assert followed(repo) == []
