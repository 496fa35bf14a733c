"""Files of a commit, wherever they are."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from gitmodel.errors import GitmodelError, ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.training import default_dvc_remote, fetch_file
from gitmodel.training.lock import tracked
from tests.conftest import clone, commit_all
from tests.training.tiny import FILES, Trainer, dvc, push


def test_a_file_of_git(tiny: Repository) -> None:
    file = fetch_file(tiny, "HEAD", "params.yaml")
    assert (file.name, file.read_text()) == ("params.yaml", "depth: 3\n")


def test_each_commit_has_its_own(tiny: Repository, trainer: Trainer) -> None:
    first = trainer(tiny)
    commit_all(tiny, {"params.yaml": "depth: 4\n"})
    second = trainer(tiny)
    told = [fetch_file(tiny, run.commit, "model.joblib").read_text() for run in (first, second)]
    assert told == ["a model of depth 3", "a model of depth 4"]


def test_a_file_of_the_remote(tiny: Repository, bare: Repository, tmp_path: Path, trainer: Trainer) -> None:
    push(tiny, bare.git_dir)
    run = trainer(bare, "main")
    other = clone(bare, tmp_path / "other")
    other.git("fetch", "-q", "origin", "refs/runs/*:refs/runs/*")
    file = fetch_file(other, run.commit, "model.joblib")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == run.artifact.sha256


def test_metrics_that_git_holds_need_no_remote(
    tiny: Repository, bare: Repository, tmp_path: Path, trainer: Trainer
) -> None:
    push(tiny, bare.git_dir)
    run = trainer(bare, "main")
    shutil.rmtree(tmp_path / "server.dvc")
    other = clone(bare, tmp_path / "other")
    other.git("fetch", "-q", "origin", "refs/runs/*:refs/runs/*")
    assert tracked(other, run.commit, "metrics.json") is not None
    assert json.loads(fetch_file(other, run.commit, "metrics.json").read_text()) == run.metrics


def test_no_remote_says_how_to_add_one(tiny: Repository, trainer: Trainer) -> None:
    run = trainer(tiny)
    assert tiny.root is not None
    shutil.rmtree(tiny.root / ".dvc" / "cache")
    shutil.rmtree(tiny.state / "files")
    with pytest.raises(ToolFailed, match="no DVC remote is configured") as caught:
        fetch_file(tiny, run.commit, "model.joblib")
    assert "dvc remote add -d" in caught.value.hint


def test_a_remote_that_lost_it(tiny: Repository, bare: Repository, tmp_path: Path, trainer: Trainer) -> None:
    push(tiny, bare.git_dir)
    run = trainer(bare, "main")
    shutil.rmtree(tmp_path / "server.dvc" / "files")
    other = clone(bare, tmp_path / "other")
    other.git("fetch", "-q", "origin", "refs/runs/*:refs/runs/*")
    with pytest.raises(ToolFailed, match=r"model\.joblib"):
        fetch_file(other, run.commit, "model.joblib")


def test_a_damaged_cache_is_noticed(tiny: Repository, trainer: Trainer) -> None:
    run = trainer(tiny)
    assert tiny.root is not None
    assert run.artifact.md5
    cached = tiny.root / ".dvc/cache/files/md5" / run.artifact.md5[:2] / run.artifact.md5[2:]
    cached.unlink()
    cached.write_text("something else")
    shutil.rmtree(tiny.state / "files")
    with pytest.raises(GitmodelError, match="damaged"):
        fetch_file(tiny, run.commit, "model.joblib")


@pytest.mark.parametrize("path", ["nothing.csv", "model.joblib"])
def test_a_file_that_the_commit_does_not_know(tiny: Repository, path: str) -> None:
    with pytest.raises(UsageError, match="not in the commit"):
        fetch_file(tiny, "HEAD", path)


def test_a_file_that_dvc_add_tracks(tiny: Repository) -> None:
    assert tiny.root is not None
    (tiny.root / "extra.bin").write_bytes(b"\0" * 1000)
    dvc(tiny, "add", "extra.bin")
    commit_all(tiny, {})
    assert fetch_file(tiny, "HEAD", "extra.bin").stat().st_size == 1000


def test_the_default_remote(tiny: Repository, bare: Repository, tmp_path: Path) -> None:
    beside = tmp_path / "server.dvc"
    assert default_dvc_remote(bare) == str(beside)
    assert default_dvc_remote(tiny) is None
    push(tiny, bare.git_dir)
    copy = clone(bare, tmp_path / "copy")
    assert default_dvc_remote(copy) is None
    beside.mkdir()
    assert default_dvc_remote(copy) == str(beside)
    for url in (f"file://{bare.git_dir}", "../server.git"):
        copy.git("remote", "set-url", "origin", url)
        assert default_dvc_remote(copy) == str(beside)
    for url in ("https://example.org/m.git", "git@example.org:org/m.git", "ssh://git@example.org/m.git"):
        copy.git("remote", "set-url", "origin", url)
        assert default_dvc_remote(copy) is None


def test_the_files_that_dvc_ignores_stay_so(tiny: Repository, trainer: Trainer) -> None:
    trainer(tiny)
    assert FILES[".gitignore"] == (tiny.root / ".gitignore").read_text()  # type: ignore[operator]
