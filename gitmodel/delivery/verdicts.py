"""What a gate says of a measurement. Pure: figures in, verdict and reason out."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from gitmodel.spec.model import Gate

Verdict = Literal["passed", "failed", "inconclusive", "error"]
# Sums of decimal fractions are off by less; a difference of exactly ``max_drop`` is allowed.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Measurement:
    """What was measured for a gate.

    Attributes:
        value: The metric of the version that is judged.
        source: Where that figure is from, in words.
        reference: For ``versus``: the metric of the version that it is compared with, on the same rows.
        champion: For ``versus``: that version, in words.
        interval: For ``confidence``: bounds of ``value - reference``.
        unopposed: For ``versus``: why there is nothing to compare with.
        problem: Why nothing could be measured.
    """

    value: float | None = None
    source: str = ""
    reference: float | None = None
    champion: str = ""
    interval: tuple[float, float] | None = None
    unopposed: str = ""
    problem: str = ""


@dataclass(frozen=True)
class GateResult:
    """A gate, its verdict, the figures, and the reason in words."""

    gate: Gate
    verdict: Verdict
    value: float | None
    reference: float | None
    interval: tuple[float, float] | None
    reason: str

    @property
    def passed(self) -> bool:
        """Say whether the version may go on."""
        return self.verdict == "passed"

    def as_json(self) -> dict[str, Any]:
        """Return what the environment's branch keeps of it: plain values, nothing that is absent."""
        gate = self.gate
        told = {
            "metric": gate.metric,
            "verdict": self.verdict,
            "value": _finite(self.value),
            "min": gate.min,
            "max": gate.max,
            "versus": gate.versus,
            "reference": _finite(self.reference),
            "max_drop": gate.max_drop,
            "confidence": gate.confidence,
            "reason": self.reason,
        }
        return {name: value for name, value in told.items() if value is not None}


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def decide_gate(gate: Gate, measured: Measurement) -> GateResult:
    """Judge a measurement.

    The rules, the first that applies decides:

    - nothing could be measured, or a figure is not a finite number: ``error``;
    - the value is below ``min`` or above ``max``: ``failed``;
    - nothing to compare with (no version runs in the ``versus`` environment, or this very one): ``passed``;
    - ``versus`` without ``confidence``: ``passed`` where the version is not worse than the champion by more
      than ``max_drop``, else ``failed``; the two figures alone decide;
    - ``versus`` with ``confidence``: ``passed`` where the whole interval of the difference is on the allowed
      side of ``max_drop`` (worse by no more, at that confidence), ``failed`` where the whole interval is
      on the other side, ``inconclusive`` where it lies across: the rows cannot tell.

    Worse means lower, or higher where the gate's metric is better when lower (errors, losses).
    """
    verdict, reason = _judge(gate, measured)
    return GateResult(gate, verdict, measured.value, measured.reference, measured.interval, reason)


def _judge(gate: Gate, measured: Measurement) -> tuple[Verdict, str]:
    if measured.problem:
        return "error", measured.problem
    needed = gate.min is not None or gate.max is not None or not measured.unopposed
    if needed and (measured.value is None or not math.isfinite(measured.value)):
        return "error", f"{gate.metric} is {_show(measured.value)}, not a number"
    bounded = _judge_bounds(gate, measured)
    if bounded is not None and (bounded[0] != "passed" or gate.versus is None):
        return bounded
    if measured.unopposed:
        return "passed", f"nothing to compare with: {measured.unopposed}"
    if measured.reference is None or not math.isfinite(measured.reference):
        return "error", f"{gate.metric} of {measured.champion} is {_show(measured.reference)}, not a number"
    return _judge_drop(gate, measured)


def _judge_bounds(gate: Gate, measured: Measurement) -> tuple[Verdict, str] | None:
    if gate.min is None and gate.max is None:
        return None
    assert measured.value is not None
    told = f"{gate.metric} {_show(measured.value)}" + (f" {measured.source}" if measured.source else "")
    if gate.min is not None and measured.value < gate.min - _ROUNDING:
        return "failed", f"{told} is below {_show(gate.min)}"
    if gate.max is not None and measured.value > gate.max + _ROUNDING:
        return "failed", f"{told} is above {_show(gate.max)}"
    bounds = [f"at least {_show(gate.min)}"] if gate.min is not None else []
    bounds += [f"at most {_show(gate.max)}"] if gate.max is not None else []
    return "passed", f"{told} is {' and '.join(bounds)}"


def _judge_drop(gate: Gate, measured: Measurement) -> tuple[Verdict, str]:
    assert measured.value is not None
    assert measured.reference is not None
    sign = 1 if gate.higher_is_better else -1
    gain = sign * (measured.value - measured.reference)
    least = -(gate.max_drop or 0.0) - _ROUNDING
    told = (
        f"{gate.metric} {_show(measured.value)} against {_show(measured.reference)} of {measured.champion}"
        f"{' ' + measured.source if measured.source else ''}: {_gain(gain)}, "
        f"{_show(gate.max_drop)} worse is allowed"
    )
    if gate.confidence is None:
        return ("passed" if gain >= least else "failed"), told
    if measured.interval is None:
        return "error", f"{told}; there is no interval"
    low, high = sorted(sign * bound for bound in measured.interval)
    told = f"{told}; at {gate.confidence:.0%} confidence between {_gain(low)} and {_gain(high)}"
    if low >= least:
        return "passed", told
    if high < least:
        return "failed", told
    return "inconclusive", f"{told}: more test rows would tell"


def _gain(gain: float) -> str:
    if not math.isfinite(gain):
        return "unknown"
    if abs(gain) <= _ROUNDING:
        return "the same"
    return f"{_show(abs(gain))} {'better' if gain > 0 else 'worse'}"


def _show(value: float | None) -> str:
    return "missing" if value is None else f"{value:.4g}"
