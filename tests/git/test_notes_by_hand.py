"""Notes as people, scripts and accidents leave them: what is readable is read, and nothing is lost."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitmodel import process
from gitmodel.errors import Conflict, ToolFailed
from gitmodel.git.commits import commit_files
from gitmodel.git.notes import append_notes, combine, join_lines, note_lines, raw_lines, read_notes, without
from gitmodel.git.refs import read_ref, resolve, update_refs
from gitmodel.git.remotes import fetch, publish, take_out
from gitmodel.git.repository import Repository
from gitmodel.git.retry import attempts
from gitmodel.git.values import Oid, RefUpdate

from ..conftest import clone, commit_all, make_repository  # noqa: TID252

REF = "refs/notes/metrics"


def head(repo: Repository) -> Oid:
    found = resolve(repo, "HEAD")
    assert found is not None
    return found


def write(repo: Repository, files: dict[str, bytes | None], ref: str = REF) -> Oid:
    """Put files into a tree of notes as a script would."""
    old = read_ref(repo, ref)
    made = commit_files(repo, parent=old, changes=files, message="By hand")
    update_refs(repo, [RefUpdate(ref, made, old)])
    return made


def damage(repo: Repository, name: str) -> None:
    """Overwrite a loose object."""
    oid = repo.git("rev-parse", name)
    file = repo.git_dir / "objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.write_bytes(b"garbage")


def test_notes_appended_by_plain_git_have_blank_lines_between(repo: Repository) -> None:
    for word in ("one", "two"):
        repo.git("notes", f"--ref={REF}", "append", "-m", word)
    assert repo.git("notes", f"--ref={REF}", "show") == "one\n\ntwo"
    assert read_notes(repo, REF) == {head(repo): ["one", "two"]}
    append_notes(repo, REF, {head(repo): ["three"]})
    assert read_notes(repo, REF) == {head(repo): ["one", "three", "two"]}


def test_line_ends_of_windows_are_no_part_of_a_line_and_stay(repo: Repository) -> None:
    write(repo, {head(repo): b"b\r\na\r\nb\n"})
    assert read_notes(repo, REF) == {head(repo): ["b", "a"]}
    append_notes(repo, REF, {head(repo): ["c"]})
    assert repo.run("cat-file", "blob", f"{REF}:{head(repo)}").stdout == b"a\r\nb\nb\r\nc\n"


def test_bytes_that_are_no_text_survive_a_merge(repo: Repository) -> None:
    write(repo, {head(repo): b"\xff\xfe\n"})
    append_notes(repo, REF, {head(repo): ["a"]})
    assert repo.run("cat-file", "blob", f"{REF}:{head(repo)}").stdout == b"a\n\xff\xfe\n"


def test_files_that_are_no_notes_are_passed_over_and_stay(repo: Repository) -> None:
    strange: dict[str, bytes | None] = {
        "README": b"about", "ab/cd": b"short", "f" * 41: b"odd", "a\tb": b"tab", "x/" + "0" * 40: b"x",
    }  # fmt: skip
    write(repo, {**strange, head(repo): b"a\n"})
    append_notes(repo, REF, {head(repo): ["b"]})
    assert read_notes(repo, REF) == {head(repo): ["a", "b"]}
    listed = repo.git("ls-tree", "-r", "-z", "--name-only", REF).rstrip("\0").split("\0")
    assert set(listed) == {*strange, head(repo)}


def test_a_note_on_what_is_not_here_is_read_and_merged(repo: Repository) -> None:
    away = Oid("ab" * 20)
    write(repo, {away: b"a\n"})
    append_notes(repo, REF, {away: ["b"]})
    assert read_notes(repo, REF) == {away: ["a", "b"]}


def test_a_note_that_is_kept_in_two_places_is_the_union_of_both(repo: Repository) -> None:
    tip = head(repo)
    write(repo, {tip: b"a\n", f"{tip[:2]}/{tip[2:]}": b"b\na\n"})
    assert set(read_notes(repo, REF)[tip]) == {"a", "b"}
    append_notes(repo, REF, {tip: ["c"]})
    assert read_notes(repo, REF)[tip] == ["a", "b", "c"]


@pytest.mark.parametrize("fanned", [0, 1])
def test_trees_of_another_shape_are_merged(repo: Repository, fanned: int) -> None:
    oids = [Oid(f"{number:040x}") for number in range(0, 300 << 145, 1 << 145)]
    flat: dict[str, bytes | None] = dict.fromkeys(oids, b"flat\n")
    deep: dict[str, bytes | None] = {f"{oid[:2]}/{oid[2:4]}/{oid[4:]}": b"deep\n" for oid in oids}
    tips = (write(repo, flat, "refs/notes/flat"), write(repo, deep, "refs/notes/deep"))
    merged = combine(repo, tips[fanned], tips[1 - fanned], {})
    assert merged is not None
    assert read_notes(repo, merged) == {oid: ["deep", "flat"] for oid in oids}


def test_many_new_notes_are_spread_and_found_by_plain_git(repo: Repository) -> None:
    oids = [Oid(f"{number:040x}") for number in range(0, 300 << 145, 1 << 145)]
    append_notes(repo, REF, {oid: ["a"] for oid in oids})
    append_notes(repo, REF, {head(repo): ["mine"]})
    assert repo.git("ls-tree", "-d", "--name-only", REF).split()[0] == "00"
    assert repo.git("notes", f"--ref={REF}", "show") == "mine"
    assert set(read_notes(repo, REF)) == {*oids, head(repo)}


def test_a_damaged_note_hides_no_other_and_is_never_overwritten(repo: Repository) -> None:
    others = [Oid(f"{number:040x}") for number in range(4)]
    append_notes(repo, REF, {head(repo): ["lost"], **{oid: [f"of {oid}"] for oid in others}})
    damage(repo, f"{REF}:{head(repo)}")
    assert read_notes(repo, REF) == {head(repo): [], **{oid: [f"of {oid}"] for oid in others}}
    append_notes(repo, REF, {others[0]: ["more"]})
    with pytest.raises(ToolFailed, match=f"the note on {head(repo)} cannot be read") as caught:
        append_notes(repo, REF, {head(repo): ["new"]})
    assert "git fsck" in caught.value.hint
    assert len(read_notes(repo, REF)[others[0]]) == 2


def test_a_damaged_list_of_notes_is_told_and_not_taken_for_none(repo: Repository) -> None:
    append_notes(repo, REF, {head(repo): ["a"]})
    damage(repo, f"{REF}^{{tree}}")
    with pytest.raises(ToolFailed, match="the notes refs/notes/metrics cannot be read"):
        read_notes(repo, REF)
    with pytest.raises(ToolFailed):
        append_notes(repo, REF, {head(repo): ["b"]})


def test_a_ref_on_a_bare_tree_is_read_and_not_overwritten(repo: Repository) -> None:
    tree = Oid(repo.git("rev-parse", f"{write(repo, {head(repo): b'a'}, 'refs/x')}^{{tree}}"))
    update_refs(repo, [RefUpdate(REF, tree, None)])
    assert read_notes(repo, REF) == {head(repo): ["a"]}
    with pytest.raises(ToolFailed):
        append_notes(repo, REF, {head(repo): ["b"]})
    assert read_ref(repo, REF) == tree


def test_packed_refs_and_packed_objects_are_the_same(repo: Repository) -> None:
    append_notes(repo, REF, {head(repo): ["a"]})
    repo.git("pack-refs", "--all")
    repo.git("repack", "-adq")
    append_notes(repo, REF, {head(repo): ["b"]})
    assert read_notes(repo, REF) == {head(repo): ["a", "b"]}


@pytest.fixture
def shared(bare: Repository, tmp_path: Path) -> Repository:
    """Return a bare repository with notes on two commits."""
    first = make_repository(tmp_path / "first")
    bare.git("config", "uploadpack.allowFilter", "true")
    commits = [head(first), Oid(commit_all(first, {"x": "1"}))]
    first.git("remote", "add", "origin", str(bare.git_dir))
    first.git("push", "-q", "origin", "main")
    publish(first, [], {REF: {oid: ["a", f"on {oid}"] for oid in commits}})
    return bare


@pytest.mark.parametrize("options", [["--depth=1"], ["--filter=blob:none"], ["--filter=tree:0"], ["--bare"]])
def test_in_a_clone_of_a_part_notes_are_read_and_written(
    shared: Repository, tmp_path: Path, options: Sequence[str]
) -> None:
    process.run(["git", "clone", "-q", *options, shared.git_dir.as_uri(), str(tmp_path / "part")])
    part = Repository.open(tmp_path / "part")
    if part.is_bare:
        part.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
        append_notes(part, REF, {head(part): ["b"]})
        assert "b" in read_notes(part, REF)[head(part)]
        return
    fetch(part)
    assert len(read_notes(part, REF)) == 2
    publish(part, [], {REF: {head(part): ["b"]}})
    assert read_notes(shared, REF)[head(part)] == ["a", "b", f"on {head(part)}"]
    assert read_notes(part, REF) == read_notes(shared, REF)


def test_a_partial_clone_whose_remote_is_away_says_so_soon(shared: Repository, tmp_path: Path) -> None:
    append_notes(shared, REF, {Oid(f"{number:040x}"): [f"{number}"] for number in range(100)})
    process.run(["git", "clone", "-q", "--filter=blob:none", shared.git_dir.as_uri(), str(tmp_path / "part")])
    part = Repository.open(tmp_path / "part")
    part.git("fetch", "-q", "origin", f"{REF}:{REF}")
    part.git("remote", "set-url", "origin", str(tmp_path / "away"))
    with pytest.raises(ToolFailed, match="cannot be read") as caught:
        read_notes(part, REF)
    assert "away" in caught.value.detail


def test_lines_are_taken_out_at_the_remote_and_here_and_others_stay(
    shared: Repository, tmp_path: Path
) -> None:
    one, two = (clone(shared, tmp_path / name) for name in ("one", "two"))
    tip = head(one)
    fetch(one)
    publish(two, [], {REF: {tip: ["meanwhile"]}})
    take_out(one, REF, {tip: ["a", "never there"]})
    assert read_notes(shared, REF)[tip] == ["meanwhile", f"on {tip}"]
    assert read_notes(one, REF) == read_notes(shared, REF)
    fetch(two)
    assert read_notes(two, REF) == read_notes(shared, REF)
    before = read_ref(shared, REF)
    take_out(two, REF, {tip: ["a"]})
    assert read_ref(shared, REF) == before


def test_a_note_without_lines_is_gone(repo: Repository) -> None:
    append_notes(repo, REF, {head(repo): ["a"]})
    take_out(repo, REF, {head(repo): ["a"]})
    assert repo.git("notes", f"--ref={REF}", "list") == ""


def test_a_process_in_the_same_clone_is_waited_for(shared: Repository, tmp_path: Path) -> None:
    copy = clone(shared, tmp_path / "copy")
    fetch(copy)
    lock = copy.git_dir / "refs/gitmodel/fetched/notes/metrics.lock"
    publish(clone(shared, tmp_path / "other"), [], {REF: {head(copy): ["new"]}})
    lock.touch()
    holder = threading.Timer(0.5, lock.unlink)
    holder.start()
    publish(copy, [], {REF: {head(copy): ["mine"]}})
    holder.join()
    assert {"new", "mine"} <= set(read_notes(shared, REF)[head(copy)])


def test_attempts_end_by_time_and_give_way() -> None:
    numbers = list(attempts(patience=0.4))
    assert numbers == list(range(len(numbers)))
    assert 1 < len(numbers) < 40


def test_a_lock_that_stays_is_told_in_gits_words(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "__defaults__", (0.3,))
    lock = repo.git_dir / f"{REF}.lock"
    lock.parent.mkdir()
    lock.touch()
    for write_one in (append_notes, lambda *args: publish(args[0], [], {args[1]: args[2]})):
        with pytest.raises(Conflict) as caught:
            write_one(repo, REF, {head(repo): ["a"]})
        assert str(lock) in caught.value.detail
        assert "gitmodel doctor --repair" in caught.value.hint


LINE = st.text(st.characters(exclude_characters="\n", codec="utf-8")).filter(str.strip)
BYTES = st.binary(max_size=40)


@given(st.lists(LINE))
def test_lines_are_read_as_they_were_written(lines: list[str]) -> None:
    assert [line for line in raw_lines(join_lines(lines)) if line.strip()] == lines


@given(BYTES)
def test_bytes_are_text_and_bytes_again(data: bytes) -> None:
    assert "\n".join(raw_lines(data)).encode("utf-8", "surrogateescape") == data
    assert all(line.strip() and not line.endswith("\r") for line in note_lines(data))


@given(st.lists(BYTES, min_size=2, max_size=3), st.sets(st.integers(0, 5)))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_byte_of_a_line_is_lost_by_merging_and_taking_out(
    repo: Repository, texts: list[bytes], chosen: set[int]
) -> None:
    oid = Oid("1" * 40)
    tips = [commit_files(repo, parent=None, changes={oid: text}, message="x") for text in texts]
    merged: Oid | None = None
    for tip in tips:
        merged = combine(repo, merged, tip, {})
    assert merged is not None

    def lines(tip: Oid) -> set[bytes]:
        text = repo.run("cat-file", "blob", f"{tip}:{oid}", check=False).stdout
        return {line for line in text.split(b"\n") if line.decode("utf-8", "surrogateescape").strip()}

    everything = set().union(*(map(lines, tips)))
    assert lines(merged) == everything
    gone = {line for number, line in enumerate(sorted(everything)) if number in chosen}
    words = [line.decode("utf-8", "surrogateescape") for line in gone]
    assert lines(without(repo, merged, {oid: words})) == everything - gone
