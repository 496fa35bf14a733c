"""What was measured of a live version, as a file that its service reads and tells Prometheus.

The reader is `gitmodel.packaging.serving.figures`, which ships with each service.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from gitmodel.evaluation.intervals import Estimate
from gitmodel.metrics.records import canonical_json
from gitmodel.monitoring.conditions import Judged, samples_of
from gitmodel.monitoring.measurement import Measured
from gitmodel.spec.durations import format_duration


def format_figures(live: Measured, judged: Sequence[Judged]) -> str:
    """Return the text of the file: each metric over its windows, its interval, how many rows it is of."""
    found = {(each["metric"], each["window"]): each for each in _figures(live, judged)}
    document = {
        "model": live.model,
        "version": live.version,
        "environment": live.environment,
        "at": live.until.timestamp(),
        "figures": [found[key] for key in sorted(found)],
    }
    return canonical_json(document) + "\n"


def _figures(live: Measured, judged: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    for name, estimate in live.metrics.items():
        yield from _figure(name, live.until - live.since, estimate, samples_of(name, live))
    for each in judged:
        if each.estimate is not None:
            yield from _figure(each.condition.metric, each.condition.window, each.estimate, each.samples)


def _figure(metric: str, window: timedelta, estimate: Estimate, samples: int) -> Iterator[dict[str, Any]]:
    """Yield a figure; one without an interval says nothing that could be judged."""
    numbers = {"value": estimate.value, "low": estimate.low, "high": estimate.high, "samples": samples}
    if all(map(math.isfinite, numbers.values())):
        yield {"metric": metric, "window": format_duration(window), **numbers}
