"""What a quality condition says of a measurement. Pure: figures in, verdict and reason out."""

from dataclasses import dataclass
from typing import Literal

from gitmodel.evaluation.intervals import Estimate
from gitmodel.monitoring.measurement import Measured
from gitmodel.spec.durations import format_duration
from gitmodel.spec.model import QualityCondition

Verdict = Literal["passed", "failed", "inconclusive", "error"]
# These are of all predictions or requests; every other metric is of labelled rows.
UNLABELLED = frozenset({"drift", "drift_ks", "error_rate", "latency_p50", "latency_p95"})


@dataclass(frozen=True)
class Judged:
    """A condition, its verdict, the figure, how many rows it was taken of, and the reason in words."""

    condition: QualityCondition
    verdict: Verdict
    estimate: Estimate | None
    samples: int
    reason: str

    @property
    def is_short(self) -> bool:
        """Say whether there are fewer rows than the condition needs."""
        return self.samples < self.condition.min_samples


def judge(condition: QualityCondition, measured: Measured) -> Judged:
    """Judge the live version.

    The rules, the first that applies decides:

    - fewer rows than ``min_samples``: ``inconclusive``;
    - the metric was not measured: ``error``;
    - the whole interval is beyond a bound: ``failed``;
    - the whole interval is within the bounds: ``passed``;
    - the interval lies across a bound: ``inconclusive``.
    """
    samples = samples_of(condition.metric, measured)
    estimate = measured.metrics.get(condition.metric)
    verdict, reason = _judge(condition, measured, estimate, samples)
    return Judged(condition, verdict, estimate, samples, reason)


def samples_of(metric: str, measured: Measured) -> int:
    """Return how many rows or requests a metric was taken of."""
    counts = measured.counts
    if metric not in UNLABELLED:
        return counts.labelled
    return counts.predictions + (counts.failed if metric == "error_rate" else 0)


def _judge(
    condition: QualityCondition, measured: Measured, estimate: Estimate | None, samples: int
) -> tuple[Verdict, str]:
    name = condition.metric
    if samples < condition.min_samples:
        rows = "predictions" if name in UNLABELLED else "labelled predictions"
        return "inconclusive", f"{samples} {rows}; at least {condition.min_samples} are needed"
    if estimate is None:
        known = ", ".join(sorted(measured.metrics)) or "none"
        why = measured.problem if name not in UNLABELLED else ""
        return "error", f"{name} could not be measured: {why or f'known are {known}'}"
    told = f"{name} {estimate.value:.4g} (95 %: {estimate.low:.4g} to {estimate.high:.4g})"
    return _judge_bounds(condition, estimate, told)


def _judge_bounds(condition: QualityCondition, estimate: Estimate, told: str) -> tuple[Verdict, str]:
    least, most = condition.min, condition.max
    if least is not None and estimate.high < least:
        return "failed", f"{told} is below {least:g}"
    if most is not None and estimate.low > most:
        return "failed", f"{told} is above {most:g}"
    if least is not None and estimate.low < least:
        return "inconclusive", f"{told} lies across {least:g}: more rows would tell"
    if most is not None and estimate.high > most:
        return "inconclusive", f"{told} lies across {most:g}: more rows would tell"
    return "passed", f"{told} is {bounds_of(condition)}"


def bounds_of(condition: QualityCondition) -> str:
    """Return the bounds of a condition in words."""
    bounds = [f"at least {condition.min:g}"] if condition.min is not None else []
    bounds += [f"at most {condition.max:g}"] if condition.max is not None else []
    return " and ".join(bounds)


def condition_words(condition: QualityCondition) -> str:
    """Return a condition in words; incidents are known by it."""
    return f"{condition.metric} {bounds_of(condition)} over {format_duration(condition.window)}"
