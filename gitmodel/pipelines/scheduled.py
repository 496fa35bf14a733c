"""The schedules of a repository as a table and as a document."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gitmodel.git.repository import Repository
from gitmodel.pipelines.runs import Run, Runs
from gitmodel.pipelines.timetable import Scheduled, read_timetable
from gitmodel.spec.cron import explained, next_at
from gitmodel.spec.schedule import is_words


def schedule_documents(repo: Repository, now: datetime) -> list[dict[str, Any]]:
    """Return each schedule with its last start, what came of it, and its next time; times are UTC."""
    runs = Runs(repo).all()
    return [_document(each, runs, now) for each in read_timetable(repo).scheduled]


def broken_models(repo: Repository) -> dict[str, str]:
    """Return what is wrong with the models whose schedules cannot be read."""
    return {name: error.message for name, error in read_timetable(repo).broken.items()}


def _document(each: Scheduled, runs: Sequence[Run], now: datetime) -> dict[str, Any]:
    mine = [run for run in runs if run.task and run.task.name == each.key]
    last, upcoming = (mine[-1] if mine else None), next_at(each.cron, now)
    return {
        "model": each.model or None,
        "environment": each.environment or None,
        "what": each.what,
        "schedule": each.schedule,
        "cron": each.cron,
        "words": each.schedule if is_words(each.schedule) else explained(each.cron),
        "last": _started(last) if last else None,
        "outcome": last.state_now if last else None,
        "code": last.code if last else None,
        "run": last.id if last else None,
        "next": upcoming.strftime("%Y-%m-%dT%H:%M:%SZ") if upcoming else None,
    }


def _started(run: Run) -> str:
    due = run.task.due if run.task else ""
    return datetime.fromisoformat(due or run.queued).strftime("%Y-%m-%dT%H:%M:%SZ")


def schedule_rows(documents: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a row a schedule, under a head."""
    head = ["MODEL", "WHAT", "WHEN (UTC)", "CRON", "LAST", "NEXT"]
    return [head, *map(_row, documents)] if documents else []


def _row(found: dict[str, Any]) -> list[str]:
    code = f" ({found['code']})" if found["code"] else ""
    last = f"{_plain(found['last'])} {found['outcome']}{code} {found['run']}" if found["last"] else "never"
    upcoming = _plain(found["next"]) if found["next"] else "never"
    return [
        found["model"] or "-",
        " ".join(filter(None, (found["what"], found["environment"]))),
        found["words"],
        found["cron"],
        last,
        upcoming,
    ]


def _plain(moment: str) -> str:
    return moment[:16].replace("T", " ")
