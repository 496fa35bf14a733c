"""The life of a model as text: a chart a metric, on one axis of time, for any terminal."""

from collections.abc import Iterator

from gitmodel.reports.chart_text import MARGIN, below, framed
from gitmodel.reports.life import Curve, Life, Mark
from gitmodel.reports.terminal import clean

WIDTH = 64
_HEIGHT = 7
_SIGNS = {"promoted": "▲", "rolled_back": "▼", "opened": "!", "stuck": "‼", "resolved": "✓"}
_WORDS = {
    "promoted": "promoted",
    "rolled_back": "rolled back",
    "opened": "incident",
    "stuck": "stuck",
    "resolved": "resolved",
}


def life_text(life: Life) -> list[str]:
    """Return the lines of a life's charts, with what happened below them."""
    lines = [f"{life.model} in {life.environment}: ● value  │ 95 % interval  ┄ bound"]
    for each in life.curves:
        lines += ["", *_chart(life, each)]
    begin, end = (each.strftime("%Y-%m-%d %H:%M") for each in life.span)
    lines += [below(begin, end, WIDTH)]
    if life.marks:
        lines += [" " * MARGIN + _signs(life), ""]
        lines += [_told(mark) for mark in life.marks]
    return [clean(line).rstrip() for line in lines]


def column(life: Life, at: float) -> int:
    """Return the column of a moment (seconds since 1970)."""
    begin, end = (each.timestamp() for each in life.span)
    return round((at - begin) / (end - begin or 1) * (WIDTH - 1))


def _chart(life: Life, drawn: Curve) -> Iterator[str]:
    """Yield a chart: a dot a measurement (the last one of a column), a line for its interval."""
    yield drawn.title
    low, high = drawn.ends
    step = (high - low) / (_HEIGHT - 1) or 1.0

    def row(value: float) -> int:
        return round((value - low) / step)

    grid = [[" "] * WIDTH for _ in range(_HEIGHT)]
    for bound in drawn.near_bounds:
        grid[row(bound)] = ["┄"] * WIDTH
    for point in drawn.points:
        at = column(life, point.at.timestamp())
        for level in range(row(point.low), row(point.high) + 1):
            grid[level][at] = "│"
    for point in drawn.points:
        grid[row(point.value)][column(life, point.at.timestamp())] = "●"
    yield from framed(["".join(row) for row in reversed(grid)], low, low + (_HEIGHT - 1) * step)


def _signs(life: Life) -> str:
    line = [" "] * WIDTH
    for mark in life.marks:
        line[column(life, mark.at.timestamp())] = _SIGNS[mark.kind]
    return "".join(line)


def _told(mark: Mark) -> str:
    return f"{_SIGNS[mark.kind]} {mark.at:%Y-%m-%d %H:%M}  {_WORDS[mark.kind]:<11}  {mark.text}"
