"""Times in which nothing may be rolled out: each week or day again, or once from a date to a date."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from gitmodel.spec.cron import moment_at, moment_before
from gitmodel.spec.schedule import OddSchedule, to_cron

EXPECTED = (
    'two moments such as "fridays 16:00 to mondays 08:00" or "every day 22:00 to 6:00", '
    "or {from, to} with dates"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXTENDED = 20  # windows that follow one another


@dataclass(frozen=True)
class FreezeSpec:
    """A time in which nothing may be rolled out.

    Either ``text``, words that come again, or ``begin`` and ``end`` (a date, or a date and a time, in the
    time zone of the file; a last day counts whole).
    """

    text: str = ""
    begin: str = ""
    end: str = ""
    reason: str = ""


@dataclass(frozen=True)
class WindowsSpec:
    """The times in which nothing may be rolled out, and the time zone that they are meant in."""

    timezone: str = "UTC"
    freeze: tuple[FreezeSpec, ...] = ()


@dataclass(frozen=True)
class Frozen:
    """Nothing may be rolled out before ``until``, by the window ``text``."""

    until: datetime
    text: str
    reason: str


def build_windows(data: Mapping[str, Any]) -> WindowsSpec:
    """Make the value from a valid ``windows``."""
    return WindowsSpec(data.get("timezone", "UTC"), tuple(map(_freeze, data.get("freeze", ()))))


def _freeze(data: str | Mapping[str, str]) -> FreezeSpec:
    if isinstance(data, str):
        return FreezeSpec(data)
    if "when" in data:
        return FreezeSpec(data["when"], reason=data.get("reason", ""))
    return FreezeSpec("", data["from"], data["to"], data.get("reason", ""))


def check_windows(data: Mapping[str, Any]) -> Iterable[tuple[tuple[str | int, ...], OddSchedule]]:
    """Yield the places of ``windows`` that are not understood, with what is wrong there."""
    name = data.get("timezone", "UTC")
    if zone(name) is None:
        yield ("timezone",), OddSchedule(f'"{name}"', "a time zone such as Europe/Berlin or UTC")
    for number, given in enumerate(data.get("freeze", ())):
        keys = {"when"} if isinstance(given, str) else {*given} - {"reason"}
        if keys not in ({"when"}, {"from", "to"}):
            yield ("freeze", number), OddSchedule(" and ".join(sorted(keys)) or "no time", EXPECTED)
            continue
        try:
            _check(_freeze(given))
        except OddSchedule as odd:
            yield ("freeze", number), odd


def _check(freeze: FreezeSpec) -> None:
    if freeze.text:
        _ends(freeze.text)
    elif _moment(freeze.begin, None) >= _moment(freeze.end, None, is_end=True):
        raise OddSchedule(f'"{freeze.begin}" to "{freeze.end}"', "an end after the beginning")


def _ends(text: str) -> tuple[str, str]:
    """Return when a window begins and ends, as cron expressions.

    Raises:
        OddSchedule: If it is not understood.
    """
    begin, _, end = text.rpartition(" to ")
    if not begin or not end.strip():
        raise OddSchedule(f'"{text}"', EXPECTED)
    return to_cron(begin.strip()), to_cron(end.strip())


def zone(name: str) -> tzinfo | None:
    """Return the time zone of that name; ``None``: this machine knows none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def frozen_until(windows: WindowsSpec, moment: datetime) -> Frozen | None:
    """Return until when nothing may be rolled out; ``None``: it may now. Windows that follow count as one."""
    if not windows.freeze:
        return None
    here = moment.astimezone(zone(windows.timezone))
    first = found = _latest(windows, here)
    for _ in range(_EXTENDED):
        further = _latest(windows, found.until) if found else None
        if further is None or found is None or further.until <= found.until:
            break
        found = further
    return Frozen(found.until, first.text, first.reason) if found and first else None


def _latest(windows: WindowsSpec, here: datetime) -> Frozen | None:
    """Return the window that a moment lies in; of several, the one that ends last."""
    found = []
    for freeze in windows.freeze:
        until = _until(freeze, here)
        if until is not None and until > here:
            text = freeze.text or f"{freeze.begin} to {freeze.end}"
            found.append(Frozen(until, text, freeze.reason))
    return max(found, key=lambda each: each.until, default=None)


def _until(freeze: FreezeSpec, here: datetime) -> datetime | None:
    if freeze.text:
        begin, end = _ends(freeze.text)
        begun = moment_before(begin, here)
        return moment_at(end, begun) if begun else None
    begun, ends = _moment(freeze.begin, here.tzinfo), _moment(freeze.end, here.tzinfo, is_end=True)
    return ends if begun <= here else None


def _moment(text: str, tz: tzinfo | None, *, is_end: bool = False) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise OddSchedule(f'"{text}"', "a date such as 2026-12-20, or 2026-12-20T16:00") from error
    if found.tzinfo is not None:
        raise OddSchedule(f'"{text}"', "a time without a zone of its own; `timezone` names it for all")
    if is_end and _DATE.fullmatch(text):
        found += timedelta(days=1)
    return found.replace(tzinfo=tz)
