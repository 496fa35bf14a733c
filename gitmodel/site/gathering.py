"""All that the site shows of a repository, read by a few processes, however many versions it has."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gitmodel.delivery.history import Change, history
from gitmodel.delivery.outcomes import Outcome, parse_outcome
from gitmodel.errors import InvalidFile
from gitmodel.git.notes import read_notes
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, Record, parse_record
from gitmodel.monitoring.incidents import INCIDENTS_REF, Incident, group
from gitmodel.registry.environments import DEPLOYMENTS_REF, environments, read_wanted
from gitmodel.registry.registry import Registry, Unreadable
from gitmodel.registry.versions import Version
from gitmodel.reports.life import moment
from gitmodel.reports.models import read_models
from gitmodel.reports.overview import health, model_documents, newest_outcomes, owners_and_description

Say = Callable[[str], None]


@dataclass
class Model:
    """A model with what is known of it.

    Attributes:
        name: Its name.
        versions: Newest first.
        description, owners: From its file.
        bounds: What its quality conditions ask, in their order: a metric, the bound, and whether that
            is the ``min`` or the ``max``.
        wanted: The version that should run, by environment.
        health: As `gitmodel list --long` words it.
        records: Measurements, oldest first.
        changes: Promotions and the like, each with its environment, newest first.
        outcomes: Deployments, newest first.
        incidents: Newest first.
    """

    name: str
    versions: list[Version] = field(default_factory=list)
    description: str = ""
    owners: tuple[str, ...] = ()
    bounds: list[tuple[str, float, str]] = field(default_factory=list)
    wanted: dict[str, str] = field(default_factory=dict)
    health: str = "-"
    records: list[Record] = field(default_factory=list)
    changes: list[tuple[str, Change]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


@dataclass(frozen=True)
class Gathered:
    """The models by name, the environments, and the tags that cannot be read."""

    models: dict[str, Model]
    environments: list[str]
    broken: list[Unreadable]


def gather(repo: Repository, say: Say) -> Gathered:
    """Read everything.

    Args:
        repo: The repository.
        say: Told what takes long.
    """
    say("[site] read versions")
    versions, broken = Registry(repo).read()
    models = {row.model: Model(row.model) for row in read_models(repo)}
    for version in versions:
        models.setdefault(version.model, Model(version.model)).versions.append(version)
    _declare(repo, models)
    say("[site] read measurements, deployments and incidents")
    names = environments(repo)
    wanted = read_wanted(repo)
    newest = newest_outcomes(repo) if wanted else {}
    for model in models.values():
        model.wanted = {env: wanted[env][model.name] for env in names if model.name in wanted.get(env, {})}
        model.health = health(model.name, model.wanted, newest)
    _measure(repo, models)
    _deployments(repo, models)
    for incident in group(_lines(repo, INCIDENTS_REF)):
        if found := models.get(incident.steps[0].model):
            found.incidents.append(incident)
    for env in names:
        for change in history(repo, env):
            if found := models.get(change.model or ""):
                found.changes.append((env, change))
    return Gathered(dict(sorted(models.items())), names, broken)


def _declare(repo: Repository, models: Mapping[str, Model]) -> None:
    for name, document in model_documents(repo).items():
        if model := models.get(name):
            model.owners, model.description = owners_and_description(document)
            model.bounds = list(_bounds(document.get("quality")))


def _bounds(conditions: Any) -> Iterable[tuple[str, float, str]]:
    """Yield what conditions ask of each metric; the file may hold anything."""
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict) and isinstance(metric := condition.get("metric"), str):
            for side in ("min", "max"):
                if isinstance(bound := condition.get(side), int | float):
                    yield metric, float(bound), side


def _lines(repo: Repository, ref: str) -> Iterable[str]:
    return (line for lines in read_notes(repo, ref).values() for line in lines)


def _measure(repo: Repository, models: Mapping[str, Model]) -> None:
    for line in dict.fromkeys(_lines(repo, METRICS_REF)):
        with suppress(InvalidFile):  # `doctor` tells
            record = parse_record(line)
            if (model := models.get(record.model)) and utc(record.at):
                model.records.append(record)
    for model in models.values():
        model.records.sort(key=lambda record: record.at)


def _deployments(repo: Repository, models: Mapping[str, Model]) -> None:
    for line in _lines(repo, DEPLOYMENTS_REF):
        with suppress(InvalidFile):
            outcome = parse_outcome(line)
            if model := models.get(outcome.model):
                model.outcomes.append(outcome)
    for model in models.values():
        model.outcomes.sort(key=lambda outcome: outcome.at, reverse=True)


@lru_cache(100_000)
def utc(text: str) -> str:
    """Return a moment as ``2026-11-27T15:46:31Z``, whoever wrote it; "" where it is none."""
    plain = f"{text[:10]}T{text[11:19]}{text[20:]}" if text[19:20] == " " else text  # as tags have it
    try:
        return moment(plain).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return ""


def plain_json(value: Any) -> str:
    """Write a value as people read it: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
