"""What a service tells Prometheus beside what BentoML counts."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .figures import FiguresCollector

ENVIRONMENT = "GITMODEL_ENVIRONMENT"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_OUTCOMES = ("ok", "invalid", "error")
_REASONS = ("disk", "queue", "too long", "unwritable")  # why a row is not kept


class Metrics:
    """Counters of one version of a model, and what was measured of it while it served.

    Args:
        version: Its identity.
        state: The folder in which `gitmodel monitor` leaves figures; None: there are none.
    """

    def __init__(self, version: Mapping[str, Any], state: Path | None = None) -> None:
        # Imported late: BentoML sets the library up before it may be imported.
        from prometheus_client import Counter, Gauge, Histogram

        name, place = str(version["model"]), os.environ.get(ENVIRONMENT, "")
        info = Gauge(
            "gitmodel_model_info",
            "The version that serves",
            ("model", "environment", "version", "digest"),
            multiprocess_mode="livemax",
        )
        info.labels(name, place, str(version["version"]), str(version.get("digest", ""))).set(1)
        self._own = name, place
        self._predictions = Counter(
            "gitmodel_predictions",
            "Rows predicted (ok), requests refused (invalid) or failed (error)",
            ("model", "environment", "outcome"),
        )
        self._feedback = Counter("gitmodel_feedback", "Labels taken", ("model", "environment", "signal"))
        self._dropped = Counter(
            "gitmodel_predictions_dropped", "Rows that were not kept", ("model", "environment", "reason")
        )
        self._seconds = Histogram(
            "gitmodel_prediction_seconds", "Time of a prediction", ("model", "environment"), buckets=_BUCKETS
        ).labels(*self._own)
        self._ok = self._predictions.labels(*self._own, "ok")
        for outcome in _OUTCOMES:  # a counter that begins at 1 has not grown, as Prometheus sees it
            self._predictions.labels(*self._own, outcome)
        for reason in _REASONS:
            self._dropped.labels(*self._own, reason)
        self._figures = None if state is None else FiguresCollector(state, name, str(version["version"]))

    def complete(self, text: str) -> str:
        """Add to what Prometheus is told what was measured of the version.

        It is no part of the library's registry: that is not asked where several processes share a folder of
        counters, as under ``bentoml serve``.
        """
        from prometheus_client import CollectorRegistry, generate_latest

        if self._figures is None:
            return text
        registry = CollectorRegistry()
        registry.register(self._figures)
        return text + generate_latest(registry).decode()

    def predicted(self, rows: int, seconds: float) -> None:
        """Count rows that were predicted."""
        self._ok.inc(rows)
        self._seconds.observe(seconds)

    def failed(self, status: int) -> None:
        """Count a request that was not."""
        outcome = "error" if status >= 500 else "invalid"  # noqa: PLR2004 - HTTP
        self._predictions.labels(*self._own, outcome).inc()

    def labelled(self, signal: str, count: int) -> None:
        """Count labels."""
        self._feedback.labels(*self._own, signal).inc(count)

    def dropped(self, reason: str, count: int) -> None:
        """Count rows that were not kept."""
        self._dropped.labels(*self._own, reason).inc(count)
