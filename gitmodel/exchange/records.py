"""The measurements of a version, read from the notes on its commit."""

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import read_notes
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, Record, parse_record
from gitmodel.registry.versions import Version


def read_records(repo: Repository, version: Version) -> list[Record]:
    """Return the records of a version, oldest first; lines that cannot be read are passed over.

    A training's record has no number before its version is made: it counts for the version of its commit.
    """
    found = []
    for line in read_notes(repo, METRICS_REF, [version.commit]).get(version.commit, ()):
        try:
            record = parse_record(line)
        except InvalidFile:
            continue
        if record.model == version.model and record.version in (version.version, None):
            found.append(record)
    return sorted(found, key=lambda record: record.at)
