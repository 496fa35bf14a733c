"""What came of a fault: when people were told, what was done, and what serves in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bench.replay.faults import END, FROM, UNTIL, Fault
from bench.replay.mails import RECALL, figures
from bench.replay.tally import Tally, tally
from bench.replay.world import ENVIRONMENT, World
from gitmodel.delivery.history import history
from gitmodel.monitoring.conditions import Judged
from gitmodel.pipelines.watching import watch
from gitmodel.registry.desired import read_desired


@dataclass(frozen=True)
class Outcome:
    """What came of a fault.

    Attributes:
        days: From its begin to the first alert; ``None``: nobody was told.
        tally: What was done.
        unlawful: Versions that were promoted though a gate had said no.
        version: What serves in the end.
        judged: The conditions, as they are in the end.
        recalls: Recall of spam before the fault, while it lasted or in its first week, and in the last week.
    """

    days: float | None
    tally: Tally
    unlawful: Sequence[str]
    version: str
    judged: Sequence[Judged]
    recalls: tuple[float, float, float]

    @property
    def well(self) -> bool:
        """Say whether all that is demanded was met: what only alerts may go on doing so."""
        healing = [each for each in self.judged if len(each.condition.when_broken) > 1]
        in_time = self.days is not None and self.days <= max(each.condition.window.days for each in healing)
        return in_time and not self.unlawful and all(map(_is_met, healing))


def _is_met(judged: Judged) -> bool:
    """Say whether the figure is within the bounds, be it that few rows leave it unsure."""
    condition, found = judged.condition, judged.estimate
    if found is None or judged.verdict == "failed":
        return False
    least, most = condition.min, condition.max
    return (least is None or found.value >= least) and (most is None or found.value <= most)


def outcome(world: World) -> Outcome:
    """Read what came of it, while the repository is there."""
    repo = world.repo
    (found,) = watch(repo, ENVIRONMENT, world.scene.model, by="bench", record=False, now=END)
    done = tally(world)
    told = [
        datetime.fromisoformat(step.at)
        for incident in done.incidents
        for step in incident.steps
        if step.kind == "told" and step.verdict == "failed"
    ]
    first = min((at for at in told if at >= FROM), default=None)
    spans = [(world.scene.begin, FROM), (FROM, UNTIL), (END - (UNTIL - FROM), END)]
    recalls = [
        figures([each for each in world.answered if since <= each.ask.at < until])[RECALL]
        for since, until in spans
    ]
    return Outcome(
        (first - FROM).total_seconds() / 86400 if first else None,
        done,
        _unlawful(world),
        found.live.version,
        found.judged,
        (recalls[0], recalls[1], recalls[2]),
    )


def _unlawful(world: World) -> list[str]:
    """Return versions whose promotion names a gate that did not pass."""
    repo, model = world.repo, world.scene.model
    changes = [change for change in history(repo, ENVIRONMENT) if change.action == "promote"]
    found = []
    for change in changes:
        promoted = read_desired(repo, ENVIRONMENT, change.commit)[model].promoted
        if promoted and any(gate["verdict"] != "passed" for gate in promoted.gates):
            found.append(str(change.version))
    return found


def fault_table(outcomes: Sequence[tuple[Fault, Outcome]]) -> str:
    """Return a row a fault, as a Markdown table."""
    head = (
        "from the 8th day on",
        "told after",
        "trained, promoted, rolled back",
        "alerts",
        "recall before, in it, at last",
        "in the end",
    )
    lines = [f"| {' | '.join(head)} |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for fault, found in outcomes:
        done = found.tally
        after = "never" if found.days is None else f"{found.days:.0f} days"
        recalls = ", ".join(f"{recall:.2f}" for recall in found.recalls)
        judged = "; ".join(f"{each.verdict}: {each.reason}" for each in found.judged)
        lines.append(
            f"| {fault.words} | {after} | {done.retrains}, {done.promotions}, {done.rollbacks} "
            f"| {done.alerts} | {recalls} | v{found.version}: {judged} |"
        )
    return "\n".join(lines)
