"""Registering: one number each, the same result once, nothing left behind by a lost race."""

import threading
from pathlib import Path

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.git.notes import read_notes
from gitmodel.git.refs import list_refs, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Record, parse_record
from gitmodel.registry.register import register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef

from ..conftest import clone, make_repository  # noqa: TID252


@pytest.fixture
def server(bare: Repository, tmp_path: Path) -> Repository:
    """Return a bare repository with one commit."""
    first = make_repository(tmp_path / "first")
    first.git("push", "-q", str(bare.git_dir), "main")
    return bare


def head(repo: Repository) -> Oid:
    found = resolve(repo, "HEAD")
    assert found is not None
    return found


def result(repo: Repository, name: str) -> tuple[Oid, Facts, Record]:
    """Return what a training would: a commit of its own, with a digest of its own."""
    commit = Oid(repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", name))
    facts = Facts(name, metrics={"auc": 0.5}, run=RunRef(head(repo), name))
    return commit, facts, Record("m", "training", {"auc": 0.5}, "2026-11-27T15:46:31Z", "ada", run=name)


def test_versions_count_and_bring_their_metrics(server: Repository, tmp_path: Path) -> None:
    repo = clone(server, tmp_path / "copy")
    for number, name in enumerate(("a", "b"), start=1):
        commit, facts, record = result(repo, name)
        made = register(repo, "m", commit=commit, facts=facts, records=[record])
        assert (made.version.version, made.created) == (str(number), True)
        (line,) = read_notes(server, METRICS_REF)[commit]
        assert parse_record(line).version == str(number)
    assert set(list_refs(server, "refs/tags/")) == {"refs/tags/m@v1", "refs/tags/m@v2"}


def test_semantic_versions_count_too(repo: Repository) -> None:
    for number, name in (("0.1.0", "a"), ("0.2.0", "b")):
        commit, facts, _ = result(repo, name)
        assert register(repo, "m", commit=commit, facts=facts, kind="semver").version.version == number


def test_the_same_result_is_one_version(server: Repository, tmp_path: Path) -> None:
    first, second = clone(server, tmp_path / "a"), clone(server, tmp_path / "b")
    commit, facts, record = result(first, "same")
    register(first, "m", commit=commit, facts=facts, records=[record])
    other, _, _ = result(second, "elsewhere")
    again = register(second, "m", commit=other, facts=facts, records=[record])
    assert (again.version.version, again.created) == ("1", False)


def test_what_only_mentions_a_run_is_another_result(repo: Repository) -> None:
    _, facts, _ = result(repo, "a" * 64)
    repo.git("tag", "-a", "-m", f"Compared with {'a' * 64}", "m@v1")
    commit = Oid(repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Run"))
    assert register(repo, "m", commit=commit, facts=facts).version.version == "2"


def test_the_newest_version_of_a_commit_is_the_one_that_is_found(repo: Repository) -> None:
    for name in ("m@v2", "m@v10", "m@v9", "other@v11", "m@vx"):
        repo.git("tag", "-a", "-m", "By hand", name)
    found = register(repo, "m", commit=head(repo), facts=Facts("Trained"))
    assert (found.version.version, found.created) == ("10", False)


def test_everybody_gets_a_number_of_their_own(server: Repository, tmp_path: Path) -> None:
    copies = [clone(server, tmp_path / f"c{number}") for number in range(6)]
    numbers: list[str] = []

    def one(copy: Repository, name: str) -> None:
        commit, facts, record = result(copy, name)
        made = register(copy, "m", commit=commit, facts=facts, records=[record])
        numbers.append(made.version.version)

    writers = [threading.Thread(target=one, args=(copy, f"run-{n}")) for n, copy in enumerate(copies)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(numbers) == ["1", "2", "3", "4", "5", "6"]
    assert len(read_notes(server, METRICS_REF)) == 6
    shared = list_refs(server, "refs/tags/")
    assert all(list_refs(copy, "refs/tags/").items() <= shared.items() for copy in copies)


def test_a_server_that_says_no_leaves_no_tag_here(server: Repository, tmp_path: Path) -> None:
    hook = server.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho closed >&2\nexit 1\n")
    hook.chmod(0o755)
    repo = clone(server, tmp_path / "copy")
    commit, facts, _ = result(repo, "a")
    with pytest.raises(ToolFailed, match="did not take"):
        register(repo, "m", commit=commit, facts=facts)
    assert list_refs(repo, "refs/tags/") == {}


def test_a_broken_tag_does_not_take_its_number_twice(repo: Repository) -> None:
    repo.git("tag", "-a", "-m", "broken\n\nMetrics: {", "m@v7")
    commit, facts, _ = result(repo, "a")
    assert register(repo, "m", commit=commit, facts=facts).version.version == "8"
    assert [broken.tag for broken in Registry(repo).read("m")[1]] == ["m@v7"]


def test_a_new_result_is_not_looked_for_and_still_loses_no_race(server: Repository, tmp_path: Path) -> None:
    first, second = clone(server, tmp_path / "new-1"), clone(server, tmp_path / "new-2")
    commit = first.git("commit-tree", "-p", "origin/main", "-m", "Run", "origin/main^{tree}")
    facts = Facts("Trained", run=RunRef(commit, "e" * 64))
    one = register(first, "new", commit=Oid(commit), facts=facts, is_new=True)
    assert (one.version.version, one.created) == ("1", True)
    other = second.git("commit-tree", "-p", "origin/main", "-m", "Other", "origin/main^{tree}")
    two = register(second, "new", commit=Oid(other), facts=Facts("Other"), is_new=True)
    assert (two.version.version, two.created) == ("2", True)
    fetched = clone(server, tmp_path / "new-3")
    again = register(fetched, "new", commit=one.version.commit, facts=facts)
    assert (again.version.version, again.created) == ("1", False)
