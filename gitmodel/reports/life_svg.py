"""The life of a model as a picture: SVG that needs nothing else, for bright and for dark screens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from gitmodel.reports.life import Curve, Life, Mark, Point
from gitmodel.reports.terminal import clean
from gitmodel.reports.words import number

_WIDTH, _LEFT, _RIGHT = 900, 70, 20
_HEAD, _PANEL, _GAP, _FOOT = 62, 110, 34, 34
_DOTS = 150  # points of a curve that are shown one by one
_NEAR = 34  # pixels that a label needs
_TICKS = 6
_HUES = ("#1f77d0", "#c2620e", "#2a9d4e", "#a24fc0", "#b8860b", "#d6497d")
_LEGEND = "a colour a version; bands: 95 % intervals; dashed: bounds; shaded: incidents; times in UTC"
_STYLE = """\
svg{background:#fff;color:#1f2328;font:12px system-ui,sans-serif}
.grid{stroke:currentColor;opacity:.2}.axis{fill:currentColor;opacity:.75;font-size:11px}
.name{fill:currentColor;font-weight:600}.bound{stroke:#d1242f;stroke-dasharray:5 4}
.bad{fill:#d1242f;opacity:.12}.mark{stroke:currentColor;opacity:.45;stroke-dasharray:2 3}
.label{fill:currentColor;font-size:11px}.band{opacity:.2}
@media (prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}.bad{opacity:.25}.band{opacity:.3}}
"""


@dataclass(frozen=True)
class _Axis:
    """Where a moment is, from left to right."""

    begin: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        share = (at - self.begin) / (self.end - self.begin or timedelta(seconds=1))
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def life_svg(lives: Sequence[Life]) -> str:
    """Return one picture of a model in one environment or several, the one below the other."""
    parts, top = [], 0.0
    for life in lives:
        height = _HEAD + len(life.curves) * (_PANEL + _GAP) + _FOOT
        parts += [f'<g transform="translate(0 {top:g})">', *_life(life), "</g>"]
        top += height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top:g}" width="{_WIDTH}" role="img">'
        f"<style>{_STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _life(life: Life) -> Iterator[str]:
    axis = _Axis(*life.span)
    bottom = _HEAD + len(life.curves) * (_PANEL + _GAP) - _GAP
    yield f'<text class="name" x="{_LEFT}" y="20">{_safe(f"{life.model} in {life.environment}")}</text>'
    yield f'<text class="axis" x="{_WIDTH - _RIGHT}" y="20" text-anchor="end">{_LEGEND}</text>'
    yield from _incidents(life, axis, bottom)
    yield from _changes(life, axis, bottom)
    names = [point.version for each in life.curves for point in each.points]
    hues = {name: _HUES[at % len(_HUES)] for at, name in enumerate(dict.fromkeys(names))}
    for place, each in enumerate(life.curves):
        top = _HEAD + place * (_PANEL + _GAP)
        yield f'<g transform="translate(0 {top})">'
        yield from _curve(each, axis, hues)
        yield "</g>"
    yield from _ticks(axis, bottom)


def _curve(drawn: Curve, axis: _Axis, hues: dict[str, str]) -> Iterator[str]:
    low, high = drawn.ends
    edge = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    low, high = low - edge, high + edge

    def y(value: float) -> float:
        return _PANEL * (1 - (value - low) / (high - low))

    yield f'<text class="name" x="{_LEFT}" y="-6">{_safe(drawn.title)}</text>'
    for value in (low + edge, high - edge):
        yield _line("grid", (_LEFT, y(value)), (_WIDTH - _RIGHT, y(value)))
        shown = number(float(f"{value:.3g}"))
        yield f'<text class="axis" x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{shown}</text>'
    for bound in drawn.near_bounds:
        yield _line("bound", (_LEFT, y(bound)), (_WIDTH - _RIGHT, y(bound)))
    for points in _stretches(drawn.points):
        hue = hues[points[0].version]
        places = [(axis.x(point.at), y(point.value)) for point in points]
        upper = [(axis.x(point.at), y(point.high)) for point in points]
        lower = [(axis.x(point.at), y(point.low)) for point in reversed(points)]
        if len(points) == 1:  # a band needs two
            yield f'<path d="M{_path([*upper, *lower])}" stroke="{hue}" opacity=".5" stroke-width="3"/>'
        yield f'<path class="band" d="M{_path([*upper, *lower])}Z" fill="{hue}"/>'
        yield f'<path d="M{_path(places)}" fill="none" stroke="{hue}" stroke-width="2"/>'
        if len(drawn.points) <= _DOTS:
            yield from (_dot(point, place, hue) for point, place in zip(points, places, strict=True))


def _stretches(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Yield neighbours of the same version."""
    stretch: list[Point] = []
    for point in points:
        if stretch and stretch[-1].version != point.version:
            yield stretch
            stretch = []
        stretch.append(point)
    if stretch:
        yield stretch


def _dot(point: Point, place: tuple[float, float], hue: str) -> str:
    figures = f"{point.value:.4g} ({point.low:.4g} to {point.high:.4g})"
    words = _safe(f"v{point.version}, {point.at:%Y-%m-%d %H:%M}: {figures}")
    x, y = place
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{hue}"><title>{words}</title></circle>'


def _incidents(life: Life, axis: _Axis, bottom: float) -> Iterator[str]:
    """Yield the time from an incident's beginning to its end, or to now."""
    ends = {mark.incident: mark.at for mark in life.marks if mark.kind == "resolved"}
    for mark in life.marks:
        if mark.kind == "opened":
            left, right = axis.x(mark.at), axis.x(ends.get(mark.incident, axis.end))
            yield (
                f'<rect class="bad" x="{left:.1f}" y="{_HEAD - 18}" width="{max(2.0, right - left):.1f}" '
                f'height="{bottom - _HEAD + 18:g}"><title>{_safe(f"{mark.at:%Y-%m-%d %H:%M}: {mark.text}")}'
                "</title></rect>"
            )


def _changes(life: Life, axis: _Axis, bottom: float) -> Iterator[str]:
    """Yield a line where another version came to serve, and its number where there is room."""
    free = 0.0
    for mark in life.marks:
        if mark.kind in ("promoted", "rolled_back"):
            x = axis.x(mark.at)
            yield f"<g>{_line('mark', (x, _HEAD - 18), (x, bottom))}<title>{_safe(_words(mark))}</title></g>"
            if x >= free:
                sign = "▼" if mark.kind == "rolled_back" else "▲"
                shown = _safe(f"{sign} v{mark.version}"[:24])
                yield f'<text class="label" x="{x:.1f}" y="{_HEAD - 24}" text-anchor="middle">{shown}</text>'
                free = x + _NEAR


def _words(mark: Mark) -> str:
    return f"{mark.at:%Y-%m-%d %H:%M}: {mark.text}"


def _ticks(axis: _Axis, bottom: float) -> Iterator[str]:
    span = axis.end - axis.begin
    form = "%H:%M" if span < timedelta(days=1) else "%m-%d %H:%M" if span < timedelta(days=4) else "%Y-%m-%d"
    for place in range(_TICKS):
        at = axis.begin + span * place / (_TICKS - 1)
        anchor = "start" if place == 0 else "end" if place == _TICKS - 1 else "middle"
        yield (
            f'<text class="axis" x="{axis.x(at) if span else _LEFT:.1f}" y="{bottom + 18:g}" '
            f'text-anchor="{anchor}">{at.strftime(form)}</text>'
        )
        if not span:
            return


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _safe(text: str) -> str:
    return escape(clean(text))
