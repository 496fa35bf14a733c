"""What a tag made by hand does not say, read from the commit that it points to."""

import json
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitmodel.errors import GitmodelError
from gitmodel.git.commits import read_log
from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository
from gitmodel.metrics.values import Metrics, read_metrics
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, Version

if TYPE_CHECKING:
    from gitmodel.spec.model import ModelSpec

Files = Mapping[str, bytes | None]
Documents = Mapping[str, dict[str, Any]]


def complete(repo: Repository, version: Version) -> Version:
    """Return the version with what its tag lacks.

    What the commit does not hold either, or holds in a file that cannot be read, stays absent.
    """
    facts = version.facts
    if facts.run or facts.artifact:
        return version
    with suppress(GitmodelError):
        if not facts.subject:
            facts = _with_message(repo, version, facts)
        spec = _spec(repo, version)
        files = read_files(repo, version.commit, _paths(spec))
        facts = _fill(facts, spec, files)
    return replace(version, facts=facts)


def _with_message(repo: Repository, version: Version, facts: Facts) -> Facts:
    """Take the message of the commit for a tag without one."""
    for commit in read_log(repo, version.commit, limit=1):  # none where the tag is on something else
        subject, _, body = commit.message.partition("\n")
        return replace(facts, subject=subject, body=body.strip("\n"))
    return facts


def _spec(repo: Repository, version: Version) -> "ModelSpec":
    from gitmodel.spec.loading import load_model

    return load_model(repo, version.commit, version.model)


def _paths(spec: "ModelSpec") -> list[str]:
    """Return the files of a commit that tell about a version."""
    tracked = (f"{path}.dvc" for path in (spec.artifact.path, *_data(spec)))
    return [spec.path(path) for path in ("params.yaml", "dvc.lock", *spec.metrics, *tracked)]


def _data(spec: "ModelSpec") -> list[str]:
    return [path for path in (spec.data.train, spec.data.test) if path] if spec.data else []


def _fill(facts: Facts, spec: "ModelSpec", files: Files) -> Facts:
    documents = {path: _mapping(content, path) for path, content in files.items()}
    tracked = _tracked(spec, documents)
    artifact = tracked.get(spec.artifact_path, DataRef())
    data = {path: tracked[path] for path in map(spec.path, _data(spec)) if path in tracked}
    return replace(
        facts,
        encoding=facts.encoding or spec.artifact.encoding,
        metrics=facts.metrics or _metrics(spec, documents),
        parameters=facts.parameters or documents[spec.path("params.yaml")],
        artifact=ArtifactRef(spec.artifact_path, artifact.md5, size=artifact.size),
        data=facts.data or data,
    )


def _metrics(spec: "ModelSpec", documents: Documents) -> Metrics:
    found: Metrics = {}
    for path in map(spec.path, spec.metrics):
        with suppress(GitmodelError):
            found.update(read_metrics(documents[path], path))
    return found


def _tracked(spec: "ModelSpec", documents: Documents) -> dict[str, DataRef]:
    """Return md5 and size of what DVC tracks, by path from the top of the repository."""
    lock = documents[spec.path("dvc.lock")]
    found = {}
    for stage in _mappings(list(lock["stages"].values()) if isinstance(lock.get("stages"), dict) else ()):
        for out in (*_mappings(stage.get("deps")), *_mappings(stage.get("outs"))):
            path = posixpath.normpath(posixpath.join(spec.folder, str(out.get("path"))))
            found[path] = _ref(out)
    for path, document in documents.items():
        if path.endswith(".dvc"):
            found.update({path.removesuffix(".dvc"): _ref(out) for out in _mappings(document.get("outs"))})
    return found


def _ref(out: Mapping[str, Any]) -> DataRef:
    md5, size = out.get("md5"), out.get("size")
    return DataRef(md5 if isinstance(md5, str) else None, size=size if isinstance(size, int) else None)


def _mappings(values: object) -> Iterator[dict[str, Any]]:
    for value in values if isinstance(values, list | tuple) else ():
        if isinstance(value, dict):
            yield value


def _mapping(content: bytes | None, path: str) -> dict[str, Any]:
    """Read a JSON or YAML file; what is no mapping is an empty one."""
    from gitmodel.spec.yaml_source import parse

    document: object = None
    try:
        document = json.loads(content or b"{}")
    except ValueError:
        with suppress(GitmodelError):
            document = parse(content or b"", path).data
    return document if isinstance(document, dict) else {}
