"""What of a plot can be said as a table: confusion matrices, and values by name."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitmodel.reports.plots.plot import Plot

MOST = 12  # rows and columns of a table
_WIDEST = 40  # characters of a cell
_CONFUSION = ("confusion", "confusion_normalized")
_BARS = ("bar_horizontal", "bar_horizontal_sorted")


@dataclass(frozen=True)
class Table:
    """Columns with a head; the cells hold a value a revision, joined by an arrow."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table_of(plot: Plot) -> Table | None:
    """Return a plot as a table; ``None``: it is none, or has too many names."""
    if plot.template in _CONFUSION:
        return _confusion(plot)
    return _bars(plot) if plot.template in _BARS else None


def _confusion(plot: Plot) -> Table | None:
    counts = Counter((str(row["rev"]), _cell(row.get(plot.x)), _cell(row.get(plot.y))) for row in plot.rows)
    across = sorted({key[1] for key in counts})
    down = sorted({key[2] for key in counts})
    if max(len(across), len(down)) > MOST:
        return None
    share = plot.template == "confusion_normalized"
    of_row = Counter[tuple[str, str]]()
    for (revision, _, y), count in counts.items():
        of_row[revision, y] += count

    def shown(revision: str, x: str, y: str) -> str:
        count = counts[revision, x, y]
        return f"{count / (of_row[revision, y] or 1):.1%}" if share else str(count)

    x_label, y_label = plot.labels
    rows = (
        (name, *(_joined([shown(revision, x, name) for revision in plot.revisions]) for x in across))
        for name in down
    )
    return Table((_cell(f"{y_label} \\ {x_label}"), *across), tuple(rows))


def _bars(plot: Plot) -> Table | None:
    values = {(str(row["rev"]), _cell(row.get(plot.y))): _number(row.get(plot.x)) for row in plot.rows}
    names = list(dict.fromkeys(name for _, name in values))
    if len(names) > MOST * 2:
        return None
    x_label, y_label = plot.labels
    rows = ((name, *_values(plot.revisions, name, values)) for name in names)
    return Table((_cell(y_label), *(f"{_cell(x_label)} {name}" for name in plot.revisions)), tuple(rows))


def _values(revisions: Sequence[str], name: str, values: dict[tuple[str, str], str]) -> Iterator[str]:
    yield from (values.get((revision, name), "-") for revision in revisions)


def _number(value: object) -> str:
    try:
        return f"{float(str(value)):.4g}"
    except ValueError:
        return _cell(value)


def _cell(value: object) -> str:
    text = " ".join(str("-" if value is None else value).split())
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _joined(values: Sequence[str]) -> str:
    return " → ".join(values)
