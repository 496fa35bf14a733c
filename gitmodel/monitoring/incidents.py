"""Incidents: what was done when the quality of a live model broke, as notes on the environment's commits.

Each line is one step of one incident; lines of all commits together tell the story. The round trip law:
``parse_step(format_step(s)) == s``; a window of ``1w``, as it was written once, is read as ``7d``.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import read_notes
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import canonical_json

INCIDENTS_REF = "refs/notes/incidents"
Kind = Literal[
    "opened",
    "worse",
    "retrain",
    "retrained",
    "promoted",
    "rollback",
    "rolled_back",
    "stuck",
    "held",
    "resolved",
    "told",
    "untold",
]
Severity = Literal["info", "warning", "critical"]
_SHOWN = 80
_WEEK = re.compile(r" over 1w\Z")


@dataclass(frozen=True)
class Step:
    """One step of an incident.

    Attributes:
        incident: Digest that all steps of the incident share.
        kind: What happened. ``retrain`` and ``rollback`` are written before it is tried, so that what a
            killed run has begun counts as an attempt. ``told`` and ``untold`` are of a channel (``result``)
            that was to be told of a step, whose kind and time ``reason`` begins with.
        model: Name of the model.
        env: Where it serves.
        version: The version that served then.
        condition: The quality condition, in words.
        verdict: What it said.
        severity: How grave.
        reason: Why, with the figures.
        at: When, UTC, as RFC 3339 writes it.
        by: Who or which run.
        result: The version that came of it, if one did; of ``told``: the channel.
    """

    incident: str
    kind: Kind
    model: str
    env: str
    version: str
    condition: str
    verdict: str
    severity: Severity
    reason: str
    at: str
    by: str
    result: str = ""


@dataclass(frozen=True)
class Incident:
    """An incident, by its steps in the order of time."""

    steps: tuple[Step, ...]

    @property
    def is_open(self) -> bool:
        """Say whether it was not resolved yet."""
        return not self.count("resolved")

    @property
    def last(self) -> Step:
        """Return what was done last, other than telling people."""
        return next(step for step in reversed(self.steps) if step.kind not in ("told", "untold"))

    @property
    def id(self) -> str:
        """Return what its steps share."""
        return self.steps[0].incident

    def count(self, kind: Kind) -> int:
        """Return how many of its steps are of a kind."""
        return sum(step.kind == kind for step in self.steps)


def format_step(step: Step) -> str:
    """Return a step as one line of canonical JSON."""
    return canonical_json({key: value for key, value in asdict(step).items() if value != ""})


def parse_step(line: str) -> Step:
    """Read a line; keys that a later release may have added are passed over.

    Raises:
        InvalidFile: If it is not a step.
    """
    try:
        found: Mapping[str, Any] = json.loads(line)
        step = Step(**{name: str(found.get(name, "")) for name in Step.__dataclass_fields__})  # type: ignore[arg-type]
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise InvalidFile(f"not a step of an incident: {line[:_SHOWN]!r}") from error
    needed = (step.incident, step.model, step.env, step.at)
    if not all(needed) or step.kind not in get_args(Kind) or step.severity not in get_args(Severity):
        raise InvalidFile(f"not a step of an incident: {line[:_SHOWN]!r}")
    return replace(step, condition=_WEEK.sub(" over 7d", step.condition))


def read_incidents(repo: Repository, ref: str = INCIDENTS_REF) -> list[Incident]:
    """Return all incidents, the newest first; lines of others are passed over.

    Args:
        repo: Where to look.
        ref: The notes, or a commit of them.
    """
    return group(line for lines in read_notes(repo, ref).values() for line in lines)


def group(lines: Iterable[str]) -> list[Incident]:
    """Put the lines of notes together to incidents, the one that began last first."""
    steps: dict[str, set[Step]] = {}
    for line in lines:
        try:
            step = parse_step(line)
        except InvalidFile:
            continue
        steps.setdefault(step.incident, set()).add(step)
    order = {kind: number for number, kind in enumerate(get_args(Kind))}
    begun = [each for each in steps.values() if any(step.kind == "opened" for step in each)]
    found = [
        Incident(tuple(sorted(each, key=lambda step: (step.at, order[step.kind], step.reason))))
        for each in begun
    ]
    return sorted(found, key=lambda incident: (incident.steps[0].at, incident.id), reverse=True)
