"""The steps of a canary or shadow as plain values: those that are over, and what hosts say of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gitmodel.delivery.analysis import Seen, pool
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Program, parse_program


@dataclass(frozen=True)
class StepOutcome:
    """A step that is over (or that ended the rollout).

    ``percent`` is of the requests that the new version answered, or of a shadow got copies of; ``figures``
    are numbers by name, ``_old`` those of the old version; ``verdict`` is passed, failed or inconclusive.
    """

    percent: int
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)
    verdict: str = "passed"
    words: str = ""


@dataclass(frozen=True)
class Look:
    """What hosts say of one model; ``kind`` and what follows are of what is underway ("": nothing is)."""

    routed: tuple[Program, ...]
    ready: bool
    kind: str = ""
    new: Program | None = None
    percent: int = 0
    seconds: float = 0.0
    applied: bool = True
    done: tuple[StepOutcome, ...] = ()
    seen: Seen = field(default_factory=Seen)


def parse_looks(found: Sequence[Mapping[str, Any]]) -> Look:
    """Return what hosts say, taken together: as far as the one that is least far."""
    routed = tuple(dict.fromkeys(parse_program(each).at(0) for host in found for each in host["routed"]))
    first = Look(routed, all(host["ready"] for host in found))
    under = [host["underway"] for host in found if host["underway"]]
    if not under:
        return first
    least = min(under, key=lambda each: each["percent"])
    return replace(
        first,
        kind=least["kind"],
        new=parse_program(least["new"]).at(0),
        percent=least["percent"],
        seconds=min(each["seconds"] for each in under),
        applied=len(under) == len(found)
        and all(each["applied"] and each["percent"] == least["percent"] for each in under),
        done=tuple(StepOutcome(**step) for step in least["done"]),
        seen=pool([host["figures"] for host in found if host["underway"]]),
    )


def tell_step(kind: str, step: StepOutcome) -> str:
    """Return a step in a line: how far, how long, what was measured, the verdict."""
    told = [
        f"{step.percent} %" if kind == "canary" else f"copies of {step.percent} %",
        f"{step.seconds:.0f} s",
    ]
    figures = step.figures
    told += [_beside(figures, name, pattern, scale) for name, pattern, scale in _TOLD if name in figures]
    if "pairs" in figures:
        told.append(f"{figures['disagreement']:.1%} of {figures['pairs']:.0f} answers differ")
    if "output_shift" in figures:
        told.append(f"{figures['output_shift']:.0%} of the answers moved")
    words = f": {step.words}" if step.words else ""
    return f"{', '.join(told)}: {step.verdict}{words}"


def _beside(figures: Mapping[str, float], name: str, pattern: str, scale: float) -> str:
    own, old = figures[name] * scale, figures.get(f"{name}_old", 0.0) * scale
    return f"{pattern.format(own)} (old {pattern.removeprefix('p95 ').partition(' ')[0].format(old)})"


_TOLD = (
    ("requests", "{:.0f} requests", 1),
    ("error_rate", "{:.1f}% errors", 100),
    ("latency_p95", "p95 {:.0f} ms", 1),
    ("mean_error", "{:.3g} off", 1),
)
