"""Reading and moving refs, reading objects, writing commits without a checkout."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitmodel.errors import Conflict, InvalidFile, UsageError
from gitmodel.git.commits import commit_files, read_log
from gitmodel.git.objects import changed_paths, list_files, read_file, read_files, read_objects
from gitmodel.git.refs import default_branch, list_refs, resolve, update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.tags import read_tags, write_tag_object
from gitmodel.git.trailers import Message, format_message, parse_message
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.git.worktrees import temporary_worktree

from ..conftest import clone, commit_all  # noqa: TID252


def head(repo: Repository) -> Oid:
    found = resolve(repo, "HEAD")
    assert found is not None
    return found


def test_open_finds_the_repository_from_below(repo: Repository) -> None:
    assert repo.root is not None
    (repo.root / "a" / "b").mkdir(parents=True)
    assert Repository.open(repo.root / "a" / "b") == repo


def test_open_outside_of_a_repository_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Repository.open(tmp_path)
    assert "gitmodel init" in caught.value.hint


def test_a_linked_worktree_shares_the_common_folder(repo: Repository, tmp_path: Path) -> None:
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = Repository.open(tmp_path / "linked")
    assert linked.git_dir == repo.git_dir
    assert linked.root == tmp_path / "linked"


def test_variables_of_a_hook_do_not_lead_git_astray(
    repo: Repository, bare: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(bare.git_dir))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    assert resolve(repo, "HEAD") is not None


def test_update_refs_is_all_or_nothing(repo: Repository) -> None:
    tip = head(repo)
    update_refs(repo, [RefUpdate("refs/tags/one", tip, None)])
    with pytest.raises(Conflict):
        update_refs(repo, [RefUpdate("refs/tags/two", tip, None), RefUpdate("refs/tags/one", tip, None)])
    assert set(list_refs(repo, "refs/tags/")) == {"refs/tags/one"}


def test_update_refs_expects_the_old_value(repo: Repository) -> None:
    first = head(repo)
    second = Oid(commit_all(repo, {"x": "1"}))
    update_refs(repo, [RefUpdate("refs/x", first, None)])
    with pytest.raises(Conflict):
        update_refs(repo, [RefUpdate("refs/x", second, second)])
    update_refs(repo, [RefUpdate("refs/x", second, first)])
    update_refs(repo, [RefUpdate("refs/x", None, second)])
    assert list_refs(repo, "refs/x") == {}


@pytest.mark.parametrize("name", ["", "refs/heads/a b", "refs/../x", "refs/a.lock", "refs/a\n", "-x", "a:b"])
def test_names_that_git_refuses_never_reach_it(name: str) -> None:
    with pytest.raises(UsageError):
        RefUpdate(name, None, None)


@pytest.mark.parametrize("text", ["", "abc", "g" * 40, "a" * 40 + "\n", "A" * 40])
def test_an_oid_cannot_hold_nonsense(text: str) -> None:
    with pytest.raises(ValueError, match="object id"):
        Oid(text)


def test_resolve_does_not_take_options_for_names(repo: Repository) -> None:
    assert resolve(repo, "--all") is None
    assert resolve(repo, "nothing") is None


def test_read_objects_keeps_order_and_marks_what_is_missing(repo: Repository) -> None:
    commit_all(repo, {"a": "A\n", "empty": "", "with space": "S"})
    found = read_objects(repo, ["HEAD:a", "HEAD:none", "HEAD:empty", "bad\nname", "HEAD:with space"])
    assert [item.data if item else None for item in found] == [b"A\n", None, b"", None, b"S"]


def test_read_file_of_a_folder_is_none(repo: Repository) -> None:
    commit_all(repo, {"d/f": "x"})
    assert read_files(repo, "HEAD", ["d", "d/f"]) == {"d": None, "d/f": b"x"}


def test_commit_files_leaves_worktree_and_refs_alone(repo: Repository) -> None:
    before = list_refs(repo)
    changes: dict[str, bytes | None] = {
        "d/new file": b"n\x00\n",
        "README": None,
        'q"uote\\': b"q",
        "ünï": b"u",
    }
    made = commit_files(repo, parent=head(repo), changes=changes, message="Subject\n\nBody")
    assert list_refs(repo) == before
    assert not repo.changed_files()
    assert set(list_files(repo, made)) == {"d/new file", 'q"uote\\', "ünï"}
    assert read_file(repo, made, "d/new file") == b"n\x00\n"
    assert read_log(repo, made)[0].message == "Subject\n\nBody"
    assert read_log(repo, made)[0].parents == (head(repo),)


def test_commit_files_keeps_modes_and_can_start_from_nothing(repo: Repository) -> None:
    assert repo.root is not None
    commit_all(repo, {"run": "#!/bin/sh\n"})
    (repo.root / "run").chmod(0o755)
    repo.git("commit", "-qam", "Executable")
    made = commit_files(repo, parent=head(repo), changes={"run": b"#!/bin/sh\ntrue\n"}, message="x")
    assert list_files(repo, made)["run"].mode == "100755"
    orphan = commit_files(repo, parent=None, changes={"a": b"1"}, message="Orphan")
    assert read_log(repo, orphan)[0].parents == ()


def test_changed_paths(repo: Repository) -> None:
    old = head(repo)
    new = commit_all(repo, {"a b": "1", "README": "other"})
    assert changed_paths(repo, old, new) == ["README", "a b"]
    assert changed_paths(repo, None, new) == ["README", "a b"]


def test_default_branch_of_a_clone_is_the_remotes(repo: Repository, tmp_path: Path) -> None:
    repo.git("branch", "-m", "trunk")
    copy = clone(repo, tmp_path / "copy")
    copy.git("switch", "-q", "-c", "feature")
    assert default_branch(copy) == "trunk"


def test_tags_are_read_with_message_and_target(repo: Repository) -> None:
    oid = write_tag_object(repo, commit=head(repo), name="m@v1", message="Subject\n\nKey: value\n")
    update_refs(
        repo, [RefUpdate("refs/tags/m@v1", oid, None), RefUpdate("refs/tags/light", head(repo), None)]
    )
    light, tag = read_tags(repo)
    assert (tag.name, tag.object, tag.target) == ("m@v1", oid, head(repo))
    assert (tag.tagger, tag.message) == ("Ada <ada@example.org>", "Subject\n\nKey: value\n")
    assert not light.annotated
    assert light.target == head(repo)
    assert (
        repo.git("for-each-ref", "--format=%(contents:trailers:key=Key,valueonly)", "refs/tags/m@v1")
        == "value"
    )


def test_tags_without_messages_and_by_pattern(repo: Repository) -> None:
    for name in ("a@v1", "a@v2", "b@v1"):
        repo.git("tag", "-a", "-m", "x", name)
    assert [tag.name for tag in read_tags(repo, "a@v*", messages=False)] == ["a@v1", "a@v2"]


def test_worktree_is_gone_afterwards_and_after_a_kill(repo: Repository) -> None:
    dead = repo.state / "worktrees" / "4194305-dead"  # above the largest process id there is
    repo.git("worktree", "add", "-q", "--detach", str(dead), "HEAD")
    with temporary_worktree(repo, head(repo)) as path:
        assert (path / "README").read_text() == "hello\n"
        assert path.name.startswith(f"{os.getpid()}-")
        assert not dead.exists()
    assert not path.exists()
    assert len(repo.git("worktree", "list").splitlines()) == 1


_line = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x85\u2028\u2029"), min_size=1
)
_subject = _line.map(str.strip).filter(bool)
_key = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True)


@given(_subject, st.dictionaries(_key, _line.map(str.strip), max_size=5))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_messages_survive_the_round_trip(subject: str, trailers: dict[str, str]) -> None:
    for body in ("", "Some text.\n\nMore text, not a trailer."):
        message = Message(subject, body, trailers)
        if body and not trailers:
            continue
        assert parse_message(format_message(message)) == message


def test_a_value_of_two_lines_is_refused() -> None:
    with pytest.raises(InvalidFile):
        format_message(Message("s", "", {"Key": "a\nAlgo: forged"}))


def test_a_last_paragraph_that_is_not_all_trailers_is_body() -> None:
    assert parse_message("s\n\nKey: v\nplain words") == Message("s", "Key: v\nplain words")
