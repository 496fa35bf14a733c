"""Whether a new version does as well as the old one in the same time: from counts to a verdict.

A check says no where a difference is larger than the environment allows and, at the same time, is hardly
chance. Requests are shared by chance alike between the two, so what clients do wrong is the same for both.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gitmodel.delivery import distances
from gitmodel.delivery.ansible.module_utils.gitmodel_router import BUCKETS
from gitmodel.delivery.ansible.module_utils.gitmodel_traffic import Traffic, parse_traffic
from gitmodel.spec.environment import AnalysisSpec

Verdict = Literal["passed", "failed", "inconclusive"]
# How seldom a check may say no by chance: each step is looked at several times, by several checks.
CHANCE = 0.002
_SLOW = 0.05  # what is above a 95th percentile
_SURELY_FAST = 0.010  # seconds by which one may be slower whatever the ratio says


_NONE = Traffic()


@dataclass(frozen=True)
class Side:
    """What was seen of one version: requests, answers (a sample), and how wrong those with a label were."""

    traffic: Traffic = _NONE
    outputs: tuple[Any, ...] = ()
    errors: tuple[float, ...] = ()

    @property
    def error_rate(self) -> float:
        """The part of its requests that failed."""
        return self.traffic.failed / self.traffic.requests if self.traffic.requests else 0.0


@dataclass(frozen=True)
class Seen:
    """What was seen of both versions in the same time, on all hosts; ``pairs`` are answers to one request."""

    old: Side = field(default_factory=Side)
    new: Side = field(default_factory=Side)
    pairs: tuple[tuple[Any, Any], ...] = ()


@dataclass(frozen=True)
class Judgement:
    """A verdict, why, and what was measured: numbers by name (``_old``: of the old version)."""

    verdict: Verdict
    words: str
    figures: Mapping[str, float] = field(default_factory=dict)


def pool(hosts: Sequence[Mapping[str, Any]]) -> Seen:
    """Return what hosts tell, taken together; each tells ``old``, ``new`` and ``pairs``."""
    pairs = tuple((first, second) for host in hosts for first, second in host["pairs"])
    return Seen(_side([host["old"] for host in hosts]), _side([host["new"] for host in hosts]), pairs)


def _side(hosts: Sequence[Mapping[str, Any]]) -> Side:
    traffic = [parse_traffic(host["traffic"]) for host in hosts]
    buckets = tuple(map(sum, zip(*(each.buckets for each in traffic), strict=True)))
    return Side(
        Traffic(sum(each.failed for each in traffic), buckets) if traffic else Traffic(),
        tuple(value for host in hosts for value in host["outputs"]),
        tuple(float(value) for host in hosts for value in host["errors"]),
    )


def judge(seen: Seen, allowed: AnalysisSpec, *, shadow: bool = False) -> Judgement:
    """Compare two versions.

    Args:
        seen: What was seen of them.
        allowed: What the environment allows.
        shadow: The new one got copies of the requests to the old one.

    Returns:
        ``failed`` with each reason; else ``inconclusive`` where too few requests were seen, or ``passed``.
    """
    figures: dict[str, float] = {
        "requests": seen.new.traffic.requests,
        "requests_old": seen.old.traffic.requests,
        "error_rate": seen.new.error_rate,
        "error_rate_old": seen.old.error_rate,
    }
    reasons = [_errors(seen, allowed), _latency(seen, allowed, figures)]
    enough = seen.new.traffic.requests >= allowed.min_requests
    if shadow:
        reasons.append(_answers(seen, allowed, figures))
        enough &= not allowed.quality or len(seen.pairs) >= allowed.min_requests
    elif allowed.quality:
        reasons.append(_quality(seen, allowed, figures))
    found = [reason for reason in reasons if reason]
    if found:
        return Judgement("failed", "; ".join(found), figures)
    if not enough:
        return Judgement("inconclusive", _too_few(seen, allowed, shadow=shadow), figures)
    return Judgement("passed", "", figures)


def _too_few(seen: Seen, allowed: AnalysisSpec, *, shadow: bool) -> str:
    requests = seen.new.traffic.requests
    if shadow and requests >= allowed.min_requests:
        return f"{len(seen.pairs)} answers of both to compare, of {allowed.min_requests} that are needed"
    return f"{requests} requests to the new version, of {allowed.min_requests} that are needed"


def _errors(seen: Seen, allowed: AnalysisSpec) -> str:
    new, old = seen.new, seen.old
    if new.error_rate - old.error_rate <= allowed.max_error_rate:
        return ""
    counts = (new.traffic.failed, new.traffic.requests, old.traffic.failed, old.traffic.requests)
    if distances.more_often(*counts) > CHANCE:
        return ""
    return f"{new.error_rate:.1%} of its requests fail, {old.error_rate:.1%} of the old version's"


def _latency(seen: Seen, allowed: AnalysisSpec, figures: dict[str, float]) -> str:
    """Count how many of the new one's are slower than the old one's 95th percentile may become."""
    old, new = (percentile(side.traffic.buckets, 1 - _SLOW) for side in (seen.old, seen.new))
    if math.isnan(old) or math.isnan(new):
        return ""
    figures |= {"latency_p95": round(new * 1000, 2), "latency_p95_old": round(old * 1000, 2)}
    begins = (0.0, *BUCKETS)
    limit = max(old * allowed.max_latency_ratio, old + _SURELY_FAST)
    slow = sum(count for low, count in zip(begins, seen.new.traffic.buckets, strict=True) if low >= limit)
    if distances.at_least(slow, seen.new.traffic.requests, _SLOW) > CHANCE:
        return ""
    return f"its 95th percentile of latency is {new * 1000:.0f} ms, {old * 1000:.0f} ms the old version's"


def percentile(buckets: Sequence[int], part: float) -> float:
    """Return the seconds that a part of the requests took at most; not a number where there are none.

    Within a bucket, requests are taken to be spread evenly; of the last, which has no end, its begin is told.
    """
    left = part * sum(buckets)
    if not left:
        return math.nan
    for low, high, count in zip((0.0, *BUCKETS), (*BUCKETS, BUCKETS[-1]), buckets, strict=True):
        if count >= left:
            return low + (high - low) * left / count
        left -= count
    return BUCKETS[-1]


def _quality(seen: Seen, allowed: AnalysisSpec, figures: dict[str, float]) -> str:
    """Compare answers with labels; where too few are known, one distribution with the other."""
    new, old = seen.new.errors, seen.old.errors
    if new and old:
        figures |= {"mean_error": sum(new) / len(new), "mean_error_old": sum(old) / len(old)}
        if distances.larger(new, old) < CHANCE:
            told = f"{figures['mean_error']:.3g} on average, the old one's {figures['mean_error_old']:.3g}"
            return f"its answers are further from {len(new)} labels: {told}"
        if min(len(new), len(old)) >= allowed.min_requests:
            return ""
    if not seen.new.outputs or not seen.old.outputs:
        return ""
    shift, chance = distances.shift(seen.old.outputs, seen.new.outputs)
    figures["output_shift"] = shift
    if shift <= allowed.max_output_shift or chance > CHANCE:
        return ""
    return f"its answers are distributed otherwise: {shift:.0%} of them lie elsewhere"


def _answers(seen: Seen, allowed: AnalysisSpec, figures: dict[str, float]) -> str:
    """Compare what both said to the same requests."""
    if not allowed.quality or not seen.pairs:
        return ""
    differ, pairs = distances.unlike(seen.pairs), len(seen.pairs)
    figures |= {"pairs": pairs, "disagreement": differ / pairs}
    too_many = differ > allowed.max_disagreement * pairs
    if not too_many or distances.at_least(differ, pairs, allowed.max_disagreement) > CHANCE:
        return ""
    return f"{differ / pairs:.1%} of its answers to the same requests are others"
