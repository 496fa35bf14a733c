"""Where a version comes from and what became of it: data, run, version, deployments, incidents.

The structure is plain values; `gitmodel.reports.tracing` fills it from git. Here it is written as text, as
JSON and as a Mermaid flowchart.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gitmodel.metrics.records import Record
from gitmodel.registry.versions import Version
from gitmodel.reports.details import version_document
from gitmodel.reports.terminal import Colours, clean
from gitmodel.reports.words import pairs

COLOURS: Colours = ((r"^(\S.*)", "yellow"),)  # its headings
_BOUNDS = (".low", ".high")  # of what was measured live
_SHORT_COMMIT, _SHORT_DIGEST, _LONGEST_LABEL = 7, 4, 100


@dataclass(frozen=True)
class File:
    """A file that went into the version, or came out of its training.

    ``kind`` is ``data`` (the tag names it), ``artifact``, ``made`` by a stage, ``tracked`` by DVC, ``git``,
    ``external`` (outside of the repository), or ``unknown``; ``source`` says where it was imported from.
    """

    path: str
    kind: str
    md5: str | None = None
    size: int | None = None
    rows: int | None = None
    source: str | None = None


@dataclass(frozen=True)
class Stage:
    """A step of the pipeline: what it read and what it wrote, by path."""

    name: str
    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Training:
    """The run: its commit, the commit whose tree was trained with its author and subject, its digest.

    ``at`` is when the result was recorded; ``refs`` are the run refs that name it.
    """

    commit: str
    source: str | None = None
    author: str | None = None
    subject: str | None = None
    digest: str | None = None
    at: str | None = None
    by: str | None = None
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stay:
    """A time in which an environment wanted the version; ``until`` is None while it still does.

    ``action`` is ``promote`` or ``rollback`` (the version was returned to); ``successor`` came next.
    """

    env: str
    action: str
    at: str
    by: str
    commit: str
    previous: str | None = None
    reason: str | None = None
    gates: tuple[dict[str, Any], ...] = ()
    until: str | None = None
    successor: str | None = None


@dataclass(frozen=True)
class Rollout:
    """What became of a deployment: ``deployed``, ``unchanged`` or ``failed``."""

    env: str
    outcome: str
    at: str
    by: str
    url: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Incident:
    """What was not well with a version in an environment.

    ``kind`` is ``rollback`` (away from it), ``failed deployment``, ``hold`` (``until`` it was lifted), or
    ``quality``: a quality condition was not met (``until`` it was).
    """

    env: str
    kind: str
    at: str
    by: str
    reason: str
    until: str | None = None


@dataclass(frozen=True)
class Lineage:
    """All of it; ``unknown`` says in sentences what git does not tell."""

    version: Version
    training: Training
    files: tuple[File, ...] = ()
    stages: tuple[Stage, ...] = ()
    records: tuple[Record, ...] = ()
    stays: tuple[Stay, ...] = ()
    rollouts: tuple[Rollout, ...] = ()
    incidents: tuple[Incident, ...] = ()
    unknown: tuple[str, ...] = ()


def lineage_document(lineage: Lineage) -> dict[str, Any]:
    """Return what ``lineage --json`` prints."""
    return {**asdict(lineage), "version": version_document(lineage.version)}


def lineage_text(lineage: Lineage) -> list[str]:
    """Return it as people read it: a heading a part, from the data to the incidents."""
    blocks = {
        "Data": _data_lines(lineage),
        "Run": _run_lines(lineage),
        "Version": _version_lines(lineage),
        "Deployments": _deployment_lines(lineage),
        "Incidents": (_incident(incident) for incident in lineage.incidents),
        "Not known": lineage.unknown,
    }
    lines: list[str] = []
    for heading, block in blocks.items():
        if found := [clean(line) for line in block]:
            lines += [*([""] if lines else []), heading, *(f"    {line}" for line in found)]
    return lines


def _data_lines(lineage: Lineage) -> Iterator[str]:
    made = {path: stage.name for stage in lineage.stages for path in stage.outputs}
    for file in lineage.files:
        if file.kind in {"data", "tracked", "external", "unknown"}:
            yield describe(file)
            if file.source:
                yield f"    <- {file.source}"
            elif file.path in made:
                yield f"    <- {made[file.path]}"


def describe(file: File) -> str:
    """Return a file in a line: its path and what identifies it."""
    known = [
        f"md5:{file.md5[:_SHORT_DIGEST]}…" if file.md5 else "",
        f"{file.rows} rows" if file.rows is not None else "",
        f"{file.size} bytes" if file.rows is None and file.size is not None else "",
    ]
    return "  ".join([file.path, *filter(None, known)])


def _run_lines(lineage: Lineage) -> Iterator[str]:
    run = lineage.training
    source = f" of {run.source[:_SHORT_COMMIT]}" if run.source and run.source != run.commit else ""
    told = f": {run.subject}" if run.subject else ""
    yield f"commit {run.commit[:_SHORT_COMMIT]}{source}{told}"
    if run.author:
        yield f"written by {run.author}"
    if run.at:
        yield f"trained {run.at} by {run.by}"
    for stage in lineage.stages:
        yield f"{stage.name}: {_one_line(stage.command)}"
        yield f"    {', '.join(stage.inputs) or 'nothing'} -> {', '.join(stage.outputs) or 'nothing'}"
    if lineage.version.facts.parameters:
        yield f"parameters {pairs(lineage.version.facts.parameters)}"


def _one_line(command: str) -> str:
    first, _, rest = command.strip().partition("\n")
    return f"{first} …" if rest else first


def _version_lines(lineage: Lineage) -> Iterator[str]:
    version = lineage.version
    yield f"{version.name}  {version.tag}  {version.model_id}  {version.date}"
    if version.facts.subject:
        yield version.facts.subject
    yield from (f"artifact {describe(file)}" for file in lineage.files if file.kind == "artifact")
    measured: dict[str, str] = {}
    for record in _told(lineage.records):  # that of a training is there twice: before and with its number
        where = f" on {record.dataset.name}" if record.dataset else ""
        measured.setdefault(f"{record.kind} {pairs(record.metrics)}{where}", record.at)
    yield from (f"{words}, {at}" for words, at in measured.items())


def _told(records: Sequence[Record]) -> Iterator[Record]:
    """Yield the records, but of live ones, of which there may be hundreds, the newest of each place."""
    ordered = sorted(records, key=lambda each: each.at)
    newest = {record.dataset and record.dataset.name: record for record in ordered if record.kind == "live"}
    for record in records:
        if record.kind != "live":
            yield record
        elif newest[record.dataset and record.dataset.name] is record:
            plain = {name: value for name, value in record.metrics.items() if not name.endswith(_BOUNDS)}
            yield replace(record, metrics=plain)


def _deployment_lines(lineage: Lineage) -> Iterator[str]:
    for stay in lineage.stays:
        verb = "returned to it" if stay.action == "rollback" else "promoted"
        previous = f" from v{stay.previous}" if stay.previous else ""
        ended = f", until {stay.until}" if stay.until else ""
        yield f"{stay.env}: {verb}{previous} {stay.at} by {stay.by}{ended}"
        if stay.reason:
            yield f"    {stay.reason}"
        yield from (f"    {gate.get('verdict')}: {gate.get('reason')}" for gate in stay.gates)
    for rollout in lineage.rollouts:
        if rollout.outcome != "failed":
            url = f", {rollout.url}" if rollout.url else ""
            yield f"{rollout.env}: {rollout.outcome} {rollout.at} by {rollout.by}{url}"


def _incident(incident: Incident) -> str:
    ended = f", until {incident.until}" if incident.until else ""
    return f"{incident.env}: {incident.kind} {incident.at} by {incident.by}{ended}: {incident.reason}"


def lineage_mermaid(lineage: Lineage) -> list[str]:
    """Return a flowchart that Mermaid draws, whatever the names in it hold.

    Only three forms of lines are written: the head, ``nN["label"]``, and ``nN --> nM``. In a label all but
    a few harmless characters is written as Mermaid's ``#code;``.
    """
    chart = _Chart()
    files = {file.path: file for file in lineage.files}
    for stage in lineage.stages:
        step = chart.node(f"stage {stage.name}", f"{stage.name}: {_one_line(stage.command)}")
        for path in stage.inputs:
            chart.arrow(_file_node(chart, files, path), step)
        for path in stage.outputs:
            chart.arrow(step, _file_node(chart, files, path))
    version = chart.node("version", lineage.version.name)
    for file in lineage.files:
        node = _file_node(chart, files, file.path)
        if file.kind in {"artifact", "data"}:
            chart.arrow(node, version)
        if file.source:
            chart.arrow(chart.node(f"source {file.source}", file.source), node)
    run = lineage.training
    chart.arrow(chart.node("run", f"run {run.commit[:_SHORT_COMMIT]} {run.subject or ''}".strip()), version)
    for stay in lineage.stays:
        chart.arrow(version, chart.node(f"env {stay.env}", stay.env))
    for number, incident in enumerate(lineage.incidents):
        env = chart.node(f"env {incident.env}", incident.env)
        label = f"{incident.kind} {incident.at}: {incident.reason}"
        chart.arrow(version, env)
        chart.arrow(env, chart.node(f"incident {number}", label))
    return ["flowchart LR", *chart.lines]


def _file_node(chart: "_Chart", files: dict[str, File], path: str) -> str:
    return chart.node(f"file {path}", describe(files[path]) if path in files else path)


class _Chart:
    """Nodes and arrows, each once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[str, str] = {}

    def node(self, key: str, label: str) -> str:
        """Return the name of a node, made where it is new."""
        if key not in self._names:
            self._names[key] = f"n{len(self._names)}"
            self.lines.append(f'  {self._names[key]}["{mermaid_label(label)}"]')
        return self._names[key]

    def arrow(self, start: str, end: str) -> None:
        """Draw an arrow unless it is there."""
        line = f"  {start} --> {end}"
        if line not in self.lines:
            self.lines.append(line)


def mermaid_label(text: str) -> str:
    """Write a text so that it means nothing in Mermaid's grammar, nor in HTML."""
    short = text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
    return re.sub(r"[^A-Za-z0-9 _.,/:@+=-]", lambda match: f"#{ord(match[0])};", clean(short)) or " "
