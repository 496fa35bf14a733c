"""Training where something goes wrong, or is set up in an unusual way."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.git.notes import read_notes
from gitmodel.git.refs import list_refs, read_ref
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF
from gitmodel.training import run_ref
from tests.conftest import clone, commit_all, make_repository
from tests.training.tiny import FILES, PIPELINE, TRAIN, Trainer, commit, dvc, in_folder, push


def _notebook(kernel: str, code: str) -> str:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "a",
        "metadata": {},
        "outputs": [],
        "source": code,
    }
    spec = {"display_name": kernel, "language": "python", "name": kernel}
    return json.dumps({"cells": [cell], "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5})


def _with_notebook(kernel: str, code: str) -> dict[str, str]:
    stage = """\
  look:
    cmd: papermill look.ipynb look.output.ipynb --no-progress-bar
    deps: [look.ipynb, model.joblib]
    outs: [look.output.ipynb]
"""
    model = FILES["model.yaml"] + "notebooks: [look.ipynb]\n"
    return FILES | {"dvc.yaml": PIPELINE + stage, "model.yaml": model, "look.ipynb": _notebook(kernel, code)}


def test_killed_in_a_stage_and_run_again(tiny: Repository, trainer: Trainer, tmp_path: Path) -> None:
    started = tmp_path / "started"
    slow = f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(30)\n"
    commit(tiny, train=slow + TRAIN)
    command = [sys.executable, "-m", "gitmodel", "train"]
    process = subprocess.Popen(command, cwd=tiny.root, start_new_session=True, stdout=subprocess.DEVNULL)
    for _ in range(300):
        if started.exists():
            break
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list((tiny.state / "worktrees").iterdir())
    commit(tiny, train=TRAIN)
    assert trainer(tiny).trained
    assert not list((tiny.state / "worktrees").iterdir())
    assert tiny.git("worktree", "list").count("\n") == 0


def test_a_broken_pipeline_of_another_model_does_not_matter(tmp_path: Path, trainer: Trainer) -> None:
    repo = make_repository(tmp_path / "repo")
    commit_all(repo, in_folder("models/tiny") | {"models/other/dvc.yaml": "stages: [\n"})
    assert trainer(repo).trained


def test_a_remote_at_a_relative_path_is_that_of_the_clone(
    tiny: Repository, tmp_path: Path, trainer: Trainer
) -> None:
    dvc(tiny, "remote", "add", "-d", "store", "../store")
    commit_all(tiny, {})
    trainer(tiny)
    assert list(tmp_path.glob("store/files/md5/*/*"))


def test_settings_of_this_copy_alone_count(tiny: Repository, tmp_path: Path, trainer: Trainer) -> None:
    dvc(tiny, "remote", "add", "--local", "-d", "mine", str(tmp_path / "mine"))
    trainer(tiny)
    assert list(tmp_path.glob("mine/files/md5/*/*"))


def test_the_login_shell_of_a_git_server_does_not_matter(
    tiny: Repository, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", shutil.which("git-shell") or "/usr/sbin/nologin")
    assert trainer(tiny).trained


def test_a_result_that_did_not_reach_the_remote_is_not_trained_again(
    bare: Repository, tmp_path: Path, trainer: Trainer
) -> None:
    author = make_repository(tmp_path / "author")
    commit_all(author, FILES)
    push(author, bare.git_dir)
    copy = clone(bare, tmp_path / "copy")
    hook = bare.git_dir / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho closed for today >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ToolFailed) as caught:
        trainer(copy)
    assert "closed for today" in caught.value.detail
    hook.unlink()
    run = trainer(copy)
    assert trainer.trainings == 1
    assert read_ref(bare, run_ref("tiny", run.digest)) == run.commit
    assert run.commit in read_notes(bare, METRICS_REF)


def test_a_result_whose_artifact_is_lost_is_made_again(tiny: Repository, trainer: Trainer) -> None:
    trainer(tiny)
    assert tiny.root is not None
    shutil.rmtree(tiny.root / ".dvc" / "cache")
    shutil.rmtree(tiny.state / "files")
    run = trainer(tiny)
    assert (run.trained, trainer.trainings) == (True, 2)


def test_a_lost_race_gives_the_result_of_the_winner(
    bare: Repository, tmp_path: Path, trainer: Trainer
) -> None:
    author = make_repository(tmp_path / "author")
    unsteady = TRAIN.replace('json.dump({"accuracy": depth / 10}', 'json.dump({"accuracy": os.getpid()}')
    commit_all(author, FILES | {"train.py": "import time\ntime.sleep(3)\n" + unsteady})
    push(author, bare.git_dir)
    (tmp_path / "server.dvc").mkdir()
    copies = [clone(bare, tmp_path / name) for name in ("one", "two")]
    command = [sys.executable, "-m", "gitmodel", "train"]
    started = [subprocess.Popen(command, cwd=copy.root, stdout=subprocess.PIPE, text=True) for copy in copies]
    said = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert trainer.trainings == 2
    (run,) = list_refs(bare, "refs/runs/").values()
    assert list(read_notes(bare, METRICS_REF)) == [run]
    assert said[0].splitlines()[-1].split(":")[-1] == said[1].splitlines()[-1].split(":")[-1]


def test_forced_again_a_notebook_makes_no_other_result(tmp_path: Path, trainer: Trainer) -> None:
    repo = make_repository(tmp_path / "repo")
    commit_all(repo, _with_notebook("python3", "print('same')"))
    assert trainer(repo).result == trainer(repo, force=True).result
