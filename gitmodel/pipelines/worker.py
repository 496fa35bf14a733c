"""The worker: carries out queued runs, one after the other, the oldest first.

It is a process of its own, apart from the connection of the pusher: ``python -m gitmodel.pipelines.worker
REPOSITORY``. Each push starts one; it waits for its turn on a lock, so there is always one that goes on where
another was killed. What was killed in the middle is begun again: every step can be.
"""

import fcntl
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.delivery.ansible.module_utils.gitmodel_processes import ROOT_VARIABLE, end
from gitmodel.errors import GitmodelError, of_the_machine
from gitmodel.git.repository import Repository
from gitmodel.pipelines.pushed import Pushed
from gitmodel.pipelines.runs import (
    DONE,
    FAILED,
    QUEUED,
    RUNNING,
    Run,
    Runs,
    Task,
    now,
    process_since,
)
from gitmodel.pipelines.telling import Say, tell_error

Execute = Callable[[Repository, Sequence[Pushed], Say], int]
MAX_ATTEMPTS = 3
_BUG = 70


def start_worker(repo: Repository) -> int:
    """Start a worker that outlives us and return its process id."""
    runs = Runs(repo)
    runs.folder.mkdir(parents=True, exist_ok=True)
    return process.spawn_detached(
        [sys.executable, "-P", "-m", "gitmodel.pipelines.worker", str(repo.workdir)],
        log=runs.folder / "worker.log",
        cwd=repo.git_dir,
        env=process.clean_environment({ROOT_VARIABLE: str(runs.folder)}),
    )


def is_at_work(runs: Runs) -> bool:
    """Say whether a worker has its turn."""
    with (runs.folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def work(repo: Repository, execute: Execute | None = None) -> None:
    """Wait for our turn, then carry out every run that is queued or was interrupted.

    Args:
        repo: The repository that was pushed to.
        execute: What a run does; default: `gitmodel.pipelines.engine.execute`.
    """
    runs = Runs(repo)
    runs.folder.mkdir(parents=True, exist_ok=True)
    with (runs.folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        while run := next_run(runs.all()):
            _carry_out(repo, runs, run, execute or _execute)
        runs.prune()


def _execute(repo: Repository, pushed: Sequence[Pushed], say: Say) -> int:
    """Import the engine, which takes a while, only where something runs."""
    from gitmodel.pipelines.engine import execute

    return execute(repo, pushed, say)


def _perform(repo: Repository, task: Task, say: Say) -> int:
    from gitmodel.pipelines.tasks import perform

    return perform(repo, task, say)


def next_run(runs: Sequence[Run]) -> Run | None:
    """Choose, when it is our turn: what was interrupted goes first, then the queue; the oldest of each.

    What is said to be running was interrupted, for it is our turn. Its process may still be there: a killed
    one gives up its locks before it is gone.
    """
    waiting = [run for wanted in (RUNNING, QUEUED) for run in runs if run.state == wanted]
    return waiting[0] if waiting else None


def _carry_out(repo: Repository, runs: Runs, run: Run, execute: Execute) -> None:
    with _output_to(runs.log(run.id)) as say:
        if run.state == RUNNING:  # and interrupted, see `next_run`
            if run.pid is not None:
                end(run.pid, runs.folder)  # what the killed worker had started and left
            if run.attempts >= MAX_ATTEMPTS:
                say(f"[run] interrupted {run.attempts} times: given up")
                say(f"hint: `gitmodel ci run {run.id}` tries again")
                runs.save(replace(run, state=FAILED, code=3, ended=now()))
                return
            say(f"[run] interrupted: begun again (attempt {run.attempts + 1} of {MAX_ATTEMPTS})")
        begun = replace(
            run,
            state=RUNNING,
            started=now(),
            attempts=run.attempts + 1,
            pid=os.getpid(),
            pid_since=process_since(os.getpid()),
        )
        runs.save(begun)
        code = _guarded(repo, begun, execute, say, runs.log(run.id))
    runs.save(replace(begun, state=FAILED if code else DONE, code=code, ended=now()))


def _guarded(repo: Repository, run: Run, execute: Execute, say: Say, log: Path) -> int:
    """Return the exit code of a run, whatever is raised: the runs behind it must have their turn."""
    try:
        return _perform(repo, run.task, say) if run.task else execute(repo, run.pushed, say)
    except GitmodelError as error:
        return tell_error(error, say)
    except Exception as error:  # noqa: BLE001 - a bug of ours ends this run alone
        known = of_the_machine(error)
        if known:
            return tell_error(known, say)
        report = log.with_name("bug.log")
        report.write_text("".join(traceback.format_exception(error)), "utf-8", "backslashreplace")
        say(f"error: this is a bug in gitmodel ({type(error).__name__}: {error})")
        say(f"hint: please report it with the file {report}")
        return _BUG


@contextmanager
def _output_to(log: Path) -> Iterator[Say]:
    """Let everything that this process and its children print go to the end of a file."""
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    with log.open("ab", buffering=0) as file:
        _flush(streams)
        kept = [os.dup(number) for number in (1, 2)]
        try:
            for number in (1, 2):
                os.dup2(file.fileno(), number)

            def say(line: str) -> None:
                _flush(streams)
                file.write(f"{line}\n".encode("utf-8", "backslashreplace"))

            yield say
        finally:
            _flush(streams)
            for number, saved in zip((1, 2), kept, strict=True):
                os.dup2(saved, number)
                os.close(saved)


def _flush(streams: tuple[Any, ...]) -> None:
    for stream in streams:
        stream.flush()


if __name__ == "__main__":
    work(Repository.open(sys.argv[1]))
