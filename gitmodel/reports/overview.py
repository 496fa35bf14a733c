"""Versions as rows of a table that can be sorted and filtered by any field, with where they run and how."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitmodel.errors import UsageError
from gitmodel.git.notes import read_notes
from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository
from gitmodel.registry.environments import DEPLOYMENTS_REF, read_wanted
from gitmodel.registry.registry import Registry, Unreadable
from gitmodel.registry.versions import Version
from gitmodel.reports.details import version_document
from gitmodel.reports.models import model_files, read_models
from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean
from gitmodel.reports.words import flatten
from gitmodel.reports.words import number as figure
from gitmodel.spec.metric_names import higher_is_better

_FAILED = "failed"
_DECISIONS = ("refused", "proposed")
_CONDITION = re.compile(r"([\w./-]+?)\s*(!=|>=|<=|=|>|<|~)\s*(.*)", re.DOTALL)
COLOURS: Colours = ((r"  (failed in [^;]*?)(?:;|  |$)", "red"), (r"(not deployed in .*?)(?:  |$)", "yellow"))
_OWN_COLUMNS = ("model", "version", "id", "date", "owners", "health")


@dataclass(frozen=True)
class Row:
    """A version, or a model without any, and what is known of the model.

    Attributes:
        model: Name of the model.
        version: The version; ``None``: none is registered.
        wanted: The version that environments should run, by environment: of the model, or where each version
            has a row, of those that want this one.
        health: What became of the newest deployments: ``ok``, or what is not and where; ``-``: none.
        owners: Who owns the model.
        description: What the model is.
    """

    model: str
    version: Version | None
    wanted: Mapping[str, str] = field(default_factory=dict)
    health: str = "-"
    owners: tuple[str, ...] = ()
    description: str = ""


def read_rows(repo: Repository, *, every: bool = False) -> tuple[list[Row], list[Unreadable]]:
    """Return a row for the newest version of each model, or for each version, and what cannot be read.

    Args:
        repo: The repository.
        every: All versions of each model, newest first.
    """
    versions, broken = Registry(repo).read() if every else Registry(repo).newest()
    by_model: dict[str, list[Version]] = {}
    for version in versions:
        by_model.setdefault(version.model, []).append(version)
    wanted = read_wanted(repo)
    outcomes = newest_outcomes(repo) if wanted else {}
    declared = _declarations(repo)
    rows = []
    for model in sorted({*by_model, *(row.model for row in read_models(repo))}):
        mine = {env: models[model] for env, models in wanted.items() if model in models}
        shown: list[Version | None] = [*by_model.get(model, [])]
        for one in (shown if every else shown[:1]) or [None]:
            number = one.version if one and every else None
            here = {env: each for env, each in mine.items() if number in (None, each)}
            words = health(model, here, outcomes)
            rows.append(Row(model, one, here, words, *declared.get(model, ((), ""))))
    return rows, broken


def newest_outcomes(repo: Repository) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the newest outcome of a deployment by environment and model."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for lines in read_notes(repo, DEPLOYMENTS_REF).values():
        for line in lines:
            try:
                found = json.loads(line)
                if found.get("outcome") in _DECISIONS:  # about a version that is not there
                    continue
                place = (str(found["env"]), str(found["model"]))
                if place not in newest or str(found["at"]) > str(newest[place]["at"]):
                    newest[place] = found
            except (ValueError, KeyError, TypeError, AttributeError):
                continue  # `doctor` tells
    return newest


def health(
    model: str, wanted: Mapping[str, str], outcomes: Mapping[tuple[str, str], Mapping[str, Any]]
) -> str:
    """Say what became of the newest deployments of a model: ``ok``, or what is not and where; ``-``: none.

    Args:
        model: Its name.
        wanted: The version that should run, by environment.
        outcomes: What `newest_outcomes` returns.
    """
    failed, waiting = [], []
    for env, version in wanted.items():
        found = outcomes.get((env, model))
        if found and found.get("outcome") == _FAILED:
            failed.append(env)
        elif not found or str(found.get("version")) != version:
            waiting.append(env)
    words = [f"failed in {', '.join(failed)}"] if failed else []
    words += [f"not deployed in {', '.join(waiting)}"] if waiting else []
    return "; ".join(words) or ("ok" if wanted else "-")


def _declarations(repo: Repository) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return owners and description by model, as the model files of HEAD give them."""
    return {name: owners_and_description(document) for name, document in model_documents(repo).items()}


def owners_and_description(document: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """Return both from the document of a model, whatever it holds."""
    owners = document.get("owners")
    return tuple(map(str, owners)) if isinstance(owners, list) else (), str(document.get("description") or "")


def model_documents(repo: Repository) -> dict[str, dict[str, Any]]:
    """Return the model files of HEAD by the name they give, as YAML has them: nothing is checked."""
    import yaml

    found = {}
    for content in read_files(repo, "HEAD", model_files(repo)).values():
        try:
            document = yaml.load(content or b"", getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
            found[str(document["name"])] = dict(document)
        except (yaml.YAMLError, KeyError, TypeError, ValueError):
            continue  # `validate` tells
    return found


def row_document(row: Row) -> dict[str, Any]:
    """Return a row for JSON; its flattened keys are the fields to sort and filter by."""
    version = row.version
    known = version_document(version) if version else {"model": row.model, "version": None}
    return {
        **known,
        "runs_in": [env for env, wanted in row.wanted.items() if version and wanted == version.version],
        "environments": dict(row.wanted),
        "health": row.health,
        "owners": list(row.owners),
        "description": row.description,
    }


def fields(row: Row) -> dict[str, Any]:
    """Return what a row can be sorted and filtered by, such as ``model`` and ``metrics.roc_auc``."""
    found = flatten(row_document(row))
    return {key: ", ".join(map(str, value)) if isinstance(value, list) else value for key, value in found}


def select(rows: Iterable[Row], conditions: Sequence[str]) -> list[Row]:
    """Return the rows that meet all conditions, such as ``metrics.roc_auc>=0.7`` or ``owners~risk``.

    Raises:
        UsageError: If a condition is none, or no row has its field.
    """
    chosen = [(row, fields(row)) for row in rows]
    for condition in conditions:
        match = _CONDITION.fullmatch(condition)
        if match is None:
            raise UsageError(
                f"{condition!r} is no condition",
                hint="write it as metrics.roc_auc>=0.7, algo=Tree or owners~ada",
            )
        name, operator, wanted = match.groups()
        _check_field(name, [known for _, known in chosen])
        chosen = [(row, known) for row, known in chosen if _meets(known.get(name), operator, wanted)]
    return [row for row, _ in chosen]


def _check_field(name: str, known: Sequence[Mapping[str, Any]]) -> None:
    names = sorted({key for each in known for key in each})
    if known and name not in names:
        from gitmodel.spec.problems import did_you_mean

        raise UsageError(
            f"no version has a field {name!r}", hint=did_you_mean(name, names) or ", ".join(names)
        )


def _meets(value: Any, operator: str, wanted: str) -> bool:
    if operator == "~":
        return wanted.lower() in str(value).lower()
    if operator in ("=", "!="):
        same = _number(value) == _number(wanted) if _number(wanted) is not None else str(value) == wanted
        return same == (operator == "=")
    left, right = _number(value), _number(wanted)
    if left is None or right is None:
        return value is not None and _ordered(str(value), operator, wanted)
    return _ordered(left, operator, right)


def _ordered(left: Any, operator: str, right: Any) -> bool:
    order = ">" if left > right else "<" if left < right else "="
    return order in operator


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def sort(rows: Iterable[Row], name: str) -> list[Row]:
    """Return the rows in the order of a field: metrics the best first, all else rising.

    A ``-`` before the name turns the order; what has no such field comes last.

    Raises:
        UsageError: If no row has it.
    """
    turned, key = name.startswith("-"), name.removeprefix("-")
    pairs = [(row, fields(row)) for row in rows]
    _check_field(key, [known for _, known in pairs])
    best_first = key.startswith("metrics.") and higher_is_better(key.removeprefix("metrics."))
    having = [(row, known[key]) for row, known in pairs if known.get(key) is not None]
    having.sort(key=lambda pair: _order(pair[1]), reverse=best_first != turned)
    return [*(row for row, _ in having), *(row for row, known in pairs if known.get(key) is None)]


def _order(value: Any) -> tuple[bool, float, str]:
    found = _number(value)
    return (found is None, found or 0.0, str(value))


def overview(rows: Sequence[Row], extra: Iterable[str] = ()) -> list[str]:
    """Return the table: what names each, a column an environment, owners, health, and extra fields."""
    environments = sorted({env for row in rows for env in row.wanted})
    shown = [*dict.fromkeys(name for name in extra if name not in _OWN_COLUMNS)]
    head = ["MODEL", "VERSION", "ID", "DATE", *(env.upper() for env in environments), "OWNERS", "HEALTH"]
    table = [[*head, *(name.upper() for name in shown)]]
    for row in rows:
        version, known = row.version, fields(row)
        table.append(
            [
                row.model,
                f"v{version.version}" if version else "-",
                version.model_id if version else "-",
                version.date[:10] if version else "-",
                *(f"v{row.wanted[env]}" if env in row.wanted else "-" for env in environments),
                ", ".join(row.owners) or "-",
                row.health,
                *(_cell(known.get(name)) for name in shown),
            ]
        )
    return align([[clean(cell) for cell in cells] for cells in table])


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return figure(value) if isinstance(value, int | float) else str(value)


def condition_fields(conditions: Iterable[str]) -> Iterator[str]:
    """Return the fields that conditions are about."""
    for condition in conditions:
        if match := _CONDITION.fullmatch(condition):
            yield match[1]
