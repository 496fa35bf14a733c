"""Where a version fails: groups of rows that it does worst on, kept as notes on the version's commit.

The round trip law: ``parse_slices(format_slices(r)) == r``.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import note_lines, note_names
from gitmodel.git.objects import read_objects
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import canonical_json
from gitmodel.registry.versions import Version

SLICES_REF = "refs/notes/slices"


@dataclass(frozen=True)
class SliceFact:
    """A group of rows, such as ``grade`` = ``C``; ``low`` and ``high`` bound the metric at 95 %."""

    column: str
    group: str
    rows: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SliceReport:
    """The groups that a version does worst on, the worst first.

    Attributes:
        model, version: Which.
        dataset, md5, rows: What it was scored on.
        metric: What by; ``value`` is that of all rows.
        searched: How many groups were looked at.
        slices: The worst of them.
        at, by: When, and by whom.
    """

    model: str
    version: str
    dataset: str
    md5: str
    rows: int
    metric: str
    value: float
    searched: int
    slices: tuple[SliceFact, ...]
    at: str
    by: str


def format_slices(report: SliceReport) -> str:
    """Write a report as a line."""
    return canonical_json(asdict(report))


def parse_slices(line: str) -> SliceReport:
    """Read a line; keys that a later release may have added are passed over.

    Raises:
        InvalidFile: If it is no such report.
    """
    try:
        document = json.loads(line)
        texts = {
            key: str(document[key]) for key in ("model", "version", "dataset", "md5", "metric", "at", "by")
        }
        slices = tuple(_slice(each) for each in document["slices"])
        return SliceReport(
            **texts,
            rows=int(document["rows"]),
            value=float(document["value"]),
            searched=int(document["searched"]),
            slices=slices,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidFile(f"not a report of slices: {line[:80]!r}") from error


def _slice(document: Any) -> SliceFact:
    numbers = {key: float(document[key]) for key in ("value", "low", "high")}
    return SliceFact(str(document["column"]), str(document["group"]), int(document["rows"]), **numbers)


def read_slices(repo: Repository, version: Version) -> SliceReport | None:
    """Return the newest report that is kept of a version; lines that are none are passed over."""
    notes = read_objects(repo, note_names(SLICES_REF, version.commit))
    found = []
    for line in (line for note in notes if note for line in note_lines(note.data)):
        try:
            report = parse_slices(line)
        except InvalidFile:
            continue
        if (report.model, report.version) == (version.model, version.version):
            found.append(report)
    return max(found, key=lambda report: report.at, default=None)


def keep_slices(repo: Repository, version: Version, report: SliceReport) -> None:
    """Keep a report as a note, here and at the remote.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
    """
    publish(repo, [], {SLICES_REF: {version.commit: [format_slices(report)]}})
