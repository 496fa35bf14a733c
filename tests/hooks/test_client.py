"""The hooks of a clone, in real clones with real DVC."""

import os
import shutil
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.git.notes import append_notes, read_notes
from gitmodel.git.refs import read_ref, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.setup import init_repository, install_client_hooks
from tests.conftest import clone, commit_all
from tests.hooks.conftest import words

NOTES = "refs/notes/metrics"


def git(repo: Repository, *arguments: str, check: bool = True) -> process.Completed:
    """Run git as a person does, with hooks."""
    return process.run(["git", *arguments], cwd=repo.root, env=dict(os.environ), check=check)


def gitmodel(repo: Repository, *arguments: str) -> process.Completed:
    return process.run(["gitmodel", *arguments], cwd=repo.root, check=False)


def head(repo: Repository) -> Oid:
    found = resolve(repo, "HEAD")
    assert found is not None
    return found


@pytest.fixture
def first(server: Repository, tmp_path: Path) -> Repository:
    """Return a models repository with hooks, whose origin is the server."""
    made = init_repository(tmp_path / "first", example="hello-world").repo
    made.git("remote", "add", "origin", str(server.git_dir))
    install_client_hooks(made, print)
    return made


@pytest.fixture
def second(first: Repository, server: Repository, tmp_path: Path) -> Repository:
    """Return another clone, after a push of the first."""
    git(first, "push", "-q", "origin", "main")
    made = clone(server, tmp_path / "second")
    install_client_hooks(made, print)
    return made


def add_data(repo: Repository, text: str) -> None:
    """Track a data file with DVC and commit that."""
    assert repo.root is not None
    (repo.root / "rows.csv").write_text(text)
    process.run(["dvc", "add", "-q", "rows.csv"], cwd=repo.root)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "Data")


def stored(server: Repository) -> list[str]:
    return sorted(path.read_text() for path in data_folder(server).rglob("*") if path.is_file())


def data_folder(server: Repository) -> Path:
    return server.git_dir.with_name(server.git_dir.name.removesuffix(".git") + ".dvc")


def test_data_goes_before_the_commits(first: Repository, server: Repository) -> None:
    add_data(first, "a\n1\n")
    add_data(first, "a\n2\n")
    said = words(git(first, "push", "origin", "main"))
    assert "2 data files pushed" in said
    assert stored(server) == ["a\n1\n", "a\n2\n"]
    assert read_ref(server, "refs/heads/main") == head(first)


def test_commits_whose_data_cannot_be_pushed_stay_here(first: Repository, server: Repository) -> None:
    add_data(first, "a\n1\n")
    folder = data_folder(server)
    folder.rmdir()
    folder.write_text("not a folder")
    done = git(first, "push", "origin", "main", check=False)
    assert done.code == 1
    assert "could not push data" in words(done)
    assert "--no-verify" in words(done)
    assert read_ref(server, "refs/heads/main") is None
    git(first, "push", "-q", "--no-verify", "origin", "main")


def test_commits_whose_data_is_nowhere_stay_here(first: Repository, server: Repository) -> None:
    add_data(first, "a\n1\n")
    assert first.root is not None
    shutil.rmtree(first.root / ".dvc" / "cache")
    done = git(first, "push", "origin", "main", check=False)
    assert done.code == 1
    assert "neither on this machine nor on the DVC remote" in words(done)
    assert "WARNING" not in words(done)
    assert read_ref(server, "refs/heads/main") is None


def test_without_data_nothing_heavy_happens(first: Repository, server: Repository) -> None:
    commit_all(first, {"README.md": "words\n"})
    assert "gitmodel" not in words(git(first, "push", "origin", "main")).partition("To ")[0]
    assert stored(server) == []


def test_without_a_data_remote_it_is_said(first: Repository, server: Repository) -> None:
    assert first.root is not None
    data_folder(server).rmdir()
    (first.root / ".dvc" / "config.local").unlink(missing_ok=True)
    add_data(first, "a\n")
    assert "no DVC remote is configured" in words(git(first, "push", "origin", "main"))


def test_notes_go_with_a_push_and_meet_those_of_others(first: Repository, second: Repository) -> None:
    append_notes(first, NOTES, {head(first): ["one"]})
    append_notes(second, NOTES, {head(first): ["two"]})
    for repo, name in ((first, "a"), (second, "b")):
        git(repo, "checkout", "-q", "-b", name)
        commit_all(repo, {name: name})
        assert "notes shared: metrics" in words(git(repo, "push", "origin", name))
    synced = gitmodel(first, "sync")
    assert "notes shared" not in synced.text, "what came from the remote is not news to it"
    assert synced.code == 0
    for repo in (first, second):
        assert read_notes(repo, NOTES)[head_of(first, "main")] == ["one", "two"]
    commit_all(second, {"c": "c"})
    assert "notes" not in words(git(second, "push", "origin", "b")).partition("To ")[0]


def head_of(repo: Repository, name: str) -> Oid:
    found = resolve(repo, name)
    assert found is not None
    return found


def test_a_pull_brings_versions_notes_and_data_in_line(first: Repository, second: Repository) -> None:
    add_data(first, "a\n1\n")
    first.git("tag", "-a", "-m", "One", "m@v1")
    append_notes(first, NOTES, {head(first): ["one"]})
    git(first, "push", "-q", "origin", "main", "m@v1")
    said = words(git(second, "pull", "origin", "main"))
    assert "0 data files changed; what is not on this machine is fetched by `gitmodel sync`" in said
    assert read_ref(second, "refs/tags/m@v1") == read_ref(first, "refs/tags/m@v1")
    assert read_notes(second, NOTES) == {head(first): ["one"]}
    done = gitmodel(second, "sync")
    assert done.code == 0, done.stderr
    assert second.root is not None
    assert (second.root / "rows.csv").read_text() == "a\n1\n"
    assert gitmodel(second, "sync").text == "data: nothing changed\n"


def test_a_checkout_brings_data_in_line(first: Repository) -> None:
    assert first.root is not None
    add_data(first, "a\n1\n")
    git(first, "checkout", "-q", "-b", "other")
    add_data(first, "a\n2\n")
    git(first, "checkout", "-q", "main")
    assert (first.root / "rows.csv").read_text() == "a\n1\n"
    git(first, "checkout", "-q", "other", "--", "rows.csv.dvc")
    assert (first.root / "rows.csv").read_text() == "a\n1\n"
    git(first, "checkout", "-q", "-f", "other")
    assert (first.root / "rows.csv").read_text() == "a\n2\n"


def test_a_pull_without_the_remote_still_works(first: Repository, second: Repository) -> None:
    commit_all(first, {"a": "a"})
    git(second, "remote", "set-url", "origin", "/nowhere.git")
    done = git(second, "pull", str(first.root), "main")
    assert "versions and notes are not up to date" in words(done)
    assert head(second) == head(first)


def test_the_hook_of_the_user_runs_first_and_decides(first: Repository) -> None:
    own = first.git_dir / "hooks" / "pre-push.before-gitmodel"
    own.write_text("#!/bin/sh\ncat > .git/seen\n[ ! -e .git/refuse ]\n")
    own.chmod(0o755)
    git(first, "push", "-q", "origin", "main")
    assert (first.git_dir / "seen").read_text().startswith("refs/heads/main ")
    (first.git_dir / "refuse").touch()
    commit_all(first, {"a": "a"})
    assert git(first, "push", "origin", "main", check=False).code == 1


def test_sync_tells_what_came(first: Repository, second: Repository) -> None:
    first.git("tag", "-a", "-m", "One", "m@v1")
    git(first, "push", "-q", "origin", "m@v1", "main:env/local")
    assert gitmodel(second, "sync").text == "new: origin/env/local\nnew: tags/m@v1\n"
    assert gitmodel(second, "sync").text == "everything is in line already\n"
