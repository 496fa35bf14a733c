"""What the pages read, as JSON: names that others chose are values there, never keys.

A mapping whose keys are of others is a list of pairs: JavaScript gives some names a meaning of their own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gitmodel.delivery.outcomes import DONE, Outcome
from gitmodel.metrics.records import Record
from gitmodel.monitoring.incidents import Incident
from gitmodel.registry.versions import Version
from gitmodel.reports.life import PLAIN, curve, metric_names, place_of
from gitmodel.reports.words import flatten, number
from gitmodel.site.gathering import Model, plain_json, utc
from gitmodel.spec.metric_names import higher_is_better

CHUNK = 50  # versions whose details are in one file
_POINTS = 300  # of a curve
_SUBJECT = 140
_REMOVED = "removed"
Pairs = list[list[Any]]


def index_document(models: Iterable[tuple[str, Model]], environments: Sequence[str]) -> dict[str, Any]:
    """Return what the list of models shows; each model with the key that its files are named by."""
    models = list(models)
    names = sorted(
        {name for _, model in models for version in model.versions for name in version.facts.metrics}
    )
    return {
        "environments": list(environments),
        "metrics": names,
        "lower": [name for name in names if not higher_is_better(name)],
        "models": [_model_row(key, model) for key, model in models],
    }


def _model_row(key: str, model: Model) -> dict[str, Any]:
    newest = model.versions[0] if model.versions else None
    moments = [utc(newest.date) if newest else "", *(utc(change.at) for _, change in model.changes[:1])]
    opened = [each for each in model.incidents if each.is_open]
    words = [f"{each.steps[0].env}: {each.last.condition}" for each in opened]
    broken = [] if opened else list(_broken(model))
    return {
        "key": key,
        "name": model.name,
        "about": model.description[:_SUBJECT],
        "owners": ", ".join(model.owners),
        "count": len(model.versions),
        "newest": newest.version if newest else None,
        "changed": max(moments),
        "wanted": pairs(model.wanted),
        "runs": pairs(running(model.outcomes)),
        "state": _state(model, [*opened, *broken]),
        "health": "; ".join([*words, *broken, *([] if model.health in ("ok", "-") else [model.health])]),
        "incidents": len(opened),
    }


def _broken(model: Model) -> Iterator[str]:
    """Yield the newest live figures that are beyond a bound with their whole interval, where nobody heals."""
    newest = {place_of(record): record for record in model.records if record.kind == "live"}
    for env, record in newest.items():
        held = record.metrics
        for name, bound, side in model.bounds:
            low, high = (held.get(f"{name}.{end}", held.get(name, bound)) for end in ("low", "high"))
            if env in model.wanted and (high < bound if side == "min" else low > bound):
                words = "below" if side == "min" else "above"
                yield f"{env}: {name} {number(held[name])} is {words} {bound:g}"


def _state(model: Model, troubles: Sequence[Any]) -> str:
    if troubles or "failed in" in model.health:
        return "bad"
    return {"ok": "good", "-": "none"}.get(model.health, "waiting")


def pairs(values: Mapping[str, Any]) -> Pairs:
    """Return a mapping as a list of pairs."""
    return [[key, value] for key, value in values.items()]


def running(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return the version that was brought last, by environment; outcomes are newest first."""
    found: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.outcome in (*DONE, _REMOVED):
            found.setdefault(outcome.env, "" if outcome.outcome == _REMOVED else outcome.version)
    return {env: version for env, version in found.items() if version}


def versions_document(models: Iterable[Model], metrics: Sequence[str]) -> dict[str, Any]:
    """Return the rows of all versions, as short as can be: there may be ten thousand and more."""
    place = {name: order for order, name in enumerate(metrics)}
    rows: list[list[Any]] = []
    for at, model in enumerate(models):
        for version in model.versions:
            facts = version.facts
            figures: list[Any] = []
            for name, value in facts.metrics.items():
                figures += [place[name], value]
            envs = [env for env, wanted in model.wanted.items() if wanted == version.version]
            rows.append(
                [
                    at,
                    version.version,
                    utc(version.date),
                    version.model_id,
                    facts.subject[:_SUBJECT],
                    facts.algo or "",
                    ", ".join(envs),
                    figures,
                ]
            )
    rows.sort(key=lambda row: row[2], reverse=True)
    return {"rows": rows}


def model_document(model: Model) -> dict[str, Any]:
    """Return what a model's page shows, its versions oldest first."""
    versions = model.versions[::-1]
    return {
        "name": model.name,
        "about": model.description,
        "owners": list(model.owners),
        "bounds": [list(bound) for bound in model.bounds],
        "environments": _environments(model),
        "versions": [
            {
                "v": version.version,
                "at": utc(version.date),
                "id": version.model_id,
                "subject": version.facts.subject[:_SUBJECT],
                "algo": version.facts.algo or "",
                "by": version.tagger,
                "metrics": pairs(version.facts.metrics),
                "chunk": at // CHUNK,
            }
            for at, version in enumerate(versions)
        ],
        "live": _live(model.records),
        "events": _events(model),
        "incidents": [_incident(incident) for incident in model.incidents],
    }


def _environments(model: Model) -> list[dict[str, Any]]:
    runs = running(model.outcomes)
    rows = []
    for env in dict.fromkeys([*model.wanted, *runs]):
        last = next((each for each in model.outcomes if each.env == env), None)
        url = next((each.url for each in model.outcomes if each.env == env and each.outcome in DONE), "")
        since = next(
            (utc(change.at) for place, change in model.changes if place == env and change.version), ""
        )
        rows.append(
            {
                "env": env,
                "wanted": model.wanted.get(env),
                "runs": runs.get(env),
                "since": since,
                "url": url if url.startswith(("http://", "https://")) else "",
                "last": f"{last.outcome} v{last.version}" if last else "",
                "failed": bool(last and last.outcome == "failed"),
                "reason": last.reason if last else "",
            }
        )
    return rows


def _live(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return a curve a metric and environment: ``[at, version, value, low, high]`` by time."""
    live = [record for record in records if record.kind == "live"]
    found = []
    for place in sorted({place_of(record) for record in live}):
        own = [record for record in live if place_of(record) == place]
        for name in metric_names(own):
            points = [
                [utc(point.at.isoformat()), point.version, point.value, point.low, point.high]
                for point in curve(name, own).points
            ]
            found.append({"env": place, "metric": name, "points": _thinned(points)})
    return found


def _thinned(points: list[list[Any]]) -> list[list[Any]]:
    """Return so many points as can be told apart; the extremes of each stretch stay."""
    if len(points) <= _POINTS:
        return points
    size = -(-len(points) * 2 // _POINTS)
    kept = []
    for at in range(0, len(points), size):
        stretch = points[at : at + size]
        ends = {id(pick(stretch, key=lambda point: point[2])) for pick in (min, max)}
        kept += [point for point in stretch if id(point) in ends]
    return kept


def _events(model: Model) -> list[dict[str, Any]]:
    """Return what happened, oldest first: promotions, holds, deployments."""
    found = [
        {
            "at": utc(change.at),
            "env": env,
            "kind": change.action,
            "v": change.version or "",
            "text": change.subject,
            "why": change.reason,
            "by": change.by,
        }
        for env, change in model.changes
    ]
    found += [
        {
            "at": utc(outcome.at),
            "env": outcome.env,
            "kind": outcome.outcome,
            "v": outcome.version,
            "text": f"{outcome.outcome} v{outcome.version}"
            + (f" in {outcome.seconds:g} s" if outcome.seconds else ""),
            "why": outcome.reason,
            "by": outcome.by,
        }
        for outcome in model.outcomes
    ]
    return sorted((each for each in found if each["at"]), key=lambda each: (each["at"], each["kind"]))


def _incident(incident: Incident) -> dict[str, Any]:
    first = incident.steps[0]
    resolved = next((step for step in incident.steps if step.kind == "resolved"), None)
    return {
        "id": incident.id,
        "env": first.env,
        "v": first.version,
        "condition": first.condition,
        "severity": first.severity,
        "from": utc(first.at),
        "until": utc(resolved.at) if resolved else "",
        "steps": [
            [utc(step.at), step.version, step.kind, step.reason, step.result] for step in incident.steps
        ],
    }


def details_document(version: Version, records: Sequence[Record], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a version's page shows beside what the model's says of it.

    Args:
        version: The version.
        records: What was measured of it.
        more: What was found elsewhere: ``stages``, ``files``, ``api``, ``plots`` and so on.
    """
    facts = version.facts
    artifact = facts.artifact
    return {
        "tag": version.tag,
        "object": version.object,
        "commit": version.commit,
        "source": version.source,
        "date": version.date,
        "tagger": version.tagger,
        "subject": facts.subject,
        "body": facts.body,
        "encoding": facts.encoding,
        "algo": facts.algo,
        "metrics": pairs(facts.metrics),
        "parameters": [[name, plain_json(value)] for name, value in flatten(facts.parameters)],
        "data": [[path, *_ref(ref)] for path, ref in facts.data.items()],
        "artifact": [artifact.path, *_ref(artifact), artifact.sha256] if artifact else None,
        "measured": [_measured(record) for record in records if record.kind == "evaluation"],
        **more,
    }


def _ref(ref: Any) -> list[Any]:
    return [ref.md5, getattr(ref, "rows", None), ref.size]


def _measured(record: Record) -> list[Any]:
    shown = {name: value for name, value in record.metrics.items() if name not in PLAIN}
    return [utc(record.at), record.by, record.dataset.name if record.dataset else "", pairs(shown)]
