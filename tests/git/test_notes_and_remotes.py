"""Notes that merge, and pushes that arrive together or not at all."""

import threading
from pathlib import Path

import pytest

from gitmodel.errors import Conflict, ToolFailed
from gitmodel.git.notes import append_notes, read_notes
from gitmodel.git.refs import list_refs, read_ref, resolve, update_refs
from gitmodel.git.remotes import fetch, fetch_refs, publish
from gitmodel.git.repository import Repository
from gitmodel.git.tags import write_tag_object
from gitmodel.git.tracking import default_remote
from gitmodel.git.values import Oid, RefUpdate

from ..conftest import clone, commit_all, make_repository  # noqa: TID252

REF = "refs/notes/metrics"


@pytest.fixture
def shared(bare: Repository, tmp_path: Path) -> tuple[Repository, Repository, Repository]:
    """Return a bare repository and two clones with one commit."""
    first = make_repository(tmp_path / "first")
    first.git("remote", "add", "origin", str(bare.git_dir))
    first.git("push", "-q", "origin", "main")
    return bare, first, clone(bare, tmp_path / "second")


def head(repo: Repository) -> Oid:
    found = resolve(repo, "HEAD")
    assert found is not None
    return found


def test_lines_are_sorted_unique_and_read_by_plain_git(repo: Repository) -> None:
    append_notes(repo, REF, {head(repo): ["b", "a"]})
    append_notes(repo, REF, {head(repo): ["c", "a"]})
    assert read_notes(repo, REF) == {head(repo): ["a", "b", "c"]}
    assert repo.git("notes", "--ref=metrics", "show", "HEAD") == "a\nb\nc"


def test_adding_what_is_there_writes_nothing(repo: Repository) -> None:
    append_notes(repo, REF, {head(repo): ["a"]})
    before = read_ref(repo, REF)
    append_notes(repo, REF, {head(repo): ["a"]})
    assert read_ref(repo, REF) == before


def test_notes_that_git_spread_over_folders_are_found_and_kept_in_place(repo: Repository) -> None:
    commits = [head(repo)]
    # Git itself spreads notes over folders once there are many; here it is asked through fast-import.
    for number in range(300):
        tree = repo.git("write-tree")
        commits.append(Oid(repo.git("commit-tree", tree, "-m", str(number))))
    stream = ["commit refs/notes/metrics\ncommitter A <a@b.c> 1 +0000\ndata 1\nx"]
    stream += [f"N inline {oid}\ndata 4\nold\n" for oid in commits]
    repo.git("fast-import", "--quiet", stdin="\n".join([*stream, ""]).encode())
    append_notes(repo, REF, {commits[5]: ["new"]})
    assert read_notes(repo, REF)[commits[5]] == ["new", "old"]
    assert repo.git("notes", "--ref=metrics", "show", commits[5]) == "new\nold"
    assert len(read_notes(repo, REF)) == 301


def test_writers_at_once_lose_nothing(repo: Repository) -> None:
    tip = head(repo)
    writers = [
        threading.Thread(target=append_notes, args=(repo, REF, {tip: [f"line {number}"]}))
        for number in range(8)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert read_notes(repo, REF)[tip] == sorted(f"line {number}" for number in range(8))


def test_default_remote(repo: Repository, bare: Repository) -> None:
    assert default_remote(repo) is None
    repo.git("remote", "add", "backup", str(bare.git_dir))
    assert default_remote(repo) == "backup"
    repo.git("remote", "add", "other", str(bare.git_dir))
    assert default_remote(repo) is None
    repo.git("remote", "add", "origin", str(bare.git_dir))
    assert default_remote(repo) == "origin"


def test_notes_of_two_clones_meet_at_the_remote(shared: tuple[Repository, Repository, Repository]) -> None:
    server, first, second = shared
    tip = head(first)
    publish(first, [], {REF: {tip: ["from first"]}})
    publish(second, [], {REF: {tip: ["from second"]}})
    assert read_notes(server, REF) == {tip: ["from first", "from second"]}
    assert read_notes(second, REF) == read_notes(server, REF)
    fetch(first)
    assert read_notes(first, REF) == read_notes(server, REF)


def test_clones_that_publish_at_once_lose_nothing(
    shared: tuple[Repository, Repository, Repository], tmp_path: Path
) -> None:
    server, first, second = shared
    tip = head(first)
    copies = [first, second, *(clone(server, tmp_path / f"c{number}") for number in range(2))]

    def write(copy: Repository, name: int) -> None:
        for number in range(3):
            publish(copy, [], {REF: {tip: [f"{name}-{number}"]}})

    writers = [threading.Thread(target=write, args=(copy, name)) for name, copy in enumerate(copies)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert read_notes(server, REF)[tip] == sorted(f"{n}-{k}" for n in range(4) for k in range(3))


def test_a_lost_race_changes_nothing_anywhere(shared: tuple[Repository, Repository, Repository]) -> None:
    server, first, second = shared
    tip = head(first)
    mine = write_tag_object(first, commit=tip, name="m@v1", message="of first\n")
    theirs = write_tag_object(second, commit=tip, name="m@v1", message="of second\n")
    publish(first, [RefUpdate("refs/tags/m@v1", mine, None)], {REF: {tip: ["one"]}})
    with pytest.raises(Conflict):
        publish(second, [RefUpdate("refs/tags/m@v1", theirs, None)], {REF: {tip: ["two"]}})
    assert read_notes(server, REF) == {tip: ["one"]}
    assert list_refs(second, "refs/tags/") == {}
    assert read_notes(second, REF) in ({}, {tip: ["one"]})


def test_a_refusal_of_the_server_is_shown_and_changes_nothing(
    shared: tuple[Repository, Repository, Repository],
) -> None:
    server, first, _ = shared
    hook = server.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'no entry today' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ToolFailed) as caught:
        publish(first, [RefUpdate("refs/tags/x@v1", head(first), None)], {REF: {head(first): ["l"]}})
    assert "no entry today" in caught.value.detail
    assert not list_refs(first, "refs/tags/")
    assert read_ref(first, REF) is None


def test_branches_of_the_remote_are_followed_under_refs_remotes(
    shared: tuple[Repository, Repository, Repository],
) -> None:
    server, first, second = shared
    tip = head(first)
    publish(first, [RefUpdate("refs/heads/env/local", tip, None)])
    assert read_ref(first, "refs/remotes/origin/env/local") == tip
    assert read_ref(server, "refs/heads/env/local") == tip
    fetch(second)
    assert read_ref(second, "refs/remotes/origin/env/local") == tip


def test_local_and_remote_registry_without_a_remote(repo: Repository) -> None:
    publish(repo, [RefUpdate("refs/tags/m@v1", head(repo), None)], {REF: {head(repo): ["a"]}})
    assert "refs/tags/m@v1" in list_refs(repo, "refs/tags/")
    with pytest.raises(Conflict):
        publish(repo, [RefUpdate("refs/tags/m@v1", head(repo), None)])


def test_single_refs_are_fetched_by_name(shared: tuple[Repository, Repository, Repository]) -> None:
    server, first, second = shared
    run = Oid(commit_all(first, {"x": "1"}))
    publish(first, [RefUpdate("refs/runs/m/abc", run, None)])
    fetch_refs(second, "refs/runs/m/abc", "refs/runs/m/none")
    assert read_ref(second, "refs/runs/m/abc") == run
    assert read_ref(server, "refs/runs/m/abc") == run


def test_a_dead_remote_is_told_in_gits_words(repo: Repository, tmp_path: Path) -> None:
    repo.git("remote", "add", "origin", str(tmp_path / "nowhere"))
    with pytest.raises(ToolFailed) as caught:
        fetch(repo)
    assert "nowhere" in caught.value.detail


def test_a_tag_that_differs_here_is_named(shared: tuple[Repository, Repository, Repository]) -> None:
    _, first, second = shared
    publish(first, [RefUpdate("refs/tags/m@v1", head(first), None)])
    other = Oid(commit_all(second, {"y": "1"}))
    update_refs(second, [RefUpdate("refs/tags/m@v1", other, None)])
    with pytest.raises(ToolFailed) as caught:
        fetch(second)
    assert "git tag -d" in caught.value.hint
