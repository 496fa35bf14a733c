"""Metrics that a commit of a GTO repository names in its dvc.yaml."""

import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.objects import read_objects
from gitmodel.git.repository import Repository
from gitmodel.metrics.values import Metrics, read_metrics
from gitmodel.spec import yaml_source
from gitmodel.spec.dvc_yaml import PIPELINE, metrics_files
from gitmodel.spec.paths import within
from gitmodel.training import fetch_file

Place = tuple[str, str]
"""A commit, and a folder or file there."""


@dataclass(frozen=True)
class Measured:
    """The metrics of a model at a commit, and why files are left out."""

    metrics: Metrics
    skipped: tuple[str, ...]


def read_measured(repo: Repository, places: Iterable[Place]) -> dict[Place, Measured]:
    """Return the metrics at commits; places without a dvc.yaml are not in it.

    Args:
        repo: Where.
        places: Commits, and the folders of the dvc.yaml there.
    """
    wanted = list(dict.fromkeys(places))
    pipelines = _read(repo, [(rev, posixpath.join(folder, PIPELINE)) for rev, folder in wanted])
    named: dict[Place, list[str]] = {}
    found: dict[Place, Measured] = {}
    for (rev, folder), text in zip(wanted, pipelines, strict=True):
        if text is not None:
            try:
                paths = {within(folder, path) for path in metrics_files(_parse(text, PIPELINE))}
                named[rev, folder] = sorted(paths)
            except GitmodelError as error:
                found[rev, folder] = Measured({}, (f"{PIPELINE} at {rev[:8]}: {error.message}",))
    files = [(place[0], path) for place, paths in named.items() for path in paths]
    texts = dict(zip(files, _read(repo, files), strict=True))
    return found | {place: _measure(repo, place[0], paths, texts) for place, paths in named.items()}


def _read(repo: Repository, files: Sequence[Place]) -> list[bytes | None]:
    """Read files at commits, all in one process; ``None`` for each that git does not hold."""
    found = read_objects(repo, (f"{rev}:{path}" for rev, path in files))
    return [blob.data if blob is not None and blob.type == "blob" else None for blob in found]


def _measure(
    repo: Repository, rev: str, paths: Iterable[str], texts: Mapping[Place, bytes | None]
) -> Measured:
    metrics: Metrics = {}
    skipped = []
    for path in paths:
        try:
            text = texts[rev, path]
            if text is None:
                text = fetch_file(repo, rev, path).read_bytes()  # DVC may hold it
            metrics |= read_metrics(_parse(text, path), path)
        except GitmodelError as error:
            skipped.append(f"the metrics {path} at {rev[:8]}: {error.message}")
    return Measured(metrics, tuple(skipped))


def _parse(text: bytes, path: str) -> Any:
    if path.endswith(".json"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidFile(f"it is no JSON: {error}") from error
    return yaml_source.parse(text, path).data
