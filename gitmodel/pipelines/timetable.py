"""Which schedules the models of a repository have, and which of them are due."""

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitmodel.git.refs import default_rev, resolve
from gitmodel.git.repository import Repository
from gitmodel.pipelines.planning import between
from gitmodel.pipelines.runs import Run
from gitmodel.spec import InvalidSpec, load_environments
from gitmodel.spec.cron import due_at
from gitmodel.spec.environment import FOLDER

# A clock may be set back; one that was wrong by more has said nothing of value.
_WRONG_CLOCK = timedelta(days=1)


@dataclass(frozen=True)
class Scheduled:
    """What a model, or an environment, wants to be done by the clock.

    Attributes:
        what: ``retrain`` or ``monitor``; ``reconcile`` for an environment.
        model: Its name; "" for an environment.
        schedule: When, as it was written.
        cron: The same as a cron expression.
        environment: Its name; "" for a model.
    """

    what: str
    model: str
    schedule: str
    cron: str
    environment: str = ""

    @property
    def key(self) -> str:
        """What it is known by."""
        return f"{self.what} {self.model or self.environment}"


@dataclass(frozen=True)
class Timetable:
    """The schedules of a commit, and what is wrong with the models that cannot be read."""

    scheduled: tuple[Scheduled, ...] = ()
    broken: Mapping[str, InvalidSpec] = field(default_factory=dict)


def read_timetable(repo: Repository) -> Timetable:
    """Return the schedules of the default branch; a model that is not valid stops no other."""
    rev = default_rev(repo)
    commit = resolve(repo, rev) if rev else None
    if commit is None:
        return Timetable()
    touched = between(repo, commit, None).touched
    found = []
    for item in touched:
        spec = item.spec
        for what, given in (("retrain", spec.retrain), ("monitor", spec.monitor)):
            if given.schedule and given.cron:
                found.append(Scheduled(what, spec.name, given.schedule, given.cron))
    places, broken = _environments(repo, commit)
    found += places
    return Timetable(tuple(found), broken | {item.spec.name: item.broken for item in touched if item.broken})


def _environments(repo: Repository, commit: str) -> tuple[list[Scheduled], dict[str, InvalidSpec]]:
    """Return what environments want; where one is not valid, none is looked at."""
    try:
        known = load_environments(repo, commit)
    except InvalidSpec as error:
        return [], {FOLDER: error}
    given = ((spec.name, spec.reconcile) for spec in known)
    wanted = [(name, each.schedule, each.cron) for name, each in given]
    return [
        Scheduled("reconcile", "", schedule, cron, name)
        for name, schedule, cron in wanted
        if schedule and cron
    ], {}


@dataclass(frozen=True)
class Starts:
    """When each schedule was started last, or seen first; and when the remote was asked."""

    last: Mapping[str, datetime] = field(default_factory=dict)
    fetched: datetime | None = None


def read_starts(file: Path) -> Starts:
    """Read what `write_starts` wrote; nothing where it cannot be read: then all schedules are new."""
    try:
        document = json.loads(file.read_text("utf-8"))
        last = {str(key): _moment(text) for key, text in document["last"].items()}
        return Starts(last, _moment(document["fetched"]) if document["fetched"] else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Starts()


def write_starts(file: Path, starts: Starts) -> None:
    """Write it as a whole or not at all."""
    document = {
        "last": {key: moment.isoformat() for key, moment in sorted(starts.last.items())},
        "fetched": starts.fetched.isoformat() if starts.fetched else None,
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{os.getpid()}-{file.name}")
    part.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    part.replace(file)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def started(starts: Starts, runs: Collection[Run]) -> dict[str, datetime]:
    """Return the last starts, with those of runs that were queued and not noted: we were killed between."""
    last = dict(starts.last)
    for run in runs:
        if run.task and run.task.due:
            moment = _moment(run.task.due)
            last[run.task.name] = max(moment, last.get(run.task.name, moment))
    return last


def choose(
    table: Timetable, last: Mapping[str, datetime], busy: Collection[str], now: datetime
) -> tuple[list[Scheduled], dict[str, datetime]]:
    """Decide what is due, however many turns were missed: once.

    A schedule that is seen for the first time begins now. One whose last start lies ahead, because the clock
    was set back, waits until then; but not for more than a day.

    Args:
        table: The schedules.
        last: When each was started last.
        busy: Those that are at work or wait; they come again afterwards.
        now: The time.

    Returns:
        What is due, and when each schedule was started last from now on. What is to be watched comes first:
        it is judged before another version serves.
    """
    due, after = [], {key: moment for key, moment in last.items() if _is_broken(key, table)}
    for each in table.scheduled:
        before = last.get(each.key)
        if before is None or before > now + _WRONG_CLOCK:
            after[each.key] = now
            continue
        turn = due_at(each.cron, now)
        is_due = turn is not None and turn > before and each.key not in busy
        after[each.key] = now if is_due else before
        due += [each] if is_due else []
    return sorted(due, key=lambda each: each.what != "monitor"), after


def _is_broken(key: str, table: Timetable) -> bool:
    what, _, name = key.partition(" ")
    return (FOLDER if what == "reconcile" else name) in table.broken
