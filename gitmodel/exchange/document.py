"""Everything that is known of models, as one plain document; ``schemas/export.schema.json`` describes it."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from gitmodel.exchange.marks import TRAILER
from gitmodel.exchange.naming import choose
from gitmodel.exchange.records import read_records
from gitmodel.git.commits import Commit, read_log
from gitmodel.git.notes import read_notes
from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository
from gitmodel.git.tags import read_tags
from gitmodel.git.trailers import parse_message
from gitmodel.git.values import Oid
from gitmodel.metrics.records import Record, format_record
from gitmodel.registry.environments import DEPLOYMENTS_REF, env_tip, environments, file_name
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version

FORMAT = 1
_STRUCTURED = ("Metrics", "Parameters", "Artifact", "Data", TRAILER)


def make_document(repo: Repository, wanted: Sequence[str] = ()) -> dict[str, Any]:
    """Return the document.

    Args:
        repo: Where to read.
        wanted: Names of models; none: all.

    Raises:
        UsageError: If there is no such model.
    """
    registry = Registry(repo)
    models = list(choose((latest.model for latest in registry.latest()), wanted).names)
    read = {model: registry.read(model) for model in models}
    records = read_records(repo, [version for versions, _ in read.values() for version in versions])
    messages = {tag.name: tag.message for tag in read_tags(repo)}
    return {
        "format": FORMAT,
        "models": [
            {
                "name": model,
                "versions": [
                    _version(version, messages[version.tag], records[version.tag]) for version in versions
                ],
                "unreadable": [{"tag": tag.tag, "reason": tag.reason} for tag in broken],
            }
            for model, (versions, broken) in read.items()
        ],
        "environments": [_environment(repo, env, models) for env in environments(repo)],
    }


def _version(version: Version, message: str, records: Sequence[Record]) -> dict[str, Any]:
    facts = version.facts
    return {
        "version": version.version,
        "tag": version.tag,
        "object": version.object,
        "commit": version.commit,
        "date": version.date,
        "tagger": version.tagger,
        "subject": facts.subject,
        "body": facts.body,
        "trailers": {key: _trailer(key, value) for key, value in parse_message(message).trailers.items()},
        "metrics": [json.loads(format_record(record)) for record in records],
    }


def _trailer(key: str, value: str) -> Any:
    """Return a structured value as what it is; the others, and one that is broken, as text."""
    try:
        found = json.loads(value) if key in _STRUCTURED else value
    except ValueError:
        return value
    return found if isinstance(found, dict) else value


def _environment(repo: Repository, env: str, models: Iterable[str]) -> dict[str, Any]:
    tip = env_tip(repo, env)
    assert tip is not None
    paths = {file_name(model): model for model in models}
    files = read_files(repo, tip, paths)
    commits = read_log(repo, tip, paths=list(paths)) if paths else []
    deployments = read_notes(repo, DEPLOYMENTS_REF, [commit.oid for commit in commits])
    return {
        "name": env,
        "models": {paths[path]: _mapping(text) for path, text in files.items() if text is not None},
        "history": [_change(commit, deployments.get(commit.oid, ())) for commit in commits],
    }


def _mapping(text: bytes) -> dict[str, Any]:
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    return found if isinstance(found, dict) else {}


def _change(commit: Commit, lines: Iterable[str]) -> dict[str, Any]:
    subject, _, body = commit.message.partition("\n")
    return {
        "commit": Oid(commit.oid),
        "at": commit.date,
        "by": commit.author,
        "subject": subject,
        "body": body.strip("\n"),
        "deployments": [found for found in map(_outcome, lines) if found],
    }


def _outcome(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
