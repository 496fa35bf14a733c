"""Check and compare cron expressions: five fields of numbers, names, lists, ranges and steps."""

import re
from datetime import UTC, datetime

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
# name, least, greatest, words
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?", re.ASCII)


def cron_mistake(expression: str) -> tuple[str, str] | None:
    """Return what was found and what was expected where a field is wrong; ``None`` where all are right.

    Args:
        expression: Minute, hour, day of month, month, day of week (0 and 7 are Sunday).
    """
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"{len(fields)} fields", "five: minute, hour, day of month, month, day of week"
    for text, (name, least, greatest, words) in zip(fields, _FIELDS, strict=True):
        if not all(_allowed(part.lower(), least, greatest, words) for part in text.split(",")):
            names = f" or {' '.join(words)}" if words else ""
            return f'"{text}" as {name}', f"{least} to {greatest}{names}, with * - / and ,"
    return None


def plain_cron(expression: str) -> str:
    """Write a valid expression with single spaces, and Sunday never as 7, which GitHub does not know."""
    *fields, days = expression.split()
    parts = [day for part in days.split(",") for day in _days(part)]
    return " ".join([*fields, ",".join(dict.fromkeys(parts))])


def due_at(expression: str, now: datetime) -> datetime | None:
    """Return the latest moment up to ``now`` that a valid expression names; ``None``: it names none."""
    return _moment(expression, now.astimezone(UTC).replace(second=59), reverse=True)


def next_at(expression: str, now: datetime) -> datetime | None:
    """Return the first moment after ``now`` that a valid expression names; ``None``: it names none."""
    return _moment(expression, now.astimezone(UTC), reverse=False)


def moment_before(expression: str, moment: datetime) -> datetime | None:
    """Return the latest moment up to this one that a valid expression names, in the time zone of this one."""
    return _moment(expression, moment.replace(second=59), reverse=True)


def moment_at(expression: str, moment: datetime) -> datetime | None:
    """Return the first moment after this one that a valid expression names, in the time zone of this one."""
    return _moment(expression, moment, reverse=False)


def explained(expression: str) -> str:
    """Say a valid expression in words."""
    from cronsim import CronSim, CronSimError

    try:
        return CronSim(expression, datetime.now(UTC)).explain()
    except CronSimError:
        return "never"


def _moment(expression: str, start: datetime, *, reverse: bool) -> datetime | None:
    from cronsim import CronSim, CronSimError

    try:
        return next(CronSim(expression, start, reverse=reverse))
    except (CronSimError, StopIteration):  # a 30th of February
        return None


def _days(part: str) -> list[str]:
    """Return the part of a field of days, or where it names 7 the days of it, one by one."""
    whole, _, step = part.partition("/")
    first, _, last = whole.partition("-")
    if "7" not in (first, last):
        return [part]
    begin = int(_DAYS.get(first.lower(), first))
    return [str(day % 7) for day in range(begin, 8, int(step or 1))]


def _allowed(part: str, least: int, greatest: int, words: dict[str, int]) -> bool:
    match = _PART.fullmatch(part)
    if not match or match[3] == "0" * len(match[3] or "-"):
        return False
    ends = [words.get(end, int(end) if end.isdigit() else -1) for end in match.group(1, 2) if end is not None]
    return all(least <= end <= greatest for end in ends) and ends == sorted(ends)
