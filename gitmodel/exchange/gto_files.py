"""Metrics that a commit of a GTO repository names in its dvc.yaml."""

import json
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.objects import read_objects
from gitmodel.git.repository import Repository
from gitmodel.metrics.values import Metrics, read_metrics
from gitmodel.spec import yaml_source
from gitmodel.spec.dvc_yaml import metrics_files
from gitmodel.spec.paths import within
from gitmodel.training import fetch_file


@dataclass(frozen=True)
class Measured:
    """The metrics of a model at a commit, and why files are left out."""

    metrics: Metrics
    skipped: tuple[str, ...]


def read_measured(repo: Repository, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Measured]:
    """Return the metrics at commits, by commit and folder of the dvc.yaml.

    Args:
        repo: Where.
        places: Commits and folders; a folder may be missing, or have no dvc.yaml.
    """
    wanted = list(dict.fromkeys(places))
    pipelines = read_objects(repo, (f"{rev}:{posixpath.join(folder, 'dvc.yaml')}" for rev, folder in wanted))
    found = {}
    for place, blob in zip(wanted, pipelines, strict=True):
        if blob is not None and blob.type == "blob":
            found[place] = _measure(repo, *place, blob.data)
    return found


def _measure(repo: Repository, rev: str, folder: str, pipeline: bytes) -> Measured:
    metrics: Metrics = {}
    skipped = []
    try:
        paths = sorted({within(folder, path) for path in metrics_files(_parse(pipeline, "dvc.yaml"))})
    except GitmodelError as error:
        return Measured({}, (f"the metrics that dvc.yaml names at {rev[:8]}: {error.message}",))
    for path in paths:
        try:
            text = fetch_file(repo, rev, path).read_bytes()
            metrics |= read_metrics(_parse(text, path), path)
        except GitmodelError as error:
            skipped.append(f"the metrics {path} at {rev[:8]}: {error.message}")
    return Measured(metrics, tuple(skipped))


def _parse(text: bytes, path: str) -> Any:
    if path.endswith(".json"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise InvalidFile(f"it is no JSON: {error}") from error
    return yaml_source.parse(text, path).data
