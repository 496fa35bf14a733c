"""The tick of a machine's clock: what is due by schedule, or asked for now, is queued and carried out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitmodel.delivery.locks import environment_lock
from gitmodel.git.following import follow_remote
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.pipelines.receive import watch
from gitmodel.pipelines.runs import ENDED, Run, Runs, Task
from gitmodel.pipelines.telling import Say, guarded, tell_error
from gitmodel.pipelines.timetable import (
    Starts,
    choose,
    read_starts,
    read_timetable,
    started,
    write_starts,
)
from gitmodel.pipelines.worker import is_at_work, start_worker

_FETCH = timedelta(minutes=15)  # so often a clone asks its remote for new schedules
BY_CLOCK = "schedule"


def starts_file(repo: Repository) -> Path:
    """Return where it is kept when each schedule was started last."""
    return repo.state / "schedule.json"


def run_due(repo: Repository, now: datetime, say: Say, *, pretend: bool = False, quiet: bool = False) -> int:
    """Do what is due, each thing once, and show it to its end.

    What is queued goes on without us. What was interrupted, by a restart of the machine for example, is done
    again. Two of these at once queue nothing twice.

    Args:
        repo: A clone, or the repository of a server.
        now: The time.
        say: Told each line.
        pretend: Judge models at ``now``, and not at the moment that their turn has come.
        quiet: Say nothing where nothing is due.

    Returns:
        0, or the exit code of the gravest failure.
    """
    moment = now.astimezone(UTC)
    at = moment.isoformat() if pretend else ""
    with environment_lock(repo.state / "schedule.lock", "schedules", say):
        tasks = _due(repo, moment, at, say)
        runs = [Runs(repo).create((), BY_CLOCK, task) for task in tasks.queue]
        write_starts(starts_file(repo), tasks.starts)
    if runs:
        return carry_out(repo, runs, say)
    if any(run.state not in ENDED for run in Runs(repo).all()) and not is_at_work(Runs(repo)):
        start_worker(repo)
        say("[schedule] a run waits or was interrupted: it goes on")
    elif not quiet:
        say("[schedule] nothing is due")
    return 0


@dataclass(frozen=True)
class _Due:
    queue: Sequence[Task]
    starts: Starts


def note_new(repo: Repository, now: datetime) -> None:
    """Let schedules that were never seen here begin now."""
    with environment_lock(repo.state / "schedule.lock", "schedules", lambda _line: None):
        starts = read_starts(starts_file(repo))
        new = {each.key: now for each in read_timetable(repo).scheduled if each.key not in starts.last}
        write_starts(starts_file(repo), Starts({**starts.last, **new}, starts.fetched))


def _due(repo: Repository, now: datetime, at: str, say: Say) -> _Due:
    starts = read_starts(starts_file(repo))
    fetched = _fetched(repo, starts.fetched, now, say)
    known = Runs(repo).all()
    busy = {run.task.name for run in known if run.task and run.state not in ENDED}
    table = read_timetable(repo)
    chosen, last = choose(table, started(starts, known), busy, now)
    for name, broken in table.broken.items() if chosen else ():
        say(f"[schedule] {name} is not looked at:")
        tell_error(broken, say)
    queue = [Task(each.what, each.model, each.environment, due=now.isoformat(), at=at) for each in chosen]
    return _Due(queue, Starts(last, fetched))


def _fetched(repo: Repository, before: datetime | None, now: datetime, say: Say) -> datetime | None:
    """Ask the remote for new schedules now and then; without an answer those that are known count."""
    if default_remote(repo) is None or (before is not None and abs(now - before) < _FETCH):
        return before

    def ask() -> int:
        fetch(repo)
        follow_remote(repo, say)
        return 0

    guarded(ask, say)
    return now


def ask_for(repo: Repository, tasks: Sequence[Task], by: str, say: Say) -> int:
    """Do now what somebody asks for, and show it to its end; return the gravest exit code."""
    return carry_out(repo, [Runs(repo).create((), by, task) for task in tasks], say)


def carry_out(repo: Repository, queued: Sequence[Run], say: Say) -> int:
    """Have runs carried out, and show them to their end; return the gravest exit code."""
    start_worker(repo)
    codes = []
    for run in queued:
        say(f"[run] {run.id}: {run.words}")
        codes.append(watch(Runs(repo), run, say))
    return max(codes, default=0)
