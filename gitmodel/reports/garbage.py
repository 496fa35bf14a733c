"""What no kept version needs, as text and for JSON."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from gitmodel.reports.table import align
from gitmodel.reports.terminal import clean
from gitmodel.training.gc import Plan
from gitmodel.training.unneeded import Item, short_run

_SHORT = 12
_DAY, _HOUR = 86400, 3600
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1000


def plan_text(plan: Plan, *, deleted: bool) -> list[str]:
    """Return a table of what goes, and the sums."""
    moment = datetime.now(UTC).timestamp()
    lines = align([_row(item, moment) for item in plan.items]) if plan.items else []
    total = sum(item.size for item in plan.items)
    verb = "deleted" if deleted else "not needed"
    lines += (
        ["", f"{_count(len(plan.items), 'item')} {verb}, {size_words(total)}"]
        if lines
        else ["everything here is needed"]
    )
    if plan.younger:
        lines.append(f"{_count(plan.younger, 'other')} not needed either, but too young (see --grace)")
    lines += [
        f"the artifact of {version.name} {'is gone' if deleted else 'goes'}" for version in plan.versions
    ]
    lines += [
        f"the list of the folder {digest} is nowhere: its files are not known" for digest in plan.unreadable
    ]
    return lines if deleted or not plan.items else [*lines, "nothing was deleted: --delete does it"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _row(item: Item, moment: float) -> tuple[str, str, str, str, str]:
    short = item.name if item.kind == "package" else item.name[:_SHORT]
    name = short_run(item.name) if item.kind == "run" else short
    age = "-" if item.at is None else age_words(moment - item.at)
    size = "-" if item.kind == "run" else size_words(item.size)
    return item.kind, clean(name), clean(item.what) or "of no commit", size, age


def size_words(size: float) -> str:
    """Write a number of bytes as people read it."""
    for unit in _UNITS:
        if size < _STEP or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == _UNITS[0] else f"{size:.1f} {unit}"
        size /= _STEP
    raise AssertionError


def age_words(seconds: float) -> str:
    """Write an age in days, or hours where it is less than two days."""
    return f"{seconds // _DAY:.0f}d" if seconds >= 2 * _DAY else f"{max(seconds, 0) // _HOUR:.0f}h"


def plan_document(plan: Plan, *, deleted: bool) -> dict[str, Any]:
    """Return what ``gc --json`` prints."""
    items = [asdict(item) for item in plan.items]
    for item in items:
        if item["at"] is not None:
            item["at"] = datetime.fromtimestamp(item["at"], UTC).isoformat(timespec="seconds")
    return {
        "deleted": deleted,
        "items": items,
        "bytes": sum(item.size for item in plan.items),
        "younger": plan.younger,
        "versions": [version.tag for version in plan.versions],
        "unreadable": list(plan.unreadable),
    }
