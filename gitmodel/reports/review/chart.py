"""How a metric went over versions: drawn by the forge from Mermaid, or as SVG."""

from decimal import Decimal
from html import escape

from gitmodel.reports.review.document import ModelReview
from gitmodel.reports.words import number

_WIDTH, _HEIGHT, _EDGE = 640, 160, 48
_FEW = 2


def mermaid(model: ModelReview) -> list[str]:
    """Return a chart in Mermaid; nothing where there are too few versions.

    Only numbers and letters of versions go in, so nothing in it can be taken for syntax.
    """
    points = model.history
    if len(points) < _FEW:
        return []
    names = ", ".join(f'"{_plain(point.version)}"' for point in points)
    low, high = _bounds(model)
    values = ", ".join(_decimal(point.value) for point in points)
    return [
        "xychart-beta",
        f"    x-axis [{names}]",
        f'    y-axis "{_plain(model.history_metric)}" {_decimal(low)} --> {_decimal(high)}',
        f"    line [{values}]",
    ]


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum() or letter in "._ -+@")[:60] or "?"


def _decimal(value: float) -> str:
    """Write a number without an exponent, which Mermaid does not know."""
    return format(Decimal(f"{value:.6g}"), "f")


def _bounds(model: ModelReview) -> tuple[float, float]:
    values = [point.value for point in model.history]
    low, high = min(values), max(values)
    edge = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    return low - edge, high + edge


def svg(model: ModelReview) -> str:
    """Return a chart in SVG, which needs no script; its points say what they are to whoever asks."""
    points = model.history
    if len(points) < _FEW:
        return ""
    low, high = _bounds(model)
    step = (_WIDTH - 2 * _EDGE) / (len(points) - 1)
    places = [
        (_EDGE + at * step, _HEIGHT - _EDGE - (point.value - low) / (high - low) * (_HEIGHT - 2 * _EDGE))
        for at, point in enumerate(points)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4">'
        f"<title>{escape(point.version)}: {number(point.value)}</title></circle>"
        for (x, y), point in zip(places, points, strict=True)
    )
    every = max(1, len(points) // 12)
    names = "".join(
        f'<text x="{x:.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(point.version)}</text>'
        for at, ((x, _), point) in enumerate(zip(places, points, strict=True))
        if at % every == 0 or at == len(points) - 1
    )
    values = "".join(
        f'<text x="{_EDGE - 10}" y="{y:.1f}" text-anchor="end">{number(float(f"{value:.3g}"))}</text>'
        for y, value in ((_EDGE, high), (_HEIGHT - _EDGE, low))
    )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" font-size="11" '
        f'fill="currentColor"><polyline points="{line}" fill="none" stroke="currentColor" '
        f'stroke-width="2"/>{dots}{names}{values}</svg>'
    )
