"""Training where something goes wrong, or is set up in an unusual way."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.git.notes import read_notes
from gitmodel.git.refs import read_ref
from gitmodel.git.repository import Repository
from gitmodel.metrics import METRICS_REF
from gitmodel.training import run_ref
from tests.conftest import clone, commit_all, make_repository
from tests.training.tiny import FILES, TRAIN, Trainer, commit, dvc, push


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


def test_settings_of_this_copy_alone_count(tiny: Repository, tmp_path: Path, trainer: Trainer) -> None:
    dvc(tiny, "remote", "add", "--local", "-d", "mine", str(tmp_path / "mine"))
    trainer(tiny)
    assert list(tmp_path.glob("mine/files/md5/*/*"))


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
