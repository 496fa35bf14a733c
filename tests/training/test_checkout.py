"""Code and data of a version in a work tree."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gitmodel.errors import Refused, ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.training.checkout import CheckedOut, checkout
from tests.conftest import clone, commit_all, make_repository
from tests.training.tiny import FILES, Trainer, commit, dvc, in_folder, push

STORED = ("data.csv", "model.joblib")


def _tag(repo: Repository, trainer: Trainer, number: int, rev: str = "HEAD", name: str = "tiny") -> None:
    repo.git("tag", "-a", "-m", "A try", f"{name}@v{number}", trainer(repo, rev, name=name).commit)


def _checkout(
    repo: Repository, ref: str = "tiny:1", *, to: Path | None = None, force: bool = False
) -> CheckedOut:
    return checkout(repo, Registry(repo).version(ref), to=to, force=force)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a repository with two versions, of depth 3 and 4."""
    folder = tmp_path_factory.mktemp("trained")
    trainer, made = Trainer(folder / "trainings"), make_repository(folder / "my models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAININGS", str(trainer.log))
        commit_all(made, FILES, "A tiny model")
        _tag(made, trainer, 1)
        commit(made, params="depth: 4\n", make='open("data.csv", "w").write("x,y\\n7,8\\n")\n')
        _tag(made, trainer, 2)
    return folder / "my models"


@pytest.fixture
def two(trained: Path, tmp_path: Path) -> Repository:
    """Return a copy of that repository."""
    return Repository.open(shutil.copytree(trained, tmp_path / "my models"))


def _state(folder: Path | None) -> tuple[str, str, str]:
    assert folder is not None
    return tuple((folder / name).read_text() for name in ("params.yaml", *STORED))  # type: ignore[return-value]


FIRST = ("depth: 3\n", "x,y\n1,2\n3,4\n5,6\n", "a model of depth 3")
SECOND = ("depth: 4\n", "x,y\n7,8\n", "a model of depth 4")


def test_code_and_data_are_those_of_the_version(two: Repository) -> None:
    assert two.root is not None
    assert _checkout(two) == CheckedOut(two.root, made=False, before="main")
    assert _state(two.root) == FIRST
    assert two.git("rev-parse", "HEAD") == two.git("rev-parse", "tiny@v1^{commit}")
    assert two.run("symbolic-ref", "-q", "HEAD", check=False).code == 1
    assert two.changed_files() == []
    done = _checkout(two, "tiny:2")
    assert done.before == f"--detach {two.git('rev-parse', 'tiny@v1^{commit}')[:10]}"
    assert _state(two.root) == SECOND
    assert _checkout(two, "tiny:2").before is None


def test_a_work_tree_with_changes_is_left_alone(two: Repository) -> None:
    assert two.root is not None
    (two.root / "params.yaml").write_text("depth: 9\n")
    (two.root / "new.py").write_text("")
    with pytest.raises(Refused, match=r"has changes: params\.yaml, new\.py") as caught:
        _checkout(two)
    assert "--to FOLDER" in caught.value.hint
    assert two.git("symbolic-ref", "--short", "HEAD") == "main"
    _checkout(two, force=True)
    assert _state(two.root) == FIRST


def test_data_that_were_changed_are_left_alone_too(two: Repository) -> None:
    assert two.root is not None
    _checkout(two)
    (two.root / "data.csv").unlink()
    (two.root / "data.csv").write_text("my own\n")
    with pytest.raises(Refused, match=r"has changes: data\.csv$"):
        _checkout(two, "tiny:2")
    assert _state(two.root)[1] == "my own\n"
    _checkout(two, "tiny:2", force=True)
    assert _state(two.root) == SECOND


def test_data_that_only_the_work_tree_has_are_left_alone(two: Repository) -> None:
    _checkout(two)
    assert two.root is not None
    shutil.rmtree(two.root / ".dvc" / "cache" / "files")
    with pytest.raises(Refused, match=r"data\.csv"):
        _checkout(two, "tiny:2")


def test_data_of_another_version_are_no_changes(two: Repository) -> None:
    """So they are after a kill between code and data, or after `git checkout` by hand."""
    _checkout(two)
    two.git("checkout", "-q", "tiny@v2")
    _checkout(two, "tiny:2")
    assert _state(two.root) == SECOND


def test_many_changes_are_not_all_named(two: Repository) -> None:
    assert two.root is not None
    for number in range(12):
        (two.root / f"new{number}").touch()
    with pytest.raises(Refused, match="and 4 more"):
        _checkout(two)


def test_a_work_tree_of_its_own(two: Repository, tmp_path: Path) -> None:
    assert two.root is not None
    (two.root / "params.yaml").write_text("depth: 9\n")
    other = tmp_path / "other tree"
    assert _checkout(two, to=other) == CheckedOut(other, made=True, before=None)
    assert _state(other) == FIRST
    assert two.changed_files() == ["params.yaml"]
    assert Repository.open(other).changed_files() == []
    assert not (other / ".dvc" / "cache").exists()  # it shares the main one
    assert _checkout(two, "tiny:2", to=other).made is False
    assert _state(other) == SECOND
    (other / "train.py").write_text("")
    with pytest.raises(Refused, match=r"train\.py"):
        _checkout(two, to=other)
    assert _checkout(Repository.open(other), force=True).folder == other
    two.git("worktree", "remove", str(other))
    assert not other.exists()


def test_folders_that_hold_something_else(two: Repository, tmp_path: Path) -> None:
    assert two.root is not None
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    stranger = make_repository(tmp_path / "stranger")
    stranger.git("worktree", "add", "-q", "--detach", str(tmp_path / "theirs"))
    for folder in (tmp_path / "full", tmp_path / "theirs", two.root / "inside", two.root):
        with pytest.raises(UsageError):
            _checkout(two, to=folder)
    assert not (two.root / "inside").exists()
    (tmp_path / "empty").mkdir()
    assert _checkout(two, to=tmp_path / "empty").made


def test_data_that_are_missing_are_named(two: Repository) -> None:
    assert two.root is not None
    shutil.rmtree(two.root / ".dvc" / "cache" / "files")
    done = _checkout(two)
    assert [name.split(" (md5 ")[0] for name in done.missing] == list(STORED)
    assert done.why == "no DVC remote is configured"
    assert (two.root / "params.yaml").read_text() == "depth: 3\n"


@pytest.mark.system
def test_data_come_from_the_remote(
    tiny: Repository, bare: Repository, trainer: Trainer, tmp_path: Path
) -> None:
    push(tiny, bare.git_dir)
    _tag(bare, trainer, 1, "main")
    copy = clone(bare, tmp_path / "copy")
    assert copy.root is not None
    assert _checkout(copy).missing == ()
    assert _state(copy.root) == FIRST
    shutil.rmtree(tmp_path / "server.dvc" / "files")
    fresh = clone(bare, tmp_path / "fresh")
    assert len(_checkout(fresh).missing) == 2


def test_a_server_has_no_work_tree_but_can_make_one(
    tiny: Repository, bare: Repository, trainer: Trainer, tmp_path: Path
) -> None:
    push(tiny, bare.git_dir)
    _tag(bare, trainer, 1, "main")
    with pytest.raises(UsageError, match="has no work tree"):
        _checkout(bare)
    _checkout(bare, to=tmp_path / "tree")
    assert _state(tmp_path / "tree") == FIRST


@pytest.mark.system
def test_of_many_models_only_the_one_is_pulled(tmp_path: Path, trainer: Trainer) -> None:
    repo = make_repository(tmp_path / "repo")
    other = {
        path.replace("tiny", "other"): text.replace("tiny", "other")
        for path, text in in_folder("models/tiny").items()
    }
    commit_all(repo, in_folder("models/tiny") | other | {"models/other/params.yaml": "depth: 7\n"})
    dvc(repo, "remote", "add", "-d", "store", str(tmp_path / "store"))
    commit_all(repo, {})
    run = trainer(repo, name="other")
    repo.git("merge", "-q", "--ff-only", run.commit)
    _tag(repo, trainer, 1)
    assert repo.root is not None
    shutil.rmtree(repo.root / ".dvc" / "cache")
    assert _checkout(repo).missing == ()
    assert (repo.root / "models/tiny/model.joblib").read_text() == "a model of depth 3"
    assert not (repo.root / "models/other/model.joblib").exists()


def test_a_repository_without_dvc(repo: Repository) -> None:
    repo.git("tag", "-a", "-m", "By hand", "plain@v1")
    commit_all(repo, {"README": "later\n"})
    assert _checkout(repo, "plain:1") == CheckedOut(repo.workdir, made=False, before="main")
    assert (repo.workdir / "README").read_text() == "hello\n"


def test_a_broken_pipeline_is_told(tiny: Repository) -> None:
    commit(tiny, dvc="stages: [\n")
    tiny.git("tag", "-a", "-m", "By hand", "tiny@v1")
    with pytest.raises((ToolFailed, UsageError)) as caught:
        _checkout(tiny)
    assert caught.value.detail


def test_what_the_command_says(two: Repository, tmp_path: Path) -> None:
    assert two.root is not None
    shutil.rmtree(two.root / ".dvc" / "cache" / "files" / "md5")

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "gitmodel", "checkout", *args]
        return subprocess.run(argv, cwd=two.root, capture_output=True, text=True, check=False)

    done = run("tiny:1")
    short = two.git("rev-parse", "tiny@v1^{commit}")[:8]
    assert done.stdout.splitlines() == [
        f"tiny:1 is checked out in {two.root} (commit {short})",
        "back: `git switch main && dvc checkout`",
    ]
    assert done.returncode == 3
    assert done.stderr.startswith("error: data of tiny:1 are missing: data.csv (md5 ")
    (two.root / "train.py").unlink()
    assert run("tiny:2").returncode == 1
