"""Data of this copy are used by many at once, and collected by one alone: file locks of the kernel."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gitmodel import process
from gitmodel.errors import Refused
from gitmodel.git.repository import Repository
from gitmodel.training.storage import dvc_folder


def _lock_file(repo: Repository) -> Path:
    return repo.state / "data.lock"


@contextmanager
def using_data(repo: Repository) -> Iterator[None]:
    """Keep data from being collected meanwhile; waits for a collection that is at work."""
    file = _lock_file(repo)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def collecting_data(repo: Repository) -> Iterator[None]:
    """Keep trainings, and what follows from pushes, waiting meanwhile.

    Raises:
        Refused: If one is at work: a training, the worker of `gitmodel.pipelines.worker`, or a person's DVC.
    """
    runs = repo.state / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for file, who in ((_lock_file(repo), "a training"), (runs / ".lock", "a run")):
            lock = stack.enter_context(file.open("a"))
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _at_work(who) from None
        _enter_dvc(repo, stack)
        yield


def _enter_dvc(repo: Repository, stack: ExitStack) -> None:
    """Take DVC's own lock of the work tree, unless its commands are at work there."""
    folder = dvc_folder(repo)
    if folder is None:
        return
    from dvc.lock import LockError, make_lock

    (folder / "tmp").mkdir(exist_ok=True)
    try:
        stack.enter_context(make_lock(str(folder / "tmp" / "lock"), tmp_dir=str(folder / "tmp")))
    except LockError:
        raise _at_work("a command of DVC") from None
    if any(process.is_alive(pid) for pid in _stages_at_work(folder / "tmp" / "rwlock")):
        raise _at_work("a stage that DVC runs")  # for its time DVC gives the lock away


def _stages_at_work(file: Path) -> set[int]:
    try:
        document = json.loads(file.read_text("utf-8"))
        readers = [holder for holders in document.get("read", {}).values() for holder in holders]
        return {int(holder["pid"]) for holder in (*readers, *document.get("write", {}).values())}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return set()


def _at_work(who: str) -> Refused:
    return Refused(f"{who} is at work in this copy", hint="wait until it has ended, then run it again")
