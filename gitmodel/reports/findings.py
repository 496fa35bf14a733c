"""What a check-up found, as a table and as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gitmodel.errors import GitmodelError
from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean

Status = Literal["ok", "warn", "fail"]

COLOURS: Colours = ((r"^(ok)  ", "green"), (r"^(warn)  ", "yellow"), (r"^(fail)  ", "red"))


@dataclass(frozen=True)
class Finding:
    """One check: its subject, how it stands, what was found, and what to do where that is not ok.

    ``each`` names one by one what ``found`` sums up.
    """

    subject: str
    status: Status
    found: str
    todo: str = ""
    each: tuple[str, ...] = ()


def guarded(subject: str, check: Callable[[], Finding]) -> Finding:
    """Carry out a check; one that cannot be carried out has failed."""
    try:
        return check()
    except GitmodelError as error:
        words = error.detail.strip().splitlines()
        found = f"{error.message}: {words[-1]}" if words else error.message
        return Finding(subject, "fail", found, error.hint)


def several(subject: str, status: Status, words: Sequence[str], todo: str) -> Finding:
    """Return one finding about one thing or more; several are summed up and named one by one."""
    if len(words) == 1:
        return Finding(subject, status, words[0], todo)
    return Finding(subject, status, f"{len(words)}, the first: {words[0]}", todo, tuple(words))


def findings_text(findings: Sequence[Finding]) -> list[str]:
    """Return a line a finding; below it what it sums up, and what to do."""
    rows = align([(clean(item.status), clean(item.subject), clean(item.found)) for item in findings])
    lines = []
    for row, item in zip(rows, findings, strict=True):
        lines.append(row)
        lines += [f"      {clean(one)}" for one in item.each]
        if item.todo:
            lines.append(f"      -> {clean(item.todo)}")
    return lines


def findings_document(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the findings for JSON."""
    return [{**vars(item), "each": list(item.each)} for item in findings]
