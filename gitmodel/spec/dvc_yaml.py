"""What a dvc.yaml, or GTO's older artifacts.yaml, declares: models that have no model.yaml, and metrics."""

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.spec import yaml_source
from gitmodel.spec.model import ENCODINGS_BY_ENDING, ArtifactSpec, DeploySpec, ModelSpec
from gitmodel.spec.paths import within
from gitmodel.spec.trees import RevisionTree

PIPELINE = "dvc.yaml"
_OLDER = "artifacts.yaml"


def declared_model(repo: Repository, rev: str | None, name: str) -> ModelSpec | None:
    """Return the model that the repository declares as an artifact; ``None`` where it does not.

    Args:
        repo: The repository.
        rev: The revision to read.
        name: The name, as GTO and `dvc artifacts` have it.
    """
    contents = RevisionTree(repo, rev).read([PIPELINE, _OLDER])
    documents = {file: _mapping(_read(content, file)) for file, content in contents.items()}
    sections = {PIPELINE: _mapping(documents[PIPELINE].get("artifacts")), _OLDER: documents[_OLDER]}
    for file, section in sections.items():
        entry = _mapping(section.get(name))
        try:
            path = within("", str(entry.get("path", "")))
            metrics = tuple(within("", metric) for metric in metrics_files(documents[PIPELINE]))
        except GitmodelError:
            continue
        encoding = ENCODINGS_BY_ENDING.get(PurePosixPath(path).suffix, "python")
        description = str(entry.get("desc") or "")
        return ModelSpec(
            name,
            "",
            file,
            description,
            artifact=ArtifactSpec(path, encoding),
            metrics=metrics,
            deploy=DeploySpec(environments=()),  # nobody has asked for automation
        )
    return None


def _read(content: bytes | None, file: str) -> Any:
    try:
        return yaml_source.parse(content, file).data if content is not None else None
    except GitmodelError:
        return None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def metrics_files(pipeline: Any) -> Iterator[str]:
    """Yield the metrics files of a pipeline, relative to its folder: of its stages, and of it as a whole."""
    document = _mapping(pipeline)
    yield from _paths(document.get("metrics"))
    for stage in _mapping(document.get("stages")).values():
        work = _mapping(stage).get("wdir")
        folder = work if isinstance(work, str) else ""
        yield from (posixpath.join(folder, path) for path in _paths(_mapping(stage).get("metrics")))


def _paths(entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, Mapping):
            yield from (str(path) for path in entry)
