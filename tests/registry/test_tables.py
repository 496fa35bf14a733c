"""Repositories whose refs git keeps in tables (reftable), of which there is no file a ref."""

import json
import os
import threading
from pathlib import Path

import pytest

import gitmodel
from gitmodel import process
from gitmodel.errors import Conflict, UsageError
from gitmodel.git.locks import remove_stale_locks
from gitmodel.git.notes import append_notes, read_notes
from gitmodel.git.refs import list_refs, read_ref, resolve, update_refs
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.retry import attempts
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, Record
from gitmodel.registry.register import next_version, register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef
from gitmodel.training.sharing import pull_data
from tests.cli.conftest import Run, run  # noqa: F401 - a fixture
from tests.conftest import clone, make_repository

_KEEP = ["git", "init", "-q", "--bare", "--ref-format=reftable"]


@pytest.fixture(autouse=True)
def git_with_tables(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every repository of the test one with tables; ``tests/newer-git`` gets a git that can."""
    if folder := os.environ.get("GITMODEL_TEST_GIT"):
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    if process.run([*_KEEP, str(tmp_path / "tried")], check=False).code:
        pytest.skip(
            "this git keeps no refs in tables (2.45 does); GITMODEL_TEST_GIT may name the folder of one"
        )
    settings = tmp_path / "gitconfig"
    settings.write_text((sealed / ".gitconfig").read_text() + "[init]\n\tdefaultRefFormat = reftable\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))


@pytest.fixture
def server(bare: Repository, tmp_path: Path) -> Repository:
    """Return a bare repository with one commit."""
    make_repository(tmp_path / "first").git("push", "-q", str(bare.git_dir), "main")
    assert bare.config("extensions.refstorage") == "reftable"
    return bare


def head(repo: Repository) -> Oid:
    found = resolve(repo, "origin/main")
    assert found is not None
    return found


def enter(repo: Repository, name: str) -> str:
    """Register a result of its own."""
    commit = Oid(repo.git("commit-tree", "origin/main^{tree}", "-p", "origin/main", "-m", name))
    facts = Facts(name, metrics={"auc": 0.5}, run=RunRef(head(repo), name))
    record = Record("m", "training", {"auc": 0.5}, "2026-11-27T15:46:31Z", "ada", run=name)
    return register(repo, "m", commit=commit, facts=facts, records=[record]).version.version


def test_versions_and_notes_of_several_clones(server: Repository, tmp_path: Path) -> None:
    copies = [clone(server, tmp_path / f"c{number}") for number in range(4)]
    made: list[str] = []
    writers = [
        threading.Thread(target=lambda copy=copy: made.append(enter(copy, copy.workdir.name)))
        for copy in copies
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(made) == ["1", "2", "3", "4"]
    for copy in copies:
        fetch(copy)
        assert [version.version for version in Registry(copy).versions("m")] == ["4", "3", "2", "1"]
        assert read_notes(copy, METRICS_REF) == read_notes(server, METRICS_REF)
    assert len(read_notes(server, METRICS_REF)) == 4
    assert enter(copies[0], "c1") in made
    assert len(list_refs(server, "refs/tags/")) == 4


def test_commands_read_them(
    server: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Run,  # noqa: F811
) -> None:
    copy = clone(server, tmp_path / "copy")
    enter(copy, "one")
    enter(copy, "two")
    copy.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    for place in (tmp_path / "copy", tmp_path / "linked"):
        monkeypatch.chdir(place)
        listed = json.loads(run("list", "--json").out)
        assert [(item["model"], item["version"]) for item in listed] == [("m", "2")]
        assert [item["version"] for item in json.loads(run("log", "m", "--json").out)] == ["2", "1"]
        assert json.loads(run("show", "m:1", "--json").out)["metrics"] == {"auc": 0.5}
        assert run("doctor").code in {0, 1}


def test_a_registry_elsewhere(server: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    copy = clone(server, tmp_path / "copy")
    enter(copy, "one")
    registry = gitmodel.open(server.git_dir.as_uri())
    assert [version.version for version in registry["m"]] == ["1"]
    enter(copy, "two")
    assert registry.refresh()["m"].latest.version == "2"


def test_a_tag_whose_object_is_missing_is_named_and_keeps_its_number(
    server: Repository, tmp_path: Path
) -> None:
    copy = clone(server, tmp_path / "copy")
    enter(copy, "one")
    copy.git("tag", "-a", "-m", "lost", "m@v7", "origin/main")
    oid = read_ref(copy, "refs/tags/m@v7")
    assert oid is not None
    (copy.git_dir / "objects" / oid[:2] / oid[2:]).unlink()
    versions, broken = Registry(copy).read("m")
    assert [version.version for version in versions] == ["1"]
    assert [item.tag for item in broken] == ["m@v7"]
    assert next_version(copy, "m", "integer") == "8"


def test_a_lost_race_and_a_lock_that_is_held_or_left(
    server: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = clone(server, tmp_path / "copy")
    tip = head(copy)
    update_refs(copy, [RefUpdate("refs/tags/m@v1", tip, None)])
    with pytest.raises(Conflict):
        update_refs(copy, [RefUpdate("refs/tags/m@v1", tip, None)])
    lock = copy.git_dir / "reftable" / "tables.list.lock"
    lock.touch()
    holder = threading.Timer(0.5, lock.unlink)
    holder.start()
    publish(copy, [], {METRICS_REF: {tip: ["mine"]}})
    holder.join()
    assert read_notes(server, METRICS_REF) == {tip: ["mine"]}
    lock.touch()
    monkeypatch.setattr(attempts, "__defaults__", (0.3,))
    with pytest.raises(Conflict, match="keep changing") as caught:
        append_notes(copy, METRICS_REF, {tip: ["b"]})
    assert "doctor --repair" in caught.value.hint
    os.utime(lock, (0, 0))
    assert remove_stale_locks(copy) == [lock]
    append_notes(copy, METRICS_REF, {tip: ["b"]})


def test_data_are_not_asked_of_dvc_which_knows_no_tables(server: Repository, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reftable") as caught:
        pull_data(clone(server, tmp_path / "copy"))
    assert "git refs migrate" in caught.value.hint
