"""All that is known of one version: its tag, the environments that want it, what was measured of it since."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import note_lines, note_names
from gitmodel.git.objects import read_objects
from gitmodel.git.refs import list_refs
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name
from gitmodel.metrics.records import METRICS_REF, Record, parse_record
from gitmodel.registry.environments import env_branch, file_name, version_in
from gitmodel.registry.versions import Version

_COLLECTED = "refs/notes/collected"


@dataclass(frozen=True)
class Details:
    """A version, the environments that should run it, and its records, oldest first.

    ``collected`` says where its artifact was deleted on purpose.
    """

    version: Version
    environments: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    collected: tuple[str, ...] = ()


def read_details(repo: Repository, version: Version) -> Details:
    """Gather what is known of a version; what is missing in its tag is read from its commit."""
    prefix = local_name(repo, env_branch(""))
    tips = list_refs(repo, prefix)
    files = [f"{tip}:{file_name(version.model)}" for tip in tips.values()]
    notes, collected = (note_names(ref, version.commit) for ref in (METRICS_REF, _COLLECTED))
    found = read_objects(repo, [*files, *notes, *collected])
    environments = tuple(
        name.removeprefix(prefix)
        for name, file in zip(tips, found, strict=False)
        if file and version_in(version.model, file.data) == version.version
    )
    texts = [note_lines(note.data) if note else [] for note in found[len(files) :]]
    lines = [line for text in texts[: len(notes)] for line in text]
    gone = _collected(version, [line for text in texts[len(notes) :] for line in text])
    return Details(_whole(repo, version), environments, _records(version, lines), gone)


def _collected(version: Version, lines: Sequence[str]) -> tuple[str, ...]:
    if not lines:
        return ()
    from gitmodel.training.collected import parse_collected

    mine = (version.model, version.version)
    return tuple(str(each) for each in parse_collected(lines) if (each.model, each.version) == mine)


def _whole(repo: Repository, version: Version) -> Version:
    """Return the version with what its tag lacks; one that `register` tagged lacks nothing."""
    if version.facts.run or version.facts.artifact:
        return version
    from gitmodel.reports.complete import complete

    return complete(repo, version)


def _records(version: Version, lines: Sequence[str]) -> tuple[Record, ...]:
    records = (record for record in map(_record, lines) if record)
    mine = [
        record
        for record in records
        if record.model == version.model and record.version in (None, version.version)
    ]
    return tuple(sorted(mine, key=lambda record: record.at))


def _record(line: str) -> Record | None:
    try:
        return parse_record(line)
    except InvalidFile:
        return None  # `doctor` tells


def details_document(details: Details) -> dict[str, Any]:
    """Return what ``show --json`` prints."""
    return {
        **version_document(details.version),
        "environments": list(details.environments),
        "records": [record_document(record) for record in details.records],
    }


def version_document(version: Version) -> dict[str, Any]:
    """Return a version for JSON; keys are always there, what is not known is ``null``."""
    facts = version.facts
    return {
        "id": version.model_id,
        "object": version.object,
        "model": version.model,
        "version": version.version,
        "tag": version.tag,
        "commit": version.commit,
        "date": version.date,
        "tagger": version.tagger,
        "subject": facts.subject,
        "body": facts.body,
        "encoding": facts.encoding,
        "algo": facts.algo,
        "metrics": facts.metrics,
        "parameters": facts.parameters,
        "artifact": facts.artifact._asdict() if facts.artifact else None,
        "data": {path: ref._asdict() for path, ref in facts.data.items()},
        "run": facts.run._asdict() if facts.run else None,
    }


def record_document(record: Record) -> dict[str, Any]:
    """Return a record for JSON; keys are always there."""
    return {**vars(record), "dataset": vars(record.dataset) if record.dataset else None}
