"""What `gitmodel monitor` measured of a version, as its service tells Prometheus.

The file ``<state>/live/<model>.json`` is written from outside, so nothing of it is believed: it is short,
each value is checked, and what is of another model or version, or cannot be read, is not told. How old
figures are is told with them.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST = 256_000
_MOST = 500
_WORD = re.compile(r"[^\x00-\x20\x7f]{1,200}")
_LABELS = ("model", "version", "environment", "metric", "window")
_GAUGES = {
    "gitmodel_live_metric": ("value", "A metric of the live version over a window"),
    "gitmodel_live_metric_low": ("low", "The lower end of its 95 % interval"),
    "gitmodel_live_metric_high": ("high", "The upper end of its 95 % interval"),
    "gitmodel_live_samples": ("samples", "How many rows or requests it was taken of"),
    "gitmodel_live_measured_timestamp_seconds": ("at", "When it was measured"),
}


@dataclass(frozen=True)
class Figure:
    """One metric over one window: its labels in the order of ``_LABELS``, and its numbers by name."""

    labels: tuple[str, ...]
    numbers: Mapping[str, float]


class FiguresCollector:
    """Reads the figures of a version whenever Prometheus asks."""

    def __init__(self, state: Path, model: str, version: str) -> None:
        self._file = state / "live" / f"{model.replace('/', '.')}.json"
        self._own = model, version

    def collect(self) -> Iterator[Any]:
        """Yield a gauge of each kind."""
        from prometheus_client.core import GaugeMetricFamily

        figures = read_figures(self._file, *self._own)
        for name, (key, words) in _GAUGES.items():
            family = GaugeMetricFamily(name, words, labels=_LABELS)
            for figure in figures:
                family.add_metric(figure.labels, figure.numbers[key])
            yield family


def read_figures(file: Path, model: str, version: str) -> list[Figure]:
    """Return the figures of a version that a file holds; none where it is not what it must be."""
    try:
        if not file.is_file():
            return []
        with file.open("rb") as stream:
            text = stream.read(_LONGEST + 1)
        found = json.loads(text) if len(text) <= _LONGEST else {}
        if (found["model"], found["version"]) != (model, version):
            return []
        at, own = _number(found["at"]), (model, version, _word(found["environment"]))
        figures = [_figure(each, own, at) for each in found["figures"][:_MOST]]
    except (OSError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError):
        return []
    return list({figure.labels: figure for figure in figures}.values())


def _figure(fields: Any, own: tuple[str, str, str], at: float) -> Figure:
    labels = (*own, _word(fields["metric"]), _word(fields["window"]))
    numbers = {key: _number(fields[key]) for key in ("value", "low", "high", "samples")}
    return Figure(labels, {**numbers, "at": at})


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise ValueError("no word")
    value.encode()
    return value
