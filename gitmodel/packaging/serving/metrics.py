"""What a service tells Prometheus beside what BentoML counts."""

from collections.abc import Mapping
from typing import Any

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """Counters of one version of a model."""

    def __init__(self, version: Mapping[str, Any]) -> None:
        # Imported late: BentoML sets the library up before it may be imported.
        from prometheus_client import Counter, Gauge, Histogram

        name = str(version["model"])
        info = Gauge(
            "gitmodel_model_info",
            "The version that serves",
            ("model", "version", "digest"),
            multiprocess_mode="livemax",
        )
        info.labels(name, str(version["version"]), str(version.get("digest", ""))).set(1)
        self._name = name
        self._predictions = Counter(
            "gitmodel_predictions",
            "Rows predicted (ok), requests refused (invalid) or failed (error)",
            ("model", "outcome"),
        )
        self._feedback = Counter("gitmodel_feedback", "Labels taken", ("model", "signal"))
        self._dropped = Counter(
            "gitmodel_predictions_dropped", "Rows that were not kept", ("model", "reason")
        )
        self._seconds = Histogram(
            "gitmodel_prediction_seconds", "Time of a prediction", ("model",), buckets=_BUCKETS
        ).labels(name)
        self._ok = self._predictions.labels(name, "ok")

    def predicted(self, rows: int, seconds: float) -> None:
        """Count rows that were predicted."""
        self._ok.inc(rows)
        self._seconds.observe(seconds)

    def failed(self, status: int) -> None:
        """Count a request that was not."""
        outcome = "error" if status >= 500 else "invalid"  # noqa: PLR2004 - HTTP
        self._predictions.labels(self._name, outcome).inc()

    def labelled(self, signal: str, count: int) -> None:
        """Count labels."""
        self._feedback.labels(self._name, signal).inc(count)

    def dropped(self, reason: str, count: int) -> None:
        """Count rows that were not kept."""
        self._dropped.labels(self._name, reason).inc(count)
