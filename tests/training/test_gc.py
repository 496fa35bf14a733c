"""What a collection keeps, and what it takes away: with DVC's own cache, stages and remote."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import Refused, ToolFailed, UsageError
from gitmodel.git.notes import read_notes
from gitmodel.git.refs import list_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.desired import Desired, Hold, format_desired
from gitmodel.registry.register import register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef
from gitmodel.training import fetch_file, run_ref
from gitmodel.training.collected import COLLECTED_REF, read_collected
from gitmodel.training.data_lock import collecting_data, using_data
from gitmodel.training.gc import Plan, collect
from gitmodel.training.needs import Policy
from gitmodel.training.unneeded import short_run
from tests.conftest import clone, commit_all, make_repository
from tests.registry.test_desired import promote
from tests.training.tiny import FILES, Trainer, push

PIPELINE = """\
stages:
  train:
    cmd: >-
      mkdir -p parts && echo x,y > data.csv && echo same > parts/common &&
      sed s/depth/part/ params.yaml > parts/own && cat params.yaml > model.joblib &&
      echo '{"accuracy":0.5}' > metrics.json
    params: [depth]
    outs: [data.csv, model.joblib, parts]
    metrics:
      - metrics.json: {cache: false}
"""
NOW = timedelta(0)
NEWEST = Policy(keep_versions=1, grace=NOW)
ALL = Policy(grace=NOW)


@pytest.fixture(scope="module")
def prototype(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train three versions of a model once: they share data and a part, and differ in artifact and a part."""
    made = make_repository(tmp_path_factory.mktemp("gc") / "models")
    files = {**FILES, "dvc.yaml": PIPELINE, ".gitignore": "/data.csv\n/model.joblib\n/parts\n"}
    commit_all(made, files, "Depth 3")
    for depth in (3, 4, 5):
        if depth > 3:
            commit_all(made, {"params.yaml": f"depth: {depth}\n"}, f"Depth {depth}")
        train_version(made)
    assert made.root is not None
    return made.root


def train_version(repo: Repository, rev: str = "HEAD") -> str:
    """Train and register; return the tag."""
    run = Trainer(repo.state / "trainings")(repo, rev)
    facts = Facts("A version", artifact=run.artifact, data=run.data, run=RunRef(run.source, run.result))
    return register(repo, "tiny", commit=run.commit, facts=facts).version.tag


@pytest.fixture
def models(prototype: Path, tmp_path: Path) -> Repository:
    """Return a copy of the repository with three versions."""
    return Repository.open(shutil.copytree(prototype, tmp_path / "models", symlinks=True))


def run_gc(repo: Repository, policy: Policy = NEWEST, *, remote: bool = False) -> Plan:
    return collect(repo, policy, remote=remote, delete=True, by="ada@example.org")


def look(repo: Repository, policy: Policy = NEWEST) -> list[str]:
    """Return what a dry run says of objects in the cache."""
    items = collect(repo, policy, by="ada@example.org").items
    return sorted(item.what for item in items if item.kind == "cache")


def objects(repo: Repository) -> set[str]:
    """Return the digests in the cache."""
    place = repo.state / "cache" if repo.root is None else repo.root / ".dvc" / "cache"
    return {file.parent.name + file.name for file in (place / "files" / "md5").glob("*/*")}


def artifact(repo: Repository, number: int, path: str = "model.joblib") -> str:
    return fetch_file(repo, f"tiny@v{number}", path).read_text()


LOST_BY_2 = ["model.joblib of tiny@v2", "parts of tiny@v2", "parts/own of tiny@v2"]
LOST = sorted(LOST_BY_2 + [what.replace("v2", "v1") for what in LOST_BY_2])


def test_versions_need_what_they_name(models: Repository) -> None:
    assert collect(models, ALL, by="ada@example.org") == Plan()


def test_a_dry_run_says_what_the_newest_version_does_not_need(models: Repository) -> None:
    before = objects(models)
    plan = collect(models, NEWEST, by="ada@example.org")
    assert look(models) == LOST  # neither data.csv nor parts/common, which the newest shares
    assert {version.tag for version in plan.versions} == {"tiny@v1", "tiny@v2"}
    assert objects(models) == before
    assert not list_refs(models, COLLECTED_REF)


def test_deleting_leaves_the_kept_version_whole(models: Repository) -> None:
    before = objects(models)
    plan = run_gc(models)
    assert before - objects(models) == {item.name for item in plan.items if item.kind == "cache"}
    shutil.rmtree(models.state / "files")
    assert artifact(models, 3) == "depth: 5\n"
    assert [artifact(models, 3, f"parts/{name}") for name in ("common", "own")] == ["same\n", "part: 5\n"]
    assert run_gc(models) == Plan()
    assert len(Registry(models).versions("tiny")) == 3


def test_a_collected_version_says_so(models: Repository) -> None:
    run_gc(models)
    commit = Oid(models.git("rev-parse", "tiny@v1^{commit}"))
    (told,) = read_collected(models, commit)
    assert (told.model, told.version, told.by) == ("tiny", "1", "ada@example.org")
    with pytest.raises(ToolFailed, match=r"tiny:1 was collected by `gitmodel gc` at 2") as caught:
        artifact(models, 1)
    assert "train --force" in caught.value.hint
    notes = read_notes(models, COLLECTED_REF)
    run_gc(models)
    assert read_notes(models, COLLECTED_REF) == notes


def test_a_collected_version_can_be_trained_again(models: Repository) -> None:
    run_gc(models)
    tag = train_version(models, "tiny@v1~0")
    assert tag == "tiny@v1"
    assert artifact(models, 1) == "depth: 3\n"


def test_what_environments_want_and_would_return_to_is_kept(models: Repository) -> None:
    for number in ("2", "1"):
        promote(models, "production", {"tiny.yaml": format_desired(Desired("tiny", number))})
    assert look(models) == []
    hold = Hold("ada", "2026-11-27T15:46:31Z", "bad", "2")
    promote(models, "production", {"tiny.yaml": format_desired(Desired("tiny", "1", hold=hold))})
    assert look(models) == LOST_BY_2


@pytest.mark.parametrize("staged", [False, True])
def test_what_an_uncommitted_lock_names_is_kept(models: Repository, *, staged: bool) -> None:
    assert models.root is not None
    lock = models.git("show", "tiny@v1:dvc.lock")
    (models.root / "dvc.lock").write_text(lock)
    if staged:
        models.git("add", "dvc.lock")
        (models.root / "dvc.lock").unlink()
    assert look(models) == LOST_BY_2


@pytest.mark.parametrize("removed", [False, True])
def test_another_work_tree_counts_too(models: Repository, tmp_path: Path, *, removed: bool) -> None:
    models.git("worktree", "add", "-q", "--detach", str(tmp_path / "other"), "tiny@v1")
    if removed:  # what it has checked out counts all the same
        Repository.open(tmp_path / "other").git("rm", "-q", "dvc.lock")
    assert look(models) == LOST_BY_2
    assert look(Repository.open(tmp_path / "other")) == LOST_BY_2


@pytest.mark.parametrize("command", [("branch", "old"), ("tag", "shown-to-the-board")])
def test_branches_and_other_tags_keep_what_they_name(models: Repository, command: tuple[str, str]) -> None:
    models.git(*command, "tiny@v1")
    assert look(models) == LOST_BY_2


def test_a_stash_counts_too(models: Repository) -> None:
    assert models.root is not None
    (models.root / "dvc.lock").write_text(models.git("show", "tiny@v1:dvc.lock"))
    models.git("add", "dvc.lock")
    models.git("stash", "-q")
    assert not (models.root / "dvc.lock").exists()
    assert look(models) == LOST_BY_2


def test_trainings_without_a_version_are_kept_while_they_are_young(models: Repository) -> None:
    commit_all(models, {"params.yaml": "depth: 6\n"}, "Depth 6")
    run = Trainer(models.state / "trainings")(models)
    ref = run_ref("tiny", run.digest)
    models.git("reset", "-q", "--hard", "HEAD~1")
    assert collect(models, ALL, by="ada@example.org") == Plan()
    old = Policy(keep_runs=NOW, grace=NOW)
    plan = run_gc(models, old)
    assert [(item.name, item.what) for item in plan.items if item.kind == "run"] == [
        (ref, "a training without a version")
    ]
    assert ref not in list_refs(models)
    assert len(list_refs(models, "refs/runs/")) == 3  # those that tags name
    gone = {item.what for item in plan.items if item.kind == "cache"}
    assert gone == {f"{path} of run {short_run(ref)}" for path in ("model.joblib", "parts", "parts/own")}
    assert artifact(models, 3) == "depth: 5\n"
    assert run_gc(models, old) == Plan()


def test_what_no_commit_names_goes_when_it_is_old_enough(models: Repository) -> None:
    assert models.root is not None
    stray = models.root / ".dvc/cache/files/md5/ab" / ("c" * 30)
    stray.parent.mkdir()
    stray.write_text("stray")
    other = stray.with_name("being-written.tmp")
    other.write_text("not an object")
    young = collect(models, Policy(), by="ada@example.org")
    assert (young.items, young.younger) == ((), 1)
    two_days_ago = stray.stat().st_mtime - 2 * 86400
    os.utime(stray, (two_days_ago, two_days_ago))
    (item,) = run_gc(models, Policy()).items
    assert (item.what, item.size, item.kind) == ("", 5, "cache")
    assert (stray.exists(), other.exists()) == (False, True)


def test_copies_of_files_of_git_go_with_their_commits(models: Repository) -> None:
    models.git("branch", "side")
    commit_all(models, {"notes.txt": "a\n"}, "Notes")
    fetch_file(models, "HEAD", "notes.txt")
    assert collect(models, ALL, by="ada@example.org") == Plan()
    models.git("reset", "-q", "--hard", "HEAD~1")
    assert [item.what for item in run_gc(models, ALL).items] == ["notes.txt"]
    assert not list((models.state / "files").glob("*/notes.txt"))


def make_package(repo: Repository, version: str, name: str) -> Path:
    """Write what a package says of itself, where packages are kept."""
    folder = repo.state / "packages" / "tiny" / name
    (folder / "src" / "model").mkdir(parents=True)
    (folder / "gitmodel.json").write_text("{}")
    (folder / "src/model/version.json").write_text(json.dumps({"model": "tiny", "version": version}))
    return folder


def test_packages_of_what_runs_are_kept(models: Repository) -> None:
    for number in ("2", "3"):
        promote(models, "production", {"tiny.yaml": format_desired(Desired("tiny", number))})
    for name in ("1-aa", "2-bb", "3-cc", "3-dd"):
        make_package(models, name[0], name)
    older = models.state / "packages" / "tiny" / "3-cc"
    for path in (*older.rglob("*"), older):
        os.utime(path, (1, 1))
    (older.parent / ".building-left").mkdir()
    plan = collect(models, Policy(), by="ada@example.org")
    assert [(item.name, item.what) for item in plan.items] == [("3-cc", "package of tiny:3")]
    assert plan.younger == 2
    run_gc(models, ALL)
    assert {path.name for path in older.parent.iterdir()} == {"2-bb", "3-dd"}


def test_a_shallow_clone_refuses(models: Repository, tmp_path: Path) -> None:
    process.run(["git", "clone", "-q", "--depth=1", f"file://{models.git_dir}", str(tmp_path / "shallow")])
    with pytest.raises(Refused, match="shallow") as caught:
        collect(Repository.open(tmp_path / "shallow"), ALL, by="ada@example.org")
    assert "--unshallow" in caught.value.hint


def test_a_cache_that_others_may_use_refuses(models: Repository, tmp_path: Path) -> None:
    assert models.root is not None
    shutil.move(models.root / ".dvc" / "cache", tmp_path / "shared")
    with (models.root / ".dvc" / "config.local").open("a") as config:
        config.write(f"[cache]\n    dir = {tmp_path / 'shared'}\n")
    with pytest.raises(Refused, match="outside of this repository") as caught:
        run_gc(models)
    assert "--own-cache" in caught.value.hint
    assert look(models, Policy(1, grace=NOW, own_cache=True)) == LOST


def test_a_folder_whose_list_is_missing_refuses(models: Repository) -> None:
    assert models.root is not None
    (parts,) = re.findall(r"[0-9a-f]{32}\.dir", models.git("show", "tiny@v3:dvc.lock"))
    (models.root / ".dvc/cache/files/md5" / parts[:2] / parts[2:]).unlink()
    before = objects(models)
    with pytest.raises(Refused, match=parts) as caught:
        run_gc(models)
    assert "dvc push" in caught.value.hint
    assert objects(models) == before
    assert collect(models, NEWEST, by="ada@example.org").unreadable == (parts,)


def test_nothing_committed(bare: Repository) -> None:
    with pytest.raises(UsageError, match="nothing is committed"):
        collect(bare, ALL, by="ada@example.org")


def test_no_remote_to_collect_on(models: Repository) -> None:
    with pytest.raises(UsageError, match="no DVC remote"):
        collect(models, ALL, remote=True, by="ada@example.org")


def test_a_training_at_work_refuses(models: Repository) -> None:
    with using_data(models), pytest.raises(Refused, match="a training is at work"):
        run_gc(models)
    assert collect(models, NEWEST, by="ada@example.org").items  # a dry run may look all the same


def test_a_run_at_work_refuses(models: Repository) -> None:
    (models.state / "runs").mkdir()
    with (models.state / "runs" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="a run is at work"):
            run_gc(models)


def test_a_stage_of_dvc_at_work_refuses(models: Repository) -> None:
    assert models.root is not None
    (models.root / ".dvc" / "tmp").mkdir(exist_ok=True)
    rwlock = models.root / ".dvc" / "tmp" / "rwlock"
    rwlock.write_text(json.dumps({"write": {"model.joblib": {"pid": os.getpid(), "cmd": "repro"}}}))
    with pytest.raises(Refused, match="DVC"):
        run_gc(models)
    rwlock.write_text(json.dumps({"write": {"model.joblib": {"pid": 2**22 + 1, "cmd": "repro"}}}))
    assert run_gc(models).items


def test_a_training_waits_while_data_are_collected(models: Repository) -> None:
    code = (
        "from gitmodel.git.repository import Repository\n"
        "from gitmodel.training.data_lock import using_data\n"
        "print('begin', flush=True)\n"
        "with using_data(Repository.open('.')): print('in', flush=True)\n"
    )
    with collecting_data(models):
        child = subprocess.Popen(
            [sys.executable, "-c", code], cwd=models.root, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "begin\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.3)
    assert child.communicate(timeout=10)[0] == "in\n"


def test_killed_in_the_middle_the_next_one_finishes(
    models: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {item.name for item in collect(models, NEWEST, by="ada@example.org").items}
    before = objects(models)

    remove, places = shutil.rmtree, list[str]()

    def end(place: str, **_options: object) -> None:
        places.append(place)
        if len(places) > 1:
            raise KeyboardInterrupt
        remove(place)

    with monkeypatch.context() as patch:
        patch.setattr("gitmodel.training.gc.shutil.rmtree", end)
        with pytest.raises(KeyboardInterrupt):
            run_gc(models)
    assert objects(models) == before
    assert not Path(places[0]).exists()
    assert {item.name for item in run_gc(models).items} == expected
    assert len(next(iter(read_notes(models, COLLECTED_REF).values()))) == 1
    assert run_gc(models) == Plan()


def test_a_server_and_its_remote(models: Repository, bare: Repository, tmp_path: Path) -> None:
    push(models, bare.git_dir)
    for rev in ("tiny@v1^", "tiny@v2^", "main"):
        models.git("push", "-q", str(bare.git_dir), f"{models.git('rev-parse', f'{rev}^0')}:refs/heads/tmp")
        train_version(bare, "tmp")
        models.git("push", "-q", str(bare.git_dir), ":refs/heads/tmp")
    other = clone(bare, tmp_path / "other")
    other.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
    plan = run_gc(bare, remote=True)
    assert sorted(item.what for item in plan.items if item.kind == "remote") == LOST
    assert sorted(item.what for item in plan.items if item.kind == "cache") == LOST
    assert artifact(other, 3) == "depth: 5\n"
    other.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
    with pytest.raises(ToolFailed, match="tiny:1 was collected"):
        artifact(other, 1)


def test_local_alone_a_version_can_still_be_pulled(models: Repository, bare: Repository) -> None:
    push(models, bare.git_dir)
    train_version(bare, "main")
    train_version(bare, models.git("rev-parse", "main"))
    assert run_gc(bare).versions == ()
    shutil.rmtree(bare.state / "cache")
    shutil.rmtree(bare.state / "files")
    assert artifact(bare, 1) == "depth: 5\n"


def test_what_others_pushed_meanwhile_is_kept(models: Repository, bare: Repository, tmp_path: Path) -> None:
    push(models, bare.git_dir)
    train_version(bare, "main")
    stale, busy = clone(bare, tmp_path / "stale"), clone(bare, tmp_path / "busy")
    commit_all(busy, {"params.yaml": "depth: 7\n"}, "Depth 7")
    run = Trainer(busy.state / "trainings")(busy)
    ref = run_ref("tiny", run.digest)
    assert ref not in list_refs(stale)
    assert run_gc(stale, ALL, remote=True).items == ()
    plan = run_gc(stale, Policy(keep_runs=NOW, grace=NOW), remote=True)
    assert [item.name for item in plan.items if item.kind == "run"] == [ref]
    assert sorted(item.what for item in plan.items if item.kind == "remote") == [
        f"{path} of run {short_run(ref)}" for path in ("model.joblib", "parts", "parts/own")
    ]
    assert ref not in list_refs(bare)
