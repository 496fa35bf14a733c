"""What a person has taken out of the data stays out: real git and real DVC."""

import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.feedback import Appended, append_all
from gitmodel.pipelines.job import Job
from gitmodel.training.adding import add_files
from gitmodel.training.fetching import fetch_folder, list_folder
from gitmodel.training.keeping import share_file
from gitmodel.training.lock import tracked
from gitmodel.training.storage import cache_dir
from tests.conftest import clone, commit_all
from tests.pipelines.test_feedback import FOLDER, Desk, Old, label, prediction, row_id


@pytest.fixture
def desk(tmp_path: Path, bare: Repository) -> Desk:
    """Return a desk whose data have the rows 1, and then 2 and 3."""
    found = Desk(tmp_path, bare)
    found.write("predictions", *map(prediction, range(1, 6)))
    for numbers in ((1,), (2, 3)):
        found.write("feedback", *(label(number, "good") for number in numbers))
        assert found.append().rows == len(numbers)
    return found


def ids(desk: Desk) -> list[str]:
    return sorted(row["_prediction"] for row in desk.rows())


def pull(desk: Desk) -> None:
    desk.repo.git("pull", "-q", "--ff-only", "origin", "main")


def push(desk: Desk) -> None:
    desk.repo.git("push", "-q", "origin", "HEAD:main")


def revert(desk: Desk) -> str:
    """Take the newest rows out, as people do."""
    pull(desk)
    desk.repo.git("revert", "--no-edit", "HEAD")
    push(desk)
    return desk.repo.git("rev-parse", "HEAD")


def test_a_reverted_collection_stays_out(desk: Desk) -> None:
    reverted = revert(desk)
    commits = desk.count()
    assert desk.append() == Appended("risk")
    assert desk.count() == commits
    desk.write("feedback", label(4, "good"), label(2, "bad", at="2026-12-02T00:00:00.000Z"))
    assert desk.append().rows == 1
    assert ids(desk) == [row_id(1), row_id(4)]
    written = desk.remote.git("show", f"main:{FOLDER}.withdrawn").splitlines()
    assert written[1:] == [f"# commit {reverted}", row_id(2), row_id(3)]
    desk.write("feedback", label(5, "good"))
    assert desk.append().rows == 1
    assert ids(desk) == [row_id(1), row_id(4), row_id(5)]


def test_the_index_outlives_the_data(desk: Desk, tmp_path: Path) -> None:
    reverted = revert(desk)
    text = f"# by hand\n# commit {reverted}\n{row_id(2)}\n{row_id(3)}\n"
    commit_all(desk.repo, {f"{FOLDER}.withdrawn": text})
    push(desk)
    _lose_what_is_old(desk, tmp_path)
    assert desk.append() == Appended("risk")
    assert not any("may become rows again" in line for line in desk.said)


def test_rows_that_nobody_can_read_any_more_are_told(desk: Desk, tmp_path: Path) -> None:
    reverted = revert(desk)
    _lose_what_is_old(desk, tmp_path)
    assert desk.append().rows == 2
    assert f"[feedback] what {reverted[:12]} has taken out of {FOLDER} may become rows again:" in desk.said


def _lose_what_is_old(desk: Desk, tmp_path: Path) -> None:
    """Delete from the cache and the remote what the newest commit does not need."""
    listed = tracked(desk.repo, "HEAD", FOLDER)
    assert listed is not None
    needed = {listed.md5, *list_folder(desk.repo, "HEAD", listed).values()}
    shutil.rmtree(desk.repo.state / "files")
    for place in (cache_dir(desk.repo) / "files/md5", tmp_path / "dvc/files/md5"):
        for file in place.rglob("*"):
            if file.is_file() and file.parent.name + file.name not in needed:
                file.unlink()


def test_one_row_of_a_partition(desk: Desk) -> None:
    pull(desk)
    files = fetch_folder(desk.repo, "main", FOLDER)
    name = max(files)
    table = pq.read_table(files[name])
    cleaned = desk.root.parent / "cleaned.parquet"
    pq.write_table(table.filter(pc.not_equal(table["_prediction"], row_id(3))), cleaned)
    _, changes = add_files(desk.repo, "main", FOLDER, {**files, name: cleaned})
    commit_all(desk.repo, {path: content.decode() for path, content in changes.items()})
    share_file(desk.repo, desk.repo.git("rev-parse", "HEAD"), f"{FOLDER}.dvc")  # type: ignore[arg-type]
    push(desk)
    assert desk.append() == Appended("risk")
    assert ids(desk) == [row_id(1), row_id(2)]


def test_a_merged_revert_and_a_revert_of_it(desk: Desk, tmp_path: Path) -> None:
    other = clone(desk.remote, tmp_path / "other")
    other.git("switch", "-q", "-c", "without")
    other.git("revert", "--no-edit", "HEAD")
    other.git("switch", "-q", "main")
    other.git("merge", "-q", "--no-ff", "-m", "Merge without", "without")
    other.git("push", "-q", "origin", "main")
    desk.repo.git("pull", "-q", "origin", "main")
    assert desk.append() == Appended("risk")
    assert ids(desk) == [row_id(1)]
    other.git("revert", "--no-edit", "-m", "1", "HEAD")
    other.git("push", "-q", "origin", "main")
    desk.repo.git("pull", "-q", "origin", "main")
    assert desk.append() == Appended("risk")
    assert ids(desk) == [row_id(1), row_id(2), row_id(3)]


def test_commits_that_only_add_cost_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the list of an older folder was read")

    monkeypatch.setattr("gitmodel.pipelines.taken_out.list_folder", never)
    desk.write("feedback", label(4, "good"))
    assert desk.append().rows == 1


def test_people_write_ids_too(desk: Desk) -> None:
    pull(desk)
    commit_all(desk.repo, {f"{FOLDER}.withdrawn": f"# asked us to\n{row_id(4)}\n"})
    push(desk)
    desk.write("feedback", label(4, "good"), label(5, "good"))
    assert desk.append().rows == 1
    assert row_id(4) not in ids(desk)
    pull(desk)
    commit_all(desk.repo, {f"{FOLDER}.withdrawn": "order-7\n"})
    push(desk)
    done, code = append_all(Job(desk.repo), "production", "", desk.said.append)
    assert (done, code) == ([], UsageError.exit_code)
    assert any("feedback.withdrawn, line 1 names no prediction: 'order-7'" in line for line in desk.said)


def test_copies_of_what_was_taken_out_are_not_kept_for_ever(tmp_path: Path, bare: Repository) -> None:
    found = Desk(tmp_path, bare)
    old = Old(found)
    old.write("predictions", "1", prediction(1), hours=1)
    old.write("feedback", "1", label(1, "good"), hours=1)
    assert found.append().rows == 1
    revert(found)
    for kind in ("predictions", "feedback"):
        old.write(kind, "1", hours=9)
    assert found.append() == Appended("risk")
    assert old.left("predictions") == old.left("feedback") == []
