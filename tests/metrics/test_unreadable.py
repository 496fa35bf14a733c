"""Lines that are no records: each named with its place and cause, and set aside byte for byte."""

from pathlib import Path

import pytest

from gitmodel.git.commits import commit_files
from gitmodel.git.notes import append_notes, read_notes
from gitmodel.git.refs import list_refs, read_ref, resolve, update_refs
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, Record, format_record
from gitmodel.metrics.unreadable import UNREADABLE_REF, read_broken, set_aside

from ..conftest import clone, make_repository  # noqa: TID252

GOOD = [format_record(Record("m", "live", {"auc": k / 10}, "2026-11-27T15:46:31Z", "me")) for k in range(3)]
BY_HAND = b"\n".join(
    [
        b"A remark of mine.", b"", GOOD[0].encode() + b"\r", b'{"json":"no record"}', b"\xff\xfe\x00bytes",
        GOOD[1].encode(), b"remark with the end of Windows\r", b"[" * 100_000, b"",
    ]
)  # fmt: skip


def write(repo: Repository, text: bytes, commit: Oid) -> None:
    old = read_ref(repo, METRICS_REF)
    made = commit_files(repo, parent=old, changes={commit: text}, message="By hand")
    update_refs(repo, [RefUpdate(METRICS_REF, made, old)])


def head(repo: Repository) -> Oid:
    found = resolve(repo, "HEAD")
    assert found is not None
    return found


def test_each_line_is_named_with_its_place_and_cause(repo: Repository) -> None:
    write(repo, BY_HAND, head(repo))
    count, broken = read_broken(repo)
    assert count == 2
    assert [(line.commit, line.number) for line in broken] == [(head(repo), n) for n in (1, 4, 5, 7, 8)]
    short = head(repo).short
    assert [str(line)[:60] for line in broken] == [
        f"{short} line 1: not JSON: 'A remark of mine.'",
        f"{short} line 4: a record of metrics without 'model': '{{\"json"[:60],
        f"{short} line 5: not JSON: '\\udcff\\udcfe\\x00bytes'",
        f"{short} line 7: not JSON: 'remark with the end of Windows\\r'"[:60],
        f"{short} line 8: not JSON: '{'[' * 80}"[:60],
    ]


def test_set_aside_byte_for_byte_and_only_once(repo: Repository) -> None:
    write(repo, BY_HAND, head(repo))
    assert set_aside(repo) == 5
    assert set(read_notes(repo, METRICS_REF)[head(repo)]) == set(GOOD[:2])
    kept = repo.run("cat-file", "blob", f"{UNREADABLE_REF}:{head(repo)}").stdout
    broken = {line for n, line in enumerate(BY_HAND.split(b"\n")) if n in (0, 3, 4, 6, 7)}
    assert set(kept.rstrip(b"\n").split(b"\n")) == broken
    before = list_refs(repo)
    assert set_aside(repo) == 0
    assert list_refs(repo) == before


def test_nothing_to_set_aside_makes_no_ref(repo: Repository) -> None:
    assert set_aside(repo) == 0
    append_notes(repo, METRICS_REF, {head(repo): GOOD})
    assert set_aside(repo) == 0
    assert set(list_refs(repo)) == {"refs/heads/main", METRICS_REF}


def test_what_was_set_aside_reaches_the_remote_and_other_clones(bare: Repository, tmp_path: Path) -> None:
    first = make_repository(tmp_path / "first")
    first.git("remote", "add", "origin", str(bare.git_dir))
    first.git("push", "-q", "origin", "main")
    second = clone(bare, tmp_path / "second")
    tip = head(first)
    publish(second, [], {METRICS_REF: {tip: ["broken of second", GOOD[0]]}})
    append_notes(first, METRICS_REF, {tip: ["broken of first", GOOD[1]]})
    assert set_aside(first) == 2
    for repo in (bare, first):
        assert read_notes(repo, METRICS_REF) == {tip: GOOD[:2]}
        assert read_notes(repo, UNREADABLE_REF) == {tip: ["broken of first", "broken of second"]}
    fetch(second)
    assert read_notes(second, METRICS_REF) == {tip: GOOD[:2]}
    assert read_notes(second, UNREADABLE_REF) == {tip: ["broken of first", "broken of second"]}


def test_a_clone_that_brings_a_line_back_is_repaired_again(bare: Repository, tmp_path: Path) -> None:
    first = make_repository(tmp_path / "first")
    first.git("remote", "add", "origin", str(bare.git_dir))
    first.git("push", "-q", "origin", "main")
    second = clone(bare, tmp_path / "second")
    tip = head(first)
    publish(first, [], {METRICS_REF: {tip: ["broken"]}})
    fetch(second)
    append_notes(second, METRICS_REF, {tip: [GOOD[0]]})
    set_aside(first)
    publish(second, [], {METRICS_REF: {tip: [GOOD[1]]}})
    assert set_aside(second) == 1
    assert read_notes(bare, METRICS_REF) == {tip: GOOD[:2]}
    assert read_notes(bare, UNREADABLE_REF) == {tip: ["broken"]}


@pytest.mark.parametrize("many", [False, True])
def test_damage_is_told_and_the_rest_is_repaired(repo: Repository, *, many: bool) -> None:
    other = Oid("ab" * 20)
    append_notes(repo, METRICS_REF, {head(repo): ["lost"], other: ["broken", GOOD[0]]})
    if many:
        append_notes(repo, METRICS_REF, {Oid(f"{n:02x}" * 20): ["x"] for n in range(256)})
    oid = repo.git("rev-parse", f"{METRICS_REF}:{head(repo)}")
    file = repo.git_dir / "objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.write_bytes(b"garbage")
    damaged = [line for line in read_broken(repo)[1] if line.number == 0]
    assert [str(line) for line in damaged] == [
        f"{head(repo).short}: the text of this note is missing or damaged in git"
    ]
    assert set_aside(repo) >= 1
    assert read_notes(repo, METRICS_REF)[other] == [GOOD[0]]
