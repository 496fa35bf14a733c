"""What happens after a push: a run is queued, a worker started, and the pusher sees what it says."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from gitmodel.errors import UsageError
from gitmodel.git.refs import default_branch, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.git.values import Oid
from gitmodel.pipelines.pushed import Pushed, describe
from gitmodel.pipelines.runs import ENDED, FAILED, QUEUED, RUNNING, Run, Runs
from gitmodel.pipelines.worker import is_at_work, start_worker
from gitmodel.reports.terminal import clean_lines

Say = Callable[[str], None]
_POLL = 0.05
_PATIENCE = 5.0  # seconds that a worker may take to start
_REFUSED = 1  # a gate said no: there is a version all the same
_WHO = ("GIT_PUSH_CERT_SIGNER", "REMOTE_USER", "GL_USERNAME", "GIT_COMMITTER_EMAIL", "LOGNAME", "USER")


def receive(repo: Repository, pushed: Iterable[Pushed], say: Say) -> int:
    """Queue what follows from a push, if anything can, and show it until it ends.

    Returns:
        The exit code of the run; 0 where there is none or it goes on without us.
    """
    relevant = [item for item in pushed if item.matters]
    if not relevant:
        return 0
    runs = Runs(repo)
    run = runs.create(relevant, _who())
    start_worker(repo)
    say(f"[run] {run.id}: {describe(relevant)}")
    code = watch(runs, run, say)
    if code <= _REFUSED:
        say("hint: `gitmodel sync` brings what it made to your clone: versions, environments, notes")
    return code


def follow_commits(repo: Repository, commits: Iterable[str], say: Say) -> int:
    """Start what a push of commits to the default branch would, where we have put them there without one.

    That is in the repository of a server alone: a clone pushes.

    Returns:
        The exit code of the run; 0 where there is none.
    """
    if not repo.is_bare or not (repo.git_dir / "hooks" / "post-receive").exists():
        return 0
    ref = f"refs/heads/{default_branch(repo)}"
    pushed = [Pushed(ref, resolve(repo, f"{commit}^"), Oid(commit)) for commit in commits]
    return receive(repo, pushed, say)


def _who() -> str:
    return next(filter(None, map(os.environ.get, _WHO)), "somebody")


def watch(runs: Runs, run: Run, say: Say) -> int:
    """Show a run to its end, whoever carries it out, and return its exit code.

    Losing the reader, or ctrl-C, ends the watching and not the run.
    """
    ahead = [other.id for other in runs.all() if other.id < run.id and other.state in (QUEUED, RUNNING)]
    if ahead and run.state == QUEUED:
        say(f"[run] queued behind run {', '.join(ahead)}; `gitmodel logs {run.id} -f` shows it")
    last = follow(runs, run.id, say)
    if last.state not in ENDED:
        say(f"[run] {run.id} is {last.state_now} and nothing is at work; `gitmodel ci run` finishes it")
        say(f"hint: {runs.folder / 'worker.log'} may say why")
        return 3
    how = "done" if last.code == 0 else f"failed with exit code {last.code}"
    say(f"[run] {run.id} {how} after {last.seconds or 0:.1f} s")
    if (last.code or 0) > _REFUSED:
        say(f"hint: `gitmodel ci run {run.id}` tries it again, where the runs are")
    return last.code or 0


def follow(runs: Runs, run_id: str, say: Say) -> Run:
    """Hand each line of a run's log to ``say`` as it comes, until the run ends or nobody works on it."""
    reader = _Reader(runs.log(run_id), say)
    stalled = time.monotonic()
    while True:
        run = runs.load(run_id)
        reader.read()
        if run.state in ENDED:
            reader.read(last=True)
            return run
        if run.state_now == RUNNING or is_at_work(runs):
            stalled = time.monotonic()
        elif time.monotonic() - stalled > _PATIENCE:
            return run
        time.sleep(_POLL)


def show_log(runs: Runs, run_id: str, say: Say) -> None:
    """Hand each line that a run has written so far to ``say``."""
    _Reader(runs.log(run_id), say).read(last=True)


class _Reader:
    """Reads a growing file by whole lines."""

    def __init__(self, file: Path, say: Say) -> None:
        self._file, self._say = file, say
        self._at, self._rest = 0, b""

    def read(self, *, last: bool = False) -> None:
        try:
            with self._file.open("rb") as stream:
                stream.seek(self._at)
                new = stream.read()
        except FileNotFoundError:
            return
        self._at += len(new)
        *whole, self._rest = (self._rest + new).split(b"\n")
        if last and self._rest:
            whole, self._rest = [*whole, self._rest], b""
        for line in whole:
            for shown in clean_lines(line.decode("utf-8", "replace")) or [""]:
                self._say(shown)


def finish(runs: Runs, name: str | None, say: Say) -> int:
    """Have runs carried out that wait or were interrupted, and show them to their end.

    Args:
        runs: The runs of the repository.
        name: The one to show; one that has failed is tried again. Default: all.
        say: Told each line.

    Returns:
        The gravest exit code.

    Raises:
        UsageError: If there is no such run, or it is done.
    """
    chosen = [_again(runs, runs.find(name))] if name else _unfinished(runs.all())
    if not chosen:
        say("nothing waits, nothing was interrupted")
        return 0
    start_worker(runs.repo)
    codes = []
    for run in chosen:
        say(f"[run] {run.id}: {run.words}")
        codes.append(watch(runs, run, say))
    return max(codes)


def _unfinished(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.state not in ENDED]


def _again(runs: Runs, run: Run) -> Run:
    if run.state not in ENDED:
        return run
    if run.state != FAILED:
        raise UsageError(f"the run {run.id} is done", hint=f"`gitmodel logs {run.id}` shows it")
    queued = replace(run, state=QUEUED, started=None, ended=None, attempts=0, code=None, pid=None)
    runs.save(queued)
    return queued


def server_of(repo: Repository) -> Repository:
    """Return the repository where runs are: this one, or for a clone the one it comes from, if that is here.

    Raises:
        UsageError: If it is on another machine.
    """
    remote = default_remote(repo)
    if remote is None:
        return repo
    url = repo.git("remote", "get-url", remote)
    parts = urlsplit(url)
    path = Path(parts.path) if parts.scheme == "file" else repo.workdir / url
    if path.is_dir():
        return Repository.open(path)
    if Runs(repo).folder.is_dir():  # of schedules
        return repo
    raise UsageError(
        f"runs are recorded where {remote} is, on another machine: {url}",
        hint="run the command there: `gitmodel -C <repository> runs`",
    )
