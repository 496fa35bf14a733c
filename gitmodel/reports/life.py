"""The life of a model in an environment: what was measured of it over time, and what happened meanwhile.

Plain values, from which a terminal, a picture or a page can be drawn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from gitmodel.metrics.records import Record

PLAIN = frozenset({"predictions", "labelled", "failed", "window_seconds"})  # counts; all else is a metric
MarkKind = Literal["promoted", "rolled_back", "opened", "stuck", "resolved"]


@dataclass(frozen=True)
class Point:
    """One measurement: when, of which version, the figure and its interval."""

    at: datetime
    version: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A metric over time, oldest first, and the bounds that conditions set today."""

    metric: str
    points: tuple[Point, ...]
    bounds: tuple[float, ...] = ()

    @property
    def near_bounds(self) -> list[float]:
        """Those that can be drawn without making the curve flat."""
        low, high = self._ends
        room = 3 * (high - low or abs(high) or 1.0)
        return [bound for bound in self.bounds if low - room <= bound <= high + room]

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value that a drawing shows."""
        shown = [*self._ends, *self.near_bounds]
        return min(shown), max(shown)

    @property
    def title(self) -> str:
        """The metric with its bounds."""
        bounds = ", ".join(f"{bound:g}" for bound in self.bounds)
        return f"{self.metric} (bound {bounds})" if bounds else self.metric

    @property
    def _ends(self) -> tuple[float, float]:
        found = [end for point in self.points for end in (point.low, point.value, point.high)]
        return min(found), max(found)


@dataclass(frozen=True)
class Mark:
    """What happened at a moment, in a few words; ``incident`` is what its beginning and end share."""

    at: datetime
    kind: MarkKind
    text: str
    version: str = ""
    incident: str = ""


@dataclass(frozen=True)
class Life:
    """A model in an environment; ``marks`` are in the order of time."""

    model: str
    environment: str
    curves: tuple[Curve, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first and the last moment that anything is known of."""
        moments = [point.at for curve in self.curves for point in curve.points]
        moments += [mark.at for mark in self.marks]
        return min(moments), max(moments)


def place_of(record: Record) -> str:
    """Return the environment that a live record is of."""
    return record.dataset.name.removeprefix("live/") if record.dataset else ""


def metric_names(records: Iterable[Record]) -> list[str]:
    """Return the metrics of live records, without counts and the ends of intervals."""
    found = {name for record in records for name in record.metrics}
    return sorted(name for name in found - PLAIN if not name.endswith((".low", ".high")))


def curve(metric: str, records: Sequence[Record], bounds: Sequence[float] = ()) -> Curve:
    """Return a metric over the live records of one place, in any order.

    Where the interval was not finite it is the figure alone.
    """
    points = []
    for record in sorted(records, key=lambda each: each.at):
        held = record.metrics
        if metric in held:
            value = held[metric]
            ends = (held.get(f"{metric}.{end}", value) for end in ("low", "high"))
            points.append(Point(moment(record.at), record.version or "?", value, *ends))
    return Curve(metric, tuple(points), tuple(bounds))


def moment(text: str) -> datetime:
    """Return the moment that a text names, in UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
