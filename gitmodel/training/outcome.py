"""What a training left in its work tree: metrics, parameters, artifact, data."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.values import Metrics, read_metrics
from gitmodel.registry.versions import ArtifactRef, DataRef
from gitmodel.spec import ModelSpec
from gitmodel.training.digest import read_parameters
from gitmodel.training.fetching import fetch_file
from gitmodel.training.lock import tracked
from gitmodel.training.pipeline import Dvc


def collect_metrics(repo: Repository, tree: Path, spec: ModelSpec, known: Oid | None) -> Metrics:
    """Return the numbers of the metrics files that the specification names.

    Args:
        repo: The repository.
        tree: The work tree after the training.
        spec: The model.
        known: The run that the result was taken from, whose metrics DVC may hold.

    Raises:
        InvalidFile: If a file is missing, cannot be read, or holds something else than numbers.
    """
    metrics: Metrics = {}
    for name in spec.metrics:
        path = spec.path(name)
        file = tree / path
        if known and not file.is_file():
            file = fetch_file(repo, known, path)
        metrics.update(read_metrics(_read_document(file, path), path))
    return metrics


def _read_document(file: Path, name: str) -> Any:
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidFile(
            f"the training left no metrics file {name}",
            hint="have the pipeline write it, or correct `metrics:` in model.yaml",
        ) from error
    try:
        return json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError) as error:
        raise InvalidFile(
            f"the metrics file {name} cannot be read",
            detail=str(error),
            hint="have the pipeline write JSON to a file that ends in .json, YAML to any other",
        ) from error


def collect_parameters(dvc: Dvc, stages: list[Any]) -> dict[str, Any]:
    """Return all parameters of the stages: by their last name where that is unique, else by the whole."""
    values: dict[str, Any] = {}
    for stage in stages:
        for parameters in read_parameters(dvc, stage).values():
            values.update(_flat(parameters, ""))
    last = Counter(name.rpartition(".")[2] for name in values)
    return {
        short if last[short := name.rpartition(".")[2]] == 1 else name: value
        for name, value in values.items()
    }


def _flat(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        flat.update(_flat(value, f"{name}.") if isinstance(value, dict) else {name: value})
    return flat


def collect_artifact(repo: Repository, spec: ModelSpec, commit: Oid) -> ArtifactRef:
    """Return the artifact's digests and size.

    Raises:
        InvalidFile: If the training left none.
        ToolFailed: If it cannot be had from the remote.
    """
    path = spec.artifact_path
    try:
        file = fetch_file(repo, commit, path)
    except UsageError as error:
        raise InvalidFile(
            f"the training left no artifact {path} that git or DVC tracks",
            hint="name it under `outs:` of a stage, or correct `artifact:` in model.yaml",
        ) from error
    content = file.read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return ArtifactRef(path, md5, hashlib.sha256(content).hexdigest(), len(content))


def collect_data(repo: Repository, spec: ModelSpec, commit: Oid) -> dict[str, DataRef]:
    """Return digest, rows and size of the data that the specification names."""
    named = (spec.data.train, spec.data.test) if spec.data else ()
    data: dict[str, DataRef] = {}
    for name in filter(None, named):
        path = spec.path(name)
        known = tracked(repo, commit, path)
        if known and known.is_folder and known.path == path:
            data[path] = DataRef(known.md5, None, known.size)
        else:
            file = fetch_file(repo, commit, path)
            md5 = (
                known.md5
                if known and not known.is_folder
                else hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
            )
            data[path] = DataRef(md5, count_rows(file), file.stat().st_size)
    return data


def count_rows(file: Path) -> int | None:
    """Return how many rows a data file has; ``None`` for kinds that cannot be counted."""
    if file.suffix == ".parquet":
        from pyarrow import parquet

        return int(parquet.read_metadata(file).num_rows)
    if file.suffix in {".csv", ".jsonl", ".ndjson"}:
        import pandas as pd

        return len(pd.read_csv(file) if file.suffix == ".csv" else pd.read_json(file, lines=True))
    return None
