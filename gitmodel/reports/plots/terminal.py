"""Plots in a terminal: lines as dots, confusion matrices as tables, the rest by the file that shows it."""

import math
from collections.abc import Iterator, Mapping, Sequence

from gitmodel.reports.chart_text import MARGIN, Canvas, Point, below, framed
from gitmodel.reports.plots.plot import Plot
from gitmodel.reports.plots.tables import table_of
from gitmodel.reports.table import align
from gitmodel.reports.terminal import clean

_WIDEST, _NARROWEST = 100, 20
_JOINED = ("linear", "simple", "smooth")
_LOOSE = ("scatter", "scatter_jitter")
_DOTS = "⣿"
_MARKS = "○□+△"  # of the lines but the newest, which is drawn over them


def plots_text(plots: Sequence[Plot], width: int = 80, files: Mapping[str, str] | None = None) -> list[str]:
    """Return plots as lines of text.

    Args:
        plots: What to show.
        width: Of the terminal, in characters.
        files: Where pictures were written to, by name of the plot.
    """
    lines: list[str] = []
    for plot in plots:
        named = plot.title if plot.title == plot.name else f"{plot.title} ({plot.name})"
        lines += ["", named] if lines else [named]
        lines += [f"  {note}" for note in plot.notes]
        lines += _shown(plot, width)
        if files and plot.name in files:
            lines.append(f"  {files[plot.name]}")
    return [clean(line).rstrip() for line in lines]


def _shown(plot: Plot, width: int) -> Iterator[str]:
    series = _series(plot) if plot.template in (*_JOINED, *_LOOSE) else {}
    table = table_of(plot)
    if 0 < len(series) <= len(_MARKS) + 1:
        yield from _chart(plot, series, max(_NARROWEST, min(width - MARGIN, _WIDEST)))
    elif table:
        yield f"  {' → '.join(plot.revisions)}"
        yield from (f"  {line}" for line in align([table.head, *table.rows]))
    elif plot.images or plot.spec is not None:
        kinds = ", ".join(dict.fromkeys(image.kind for image in plot.images)) or f"template {plot.template}"
        yield f"  {' and '.join(plot.revisions)}: {kinds}; --svg DIR writes it to a file"


def _series(plot: Plot) -> dict[str, list[Point]]:
    """Return the points of each line that are numbers, by what the line is called."""
    several = len({(row.get("filename"), row.get("field")) for row in plot.rows}) > 1
    found: dict[str, list[Point]] = {}
    for row in plot.rows:
        x, y = _number(row.get(plot.x)), _number(row.get(plot.y))
        if x is None or y is None:
            continue
        parts = (row.get("filename"), row.get("field")) if several else ()
        found.setdefault(" ".join(str(part) for part in (row["rev"], *parts) if part), []).append((x, y))
    return {name: points for name, points in found.items() if len(points) > 1}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(str(value))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _chart(plot: Plot, series: Mapping[str, Sequence[Point]], width: int) -> Iterator[str]:
    xs, ys = zip(*(point for points in series.values() for point in points), strict=True)
    span = ((min(xs), max(xs)), (min(ys), max(ys)))
    height = max(6, min(16, width // 4))
    marks = [*_MARKS[: len(series) - 1], ""]
    grid = [[" "] * width for _ in range(height)]
    for mark, points in zip(marks, series.values(), strict=True):
        canvas = Canvas(width, height, span)
        canvas.points(points, joined=plot.template in _JOINED)
        for row, drawn in zip(grid, canvas.rows(mark), strict=True):
            row[:] = [new if new != " " else old for old, new in zip(row, drawn, strict=True)]
    names = "   ".join(f"{mark or _DOTS} {name}" for mark, name in zip(marks, series, strict=True))
    x_label, y_label = plot.labels
    yield " " * MARGIN + names
    yield f"{y_label}".rjust(MARGIN - 2) if len(y_label) < MARGIN else f"  {y_label}"
    yield from framed(["".join(row) for row in grid], *span[1])
    left, right = (f"{end:.4g}" for end in span[0])
    middle = x_label[: max(0, width - len(left) - len(right) - 4)]
    yield below(f"{left}  {middle}", right, width)
