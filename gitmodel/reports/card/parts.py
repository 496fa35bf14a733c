"""A card as titles, lines and tables of plain text, which each format writes in its own way."""

from collections.abc import Iterator
from dataclasses import dataclass

from gitmodel.metrics.records import Record
from gitmodel.reports.card.card import Card, Field
from gitmodel.reports.card.slices import SliceReport
from gitmodel.reports.lineage import Training
from gitmodel.reports.words import flatten, number

_SHOWN = 60  # rows of a table
_SHORT = 8  # characters of a digest
_BOUNDS = (".low", ".high")  # of what was measured live


@dataclass(frozen=True)
class Part:
    """A part of a card: lines of text, then a table; ``numbers`` are the columns set flush right."""

    title: str
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[int, ...] = ()


def heading(card: Card) -> str:
    """Return what a card is headed by."""
    version = card.lineage.version
    return f"{version.model} v{version.version}"


def parts(card: Card) -> list[Part]:
    """Return the parts that have something in them."""
    found = [
        Part("What it is", tuple(filter(None, [card.description])), ("", ""), tuple(_identity(card))),
        Part("Intended use", tuple(filter(None, [card.intended_use]))),
        Part("Limitations", card.limitations),
        Part("How good it is", (), ("metric", "value", "measured"), tuple(_metrics(card)), (1,)),
        _gates(card),
        _failures(card.slices),
        _data(card),
        Part("Trained from", tuple(_training(card.lineage.training))),
        Part("Parameters", (), ("parameter", "value"), tuple(_parameters(card))),
        _fields("What it takes", card.inputs, card.signature),
        _fields("What it answers", card.outputs, ""),
        _places(card),
        Part("What went wrong", tuple(_incidents(card))),
        Part("Feedback", tuple(filter(None, [card.feedback]))),
        Part("Not known", card.unknown),
    ]
    return [_cut(part) for part in found if part.lines or part.rows]


def _cut(part: Part) -> Part:
    more = len(part.rows) - _SHOWN
    if more <= 0:
        return part
    last = (f"and {more} more", *("" for _ in part.head[1:]))
    return Part(part.title, part.lines, part.head, (*part.rows[:_SHOWN], last), part.numbers)


def _identity(card: Card) -> Iterator[tuple[str, str]]:
    version = card.lineage.version
    facts = version.facts
    named = {
        "Model-ID": version.model_id,
        "Tag": version.tag,
        "Registered": f"{version.date} by {version.tagger}",
        "Message": " ".join(f"{facts.subject} {facts.body}".split()),
        "Algorithm": facts.algo or "",
        "Encoding": facts.encoding or "",
        "Size": f"{facts.artifact.size} bytes" if facts.artifact and facts.artifact.size else "",
        "Kind": card.kind,
        "Owners": ", ".join(card.owners),
        "License": card.license,
    }
    yield from ((name, value) for name, value in named.items() if value)


def _metrics(card: Card) -> Iterator[tuple[str, str, str]]:
    for name, value in card.lineage.version.facts.metrics.items():
        yield name, number(value), "by its training"
    for record in card.evaluations:
        yield from _measured(record)


def _measured(record: Record) -> Iterator[tuple[str, str, str]]:
    rows = f", {record.dataset.rows} rows" if record.dataset and record.dataset.rows is not None else ""
    on = f" {'in' if record.kind == 'live' else 'on'} {record.dataset.name}" if record.dataset else ""
    for name, value in record.metrics.items():
        if name.endswith(_BOUNDS):
            continue
        low, high = (record.metrics.get(f"{name}{bound}") for bound in _BOUNDS)
        between = f" ({number(low)} to {number(high)})" if low is not None and high is not None else ""
        yield name, number(value), f"{record.kind}{on}{rows}, {record.at}{between}"


def _gates(card: Card) -> Part:
    rows = tuple((gate.env or "-", gate.verdict, gate.reason) for gate in card.gates)
    return Part("Gates", (), ("environment", "verdict", "what it found"), rows)


def _failures(report: SliceReport | None) -> Part:
    if report is None:
        return Part("Where it fails")
    told = (
        f"{report.metric} is {number(_short(report.value))} on all {report.rows} rows of {report.dataset}; "
        f"of {report.searched} groups of rows "
        + ("these are worst" if report.slices else "none is clearly worse"),
    )
    rows = tuple(
        (
            f"{each.column} {each.group}",
            str(each.rows),
            number(_short(each.value)),
            f"{number(_short(each.low))} to {number(_short(each.high))}",
        )
        for each in report.slices
    )
    return Part("Where it fails", told, ("rows", "count", report.metric, "95 % interval"), rows, (1, 2))


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _data(card: Card) -> Part:
    rows = tuple(
        (
            fact.path,
            fact.use,
            "-" if fact.rows is None else str(fact.rows),
            "-" if fact.columns is None else str(fact.columns),
            fact.target or "-",
            f"md5:{fact.md5[:_SHORT]}…" if fact.md5 else "-",
        )
        for fact in card.data
    )
    return Part("Data", (), ("file", "use", "rows", "columns", "target", "digest"), rows, (2, 3))


def _training(training: Training) -> Iterator[str]:
    source = training.source or training.commit
    words = f": {training.subject}" if training.subject else ""
    author = f" by {training.author}" if training.author else ""
    yield f"commit {source[:_SHORT]}{author}{words}"
    if training.commit != source:
        yield f"result {training.commit[:_SHORT]}" + (f", {training.at}" if training.at else "")


def _parameters(card: Card) -> Iterator[tuple[str, str]]:
    for name, value in flatten(card.lineage.version.facts.parameters):
        yield name, number(value) if isinstance(value, int | float) else str(value)


def _fields(title: str, fields: tuple[Field, ...], source: str) -> Part:
    rows = tuple((each.name, each.type, each.values) for each in fields)
    return Part(title, (source,) if source and rows else (), ("name", "type", "values"), rows)


def _places(card: Card) -> Part:
    rows = tuple(
        (place.env, place.since, place.until or "now", place.by, place.state or "-", place.url or "-")
        for place in card.places
    )
    return Part("Where it runs", (), ("environment", "since", "until", "by", "state", "URL"), rows)


def _incidents(card: Card) -> Iterator[str]:
    for each in card.lineage.incidents:
        until = f", until {each.until}" if each.until else ""
        yield f"{each.env}: {each.kind} {each.at}{until}: {each.reason}"
