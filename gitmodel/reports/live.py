"""How versions do while they serve: what `monitor` found, and the history of it."""

from collections.abc import Iterator, Sequence
from typing import Any

from gitmodel.metrics.records import Record
from gitmodel.reports.life import metric_names, place_of
from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean

COLOURS: Colours = (
    (r"^    (passed)  ", "green"),
    (r"^    (failed)  ", "red"),
    (r"^    (inconclusive|error)  ", "yellow"),
)
_DRIFTED = 0.1  # the customary bound of what is worth a word
_COLUMNS = 5
_BARS = "▁▂▃▄▅▆▇█"
_ODD = (
    ("waiting", "labels of predictions that are too young for silence to count"),
    ("late", "late labels"),
    ("repeated", "repeated labels"),
    ("contradicting", "contradicting labels"),
    ("unknown", "labels of unknown predictions"),
    ("foreign", "labels of other models' predictions"),
    ("broken", "lines that cannot be read"),
    ("future", "lines of a clock that is ahead"),
    ("dropped", "lines that the service could not keep"),
)


def monitor_text(document: Sequence[dict[str, Any]]) -> list[str]:
    """Return what `watched_document` holds as text."""
    lines: list[str] = []
    for row in document:
        lines += ["", *_of_model(row)] if lines else _of_model(row)
    return [clean(line) for line in lines]


def _of_model(row: dict[str, Any]) -> Iterator[str]:
    counts = row["counts"]
    yield (
        f"{row['model']} v{row['version']} in {row['environment']}, {row['since']} to {row['until']}: "
        f"{counts['predictions']} predictions, {counts['labelled']} labelled{_silent(counts)}, "
        f"{counts['failed']} failed requests"
    )
    yield from _indented(_metrics(row["metrics"]))
    for other in row["others"]:
        yield f"  beside it v{other['version']}: {other['counts']['predictions']} predictions"
        yield from _indented(_metrics(other["metrics"]))
    for problem in filter(None, (row["problem"], row["drift_problem"])):
        yield f"  note: {problem}"
    moved = [(name, psi) for name, psi in row["drift"].items() if psi >= _DRIFTED][:_COLUMNS]
    if moved:
        yield f"  moved from the training data (PSI): {', '.join(f'{name} {psi:.2f}' for name, psi in moved)}"
    odd = [f"{counts[key]} {words}" for key, words in _ODD if counts[key]]
    if odd:
        yield f"  also {', '.join(odd)}"
    conditions = row["conditions"]
    if not conditions:
        yield "  no `quality` conditions in model.yaml"
        return
    yield from _indented(align([(each["verdict"], each["reason"]) for each in conditions]))


def _silent(counts: dict[str, int]) -> str:
    return f" ({counts['silent']} of them by silence)" if counts["silent"] else ""


def _metrics(metrics: dict[str, dict[str, float | None]]) -> list[str]:
    rows = [
        (name, *(_number(found[key]) for key in ("value", "low", "high"))) for name, found in metrics.items()
    ]
    return align([("METRIC", "VALUE", "LOW", "HIGH"), *rows]) if rows else []


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def history_text(records: Sequence[Record]) -> list[str]:
    """Return live records of one model, newest first, as a table below a chart of each metric by place.

    Args:
        records: Of kind ``live``.
    """
    lines: list[str] = []
    for place in dict.fromkeys(place_of(record) for record in records):
        own = [record for record in records if place_of(record) == place]
        names = metric_names(own)
        head = ("AT", "VERSION", "PREDICTIONS", "LABELLED", *(name.upper() for name in names))
        rows = [_cells(record, names) for record in own]
        lines += [*([""] if lines else []), clean(place), *(_charts(own, names))]
        lines += align([head, *(tuple(map(clean, row)) for row in rows)])
    return lines


def _cells(record: Record, names: Sequence[str]) -> tuple[str, ...]:
    held = record.metrics
    counts = (f"{int(held[key])}" if key in held else "-" for key in ("predictions", "labelled"))
    return (record.at, f"v{record.version}", *counts, *(_number(held.get(name)) for name in names))


def _charts(records: Sequence[Record], names: Sequence[str]) -> list[str]:
    """Return a line of bars a metric, oldest first, where there is more than one measurement."""
    rows = []
    for name in names:
        values = [record.metrics[name] for record in reversed(records) if name in record.metrics]
        if len(values) > 1:
            low, high = min(values), max(values)
            step = (high - low) / (len(_BARS) - 1) or 1.0
            bars = "".join(_BARS[round((value - low) / step)] for value in values)
            rows.append((clean(name), bars, f"{low:.4g} to {high:.4g}"))
    return align(rows) if rows else []
