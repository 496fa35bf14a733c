"""The whole story of a version: its lineage, and when its quality broke while it served."""

from collections.abc import Iterator
from dataclasses import replace

from gitmodel.git.repository import Repository
from gitmodel.monitoring.incidents import read_incidents
from gitmodel.registry.versions import Version
from gitmodel.reports.lineage import Incident, Lineage
from gitmodel.reports.tracing import read_lineage


def whole_lineage(repo: Repository, version: Version) -> Lineage:
    """Return where a version comes from and what became of it, with the incidents of its live quality."""
    lineage = read_lineage(repo, version)
    found = sorted([*lineage.incidents, *_broken(repo, version)], key=lambda incident: incident.at)
    return replace(lineage, incidents=tuple(found))


def _broken(repo: Repository, version: Version) -> Iterator[Incident]:
    """Yield the times when a quality condition was not met; to have ended one is no incident of a version."""
    for incident in read_incidents(repo):
        own = [step for step in incident.steps if step.version == version.version and step.kind != "resolved"]
        if own and own[0].model == version.model:
            first, until = own[0], None if incident.is_open else incident.last.at
            reason = f"{first.condition}: {first.reason}"
            yield Incident(first.env, "quality", first.at, first.by, reason, until)
