"""What was done in a replay, read from git alone; alerts are those that arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.replay.world import ENVIRONMENT, World
from gitmodel.delivery.history import history
from gitmodel.monitoring.incidents import Incident, read_incidents
from gitmodel.pipelines.runs import Runs


@dataclass(frozen=True)
class Tally:
    """How often each was done, after the first version was there."""

    retrains: int
    promotions: int
    rollbacks: int
    alerts: int
    incidents: Sequence[Incident]


def tally(world: World) -> Tally:
    """Count what was done."""
    repo = world.repo
    incidents = read_incidents(repo)
    scheduled = sum(run.task is not None and run.task.what == "retrain" for run in Runs(repo).all())
    healed = sum(incident.count("retrain") for incident in incidents)
    actions = [change.action for change in history(repo, ENVIRONMENT)]
    return Tally(
        scheduled + healed,
        actions.count("promote") - 1,
        actions.count("rollback"),
        len(world.desk.told),
        incidents,
    )
