"""What a host has of a model, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitmodel.delivery.ansible.module_utils import gitmodel_probe
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Program


@dataclass(frozen=True)
class Observed:
    """What is there for one model: where its requests go, which services are set up, who answers."""

    routed: Mapping[Program, int]
    programs: tuple[Program, ...]
    answer: Mapping[str, Any] | None


def decide(wanted: Program, observed: Observed) -> str:
    """Return "" where exactly the wanted program runs, is routed and answers; else why something is to do."""
    if not observed.routed:
        return "its route is gone" if observed.programs else "nothing runs there yet"
    if [program.at(0) for program in observed.routed] != [wanted.at(0)]:
        return "another version runs there"
    if [program.name for program in observed.programs] != [wanted.name]:
        names = {program.name for program in observed.programs}
        return "services of other versions are left" if wanted.name in names else "its service's file is gone"
    if observed.answer is None:
        return "it does not answer"
    if not gitmodel_probe.is_version(dict(observed.answer), wanted):
        return "another version answers"
    return ""
