"""Gather the life of a model in its environments from notes and branches."""

from collections.abc import Iterator, Sequence

from gitmodel.delivery.history import history
from gitmodel.errors import GitmodelError
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import Record
from gitmodel.monitoring.incidents import Incident, read_incidents
from gitmodel.reports.life import Life, Mark, curve, metric_names, moment, place_of
from gitmodel.spec import load_model


def lives(repo: Repository, model: str, records: Sequence[Record], metrics: Sequence[str] = ()) -> list[Life]:
    """Return the life of a model in each environment that it was measured in.

    Args:
        repo: Where promotions and incidents are noted.
        model: Its name.
        records: Of kind ``live``, in any order.
        metrics: Which to show; none: those of its conditions, then all others.
    """
    bounds = _bounds(repo, model)
    incidents = [each for each in read_incidents(repo) if each.steps[0].model == model]
    found = []
    for place in sorted({place_of(record) for record in records}):
        own = [record for record in records if place_of(record) == place]
        names = metrics or sorted(metric_names(own), key=lambda name: (name not in bounds, name))
        curves = tuple(curve(name, own, bounds.get(name, ())) for name in names)
        here = [each for each in incidents if each.steps[0].env == place]
        marks = sorted([*_changes(repo, model, place), *_told(here)], key=lambda mark: mark.at)
        life = Life(model, place, tuple(each for each in curves if each.points), tuple(marks))
        if life.curves:
            found.append(life)
    return found


def _bounds(repo: Repository, model: str) -> dict[str, list[float]]:
    """Return the bounds of each metric that conditions name today, theirs in the order of the file."""
    found: dict[str, list[float]] = {}
    try:
        spec = load_model(repo, default_rev(repo), model)
    except GitmodelError:
        return found  # a model that is no longer there had a life, too
    for condition in spec.quality:
        limits = [limit for limit in (condition.min, condition.max) if limit is not None]
        found.setdefault(condition.metric, []).extend(limits)
    return found


def _changes(repo: Repository, model: str, env: str) -> Iterator[Mark]:
    for change in history(repo, env):
        if change.model == model and change.version and change.action in ("promote", "rollback"):
            kind, words = ("rolled_back", "to ") if change.action == "rollback" else ("promoted", "")
            before = f", before it v{change.previous}" if change.previous else ""
            yield Mark(
                moment(change.at),
                kind,  # type: ignore[arg-type]
                f"{words}v{change.version}{before}, by {change.by}",
                change.version,
            )


def _told(incidents: Sequence[Incident]) -> Iterator[Mark]:
    for incident in incidents:
        for step in incident.steps:
            if step.kind in ("opened", "stuck", "resolved"):
                kind: str = step.kind
                yield Mark(
                    moment(step.at),
                    kind,  # type: ignore[arg-type]
                    f"{step.condition}: {step.reason}",
                    step.version,
                    incident.id,
                )
