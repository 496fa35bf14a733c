"""The process of a job: ``python -m gitmodel.training.worker REQUEST ANSWER`` (see `jobs`)."""

import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gitmodel.errors import GitmodelError, ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.training.jobs import Answer, Request


def pull(repo: Repository, *, commit: Oid, paths: list[str]) -> None:
    """Bring files of a commit from DVC's remote into the cache.

    Raises:
        ToolFailed: If there is no remote, or it does not have them.
    """
    from gitmodel.training.dvc_session import open_dvc

    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree, os.path.dirname(paths[0])) as dvc:  # noqa: PTH120
        dvc.fetch(paths)


def train(repo: Repository, **arguments: Any) -> Any:
    """Train a model: see `gitmodel.training.job.train_once`."""
    from gitmodel.training.job import train_once

    return train_once(repo, **arguments)


_VERBS: dict[str, Callable[..., Any]] = {"pull": pull, "train": train}


def main(request_file: str, answer_file: str) -> None:
    """Do what the request asks for and write the answer, which appears whole or not at all."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    request: Request = pickle.loads(Path(request_file).read_bytes())  # noqa: S301 - our own parent wrote it
    answer = _answer(request)
    made = Path(f"{answer_file}.part")
    made.write_bytes(pickle.dumps(answer))
    made.replace(answer_file)


def _answer(request: Request) -> Answer:
    try:
        return Answer(_VERBS[request.verb](request.repo, **request.arguments))
    except GitmodelError as error:
        return Answer(error=error)
    except Exception as error:  # noqa: BLE001 - a fault of ours or of DVC: told to the parent, not lost
        detail = "".join(traceback.format_exception(error))
        return Answer(error=ToolFailed(f"`{request.verb}` failed unexpectedly: {error}", detail=detail))


def _end_with_parent(parent: int) -> None:
    """End this process soon after the one that wants its answer is gone."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
