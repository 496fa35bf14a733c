"""Versions as text, in the words of ``log`` and ``show``."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gitmodel.registry.versions import DataRef, Version
from gitmodel.reports.terminal import Colours, clean, clean_lines
from gitmodel.reports.words import number, pairs, title

if TYPE_CHECKING:
    from gitmodel.metrics.records import Record
    from gitmodel.reports.details import Details

COLOURS: Colours = ((r"^(Model-ID: \S+)", "yellow"),)  # as git colours the commits of its log
_SHORT_COMMIT, _SHORT_DIGEST = 7, 4
_OWN_KEYS = frozenset(
    {
        "Model-ID", "Model-Name", "Model-Version", "Date", "Content-Encoding", "Algo", "Parameters", "Data",
        "Commit", "Environments", "Evaluation", "Live",
    }
)  # fmt: skip


def log_text(versions: Iterable[Version], *, full: bool = False) -> list[str]:
    """Return versions below each other: what names each, then its comment.

    Args:
        versions: In the order to show.
        full: Show also what is known of how each was made.
    """
    lines: list[str] = []
    for version in versions:
        facts = _facts(version) if full else ()
        lines += [*([""] if lines else []), *_heading(version), *facts, *_comment(version)]
    return lines


def details_text(details: "Details") -> list[str]:
    """Return all that is known of a version."""
    version = details.version
    environments = [f"Environments: {', '.join(details.environments)}"] if details.environments else []
    lines = [*_heading(version), *_facts(version), *environments, *_measured(details.records)]
    return [*lines, *_comment(version)]


def _heading(version: Version) -> Iterator[str]:
    yield f"Model-ID: {version.model_id}"
    yield f"Model-Name: {version.model}"
    yield f"Model-Version: {version.version}"
    yield f"Date: {version.date}"


def _facts(version: Version) -> list[str]:
    facts = version.facts
    lines = [
        *([f"Content-Encoding: {facts.encoding}"] if facts.encoding else []),
        *([f"Algo: {facts.algo}"] if facts.algo else []),
        *(f"{_metric_key(name)}: {number(value)}" for name, value in facts.metrics.items()),
        *([f"Parameters: {pairs(facts.parameters)}"] if facts.parameters else []),
        *(f"Data: {_data(path, ref)}" for path, ref in facts.data.items()),
        f"Commit: {version.commit[:_SHORT_COMMIT]}",
    ]
    return [clean(line) for line in lines]


def _metric_key(name: str) -> str:
    key = title(name)
    return f"Metric-{key}" if key in _OWN_KEYS else key


def _data(path: str, ref: DataRef) -> str:
    words = [path]
    if ref.md5:
        words.append(f"md5:{str(ref.md5)[:_SHORT_DIGEST]}…")
    if ref.rows is not None:
        words.append(f"{ref.rows} rows")
    elif ref.size is not None:
        words.append(f"{ref.size} bytes")
    return " ".join(words)


def _measured(records: "Sequence[Record]") -> list[str]:
    """Return a line for the newest record of each kind and data set; the training's are in the tag."""
    newest = {
        (record.kind, record.dataset.name if record.dataset else ""): record
        for record in records
        if record.kind != "training"
    }
    return [clean(_measurement(record)) for record in newest.values()]


def _measurement(record: "Record") -> str:
    dataset = record.dataset
    rows = f", {dataset.rows} rows" if dataset and dataset.rows is not None else ""
    where = f" on {dataset.name}{rows}" if dataset else ""
    return f"{record.kind.capitalize()}: {pairs(record.metrics)}{where}, {record.at}"


def _comment(version: Version) -> Iterator[str]:
    message = "\n\n".join(part for part in (version.facts.subject, version.facts.body) if part)
    if message:
        yield ""
    for line in clean_lines(message):
        yield f"    {line}".rstrip()
