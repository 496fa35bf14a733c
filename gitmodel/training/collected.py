"""Versions whose artifact was collected: their tags stay, and a note on their commits says when and by whom.

The note is a line of JSON below ``refs/notes/collected``, shared like the notes of metrics.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from gitmodel.git.notes import note_lines, note_names
from gitmodel.git.objects import read_objects
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import canonical_json

COLLECTED_REF = "refs/notes/collected"


@dataclass(frozen=True)
class Collected:
    """The version, when its artifact was collected, and by whom."""

    model: str
    version: str
    at: str
    by: str

    def __str__(self) -> str:
        return (
            f"the artifact of {self.model}:{self.version} was collected by `gitmodel gc` "
            f"at {self.at} ({self.by}); only its tag was kept"
        )


def format_collected(collected: Collected) -> str:
    """Write it as a line."""
    return canonical_json(asdict(collected))


def read_collected(repo: Repository, commit: Oid) -> list[Collected]:
    """Return what was collected of a commit's versions, the newest first."""
    notes = read_objects(repo, note_names(COLLECTED_REF, commit))
    return parse_collected(line for note in notes if note for line in note_lines(note.data))


def parse_collected(lines: Iterable[str]) -> list[Collected]:
    """Read lines of notes, the newest first; what is none is passed over."""
    found = []
    for line in lines:
        try:
            document = json.loads(line)
            found.append(Collected(*(str(document[key]) for key in ("model", "version", "at", "by"))))
        except (ValueError, TypeError, KeyError):
            continue
    return sorted(found, key=lambda collected: collected.at, reverse=True)
