"""What follows from a verdict on a live model. Pure: verdict and story so far in, the next step out.

The ladder of a condition is ``alert``, ``retrain``, ``rollback``, in the order that the model names them.
Only ``failed`` climbs it; ``error`` and ``inconclusive`` tell people, once; of too few rows not before they
had a whole window to come. What keeps it from flapping: a verdict is ``failed`` or ``passed`` only where the
whole interval is beyond or within the bound, a change of what serves is followed by a pause (``cool_down``),
and attempts are bounded (``max_attempts``). Where nothing has helped, what attempts are left are made after
such a pause: by then there may be data to learn from.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from gitmodel.monitoring.incidents import Incident, Severity
from gitmodel.spec.model import QualityCondition

Act = Literal["open", "worsen", "retrain", "rollback", "stuck", "resolve", "held"]
_SEVERITIES: dict[str, Severity] = {"failed": "warning", "error": "warning", "inconclusive": "info"}


@dataclass(frozen=True)
class Next:
    """The next thing to do, how grave it is, and why."""

    act: Act
    severity: Severity
    reason: str


def decide(
    condition: QualityCondition,
    verdict: str,
    incident: Incident | None,
    *,
    now: datetime,
    held: str = "",
    is_young: bool = False,
) -> Next | None:
    """Return the next step, or ``None`` where nothing is to be done now.

    It is asked again after each step, so that one run climbs as far as it may.

    Args:
        condition: The condition that was judged.
        verdict: ``passed``, ``failed``, ``inconclusive`` or ``error``.
        incident: The one that is open for this condition, if one is.
        now: UTC.
        held: Why a person has put a hold on the model there; "": there is none.
        is_young: There are too few rows, and the version has not served for a whole window yet.
    """
    if verdict == "passed":
        return Next("resolve", "info", "the condition is met again") if incident else None
    severity = _SEVERITIES[verdict]
    if incident is None:
        is_early = verdict == "inconclusive" and is_young  # rows are still coming
        return None if is_early else Next("open", severity, f"the verdict is {verdict}")
    if verdict != "failed" or _rests(condition, incident, now):
        return None
    if all(step.verdict != "failed" for step in incident.steps):
        return Next("worsen", severity, "what was not known for sure is broken")
    if not held:
        return _climb(condition, incident)
    is_told = incident.last.kind == "held" or not _climbs(condition)
    return None if is_told else Next("held", severity, held)


def _climbs(condition: QualityCondition) -> bool:
    return any(action != "alert" for action in condition.when_broken)


def _climb(condition: QualityCondition, incident: Incident) -> Next | None:
    attempts = incident.count("retrain")
    last = incident.last
    useless = last.kind == "retrained" and not last.result
    for action in condition.when_broken:
        if action == "retrain" and attempts < condition.max_attempts and not useless:
            return Next("retrain", "warning", f"attempt {attempts + 1} of {condition.max_attempts}")
        tried = incident.count("rollback")  # one that was begun and not ended was killed
        if action == "rollback" and not incident.count("rolled_back") and tried < condition.max_attempts:
            why = "training anew did not help" if attempts else "the condition is broken"
            return Next("rollback", "warning", why)
    if not _climbs(condition) or last.kind == "stuck":
        return None
    return Next("stuck", "critical", "nothing that may be done by itself is left")


def _rests(condition: QualityCondition, incident: Incident, now: datetime) -> bool:
    """Say whether what serves was changed, or nothing was found that would help, a short while ago."""
    changed = [step for step in incident.steps if step.kind in ("promoted", "rolled_back", "stuck")]
    if not changed:
        return False
    at = datetime.strptime(changed[-1].at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return now - at < condition.cool_down
