"""The measurements of versions, read from the notes on their commits, all at once."""

from collections.abc import Sequence
from contextlib import suppress

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import read_notes
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, Record, parse_record
from gitmodel.registry.versions import Version


def read_records(repo: Repository, versions: Sequence[Version]) -> dict[str, list[Record]]:
    """Return the records of versions by tag, oldest first; lines that cannot be read are passed over.

    A training's record has no number before its version is made: it counts for the version of its commit.
    """
    notes = read_notes(repo, METRICS_REF, [version.commit for version in versions])
    return {version.tag: _records(version, notes.get(version.commit, ())) for version in versions}


def _records(version: Version, lines: Sequence[str]) -> list[Record]:
    found = []
    for line in lines:
        with suppress(InvalidFile):
            record = parse_record(line)
            if record.model == version.model and record.version in (version.version, None):
                found.append(record)
    return sorted(found, key=lambda record: record.at)
