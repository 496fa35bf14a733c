"""What the locks of DVC tell of many versions at once: the stages, and the files between them."""

import posixpath
from collections.abc import Iterator, Sequence
from typing import Any

from gitmodel.git.objects import read_objects
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.reports.lineage import describe
from gitmodel.reports.stages import Pipelines

_SHOWN = 400  # characters of a command


def read_stages(repo: Repository, versions: Sequence[Version]) -> dict[str, dict[str, Any]]:
    """Return by tag the ``stages`` on the way to a version and its ``files``, from one batch read.

    What the commit does not tell is left out. Versions of one commit and one place share what is read.
    """
    places = {version.tag: tuple(_places(version)) for version in versions}
    names = {
        f"{version.commit}:{path}": None
        for version in versions
        for path in places[version.tag]
        if "\n" not in path
    }
    blobs = dict(zip(names, read_objects(repo, names), strict=True))
    traced: dict[Any, dict[str, Any]] = {}
    found = {}
    for version in versions:
        contents = {
            path: blob.data
            for path in places[version.tag]
            if (blob := blobs.get(f"{version.commit}:{path}")) and blob.type == "blob"
        }
        if contents:
            key = (*contents.items(), *_targets(version))
            if key not in traced:
                traced[key] = _trace(version, contents)
            found[version.tag] = traced[key]
    return found


def _targets(version: Version) -> list[str]:
    facts = version.facts
    return [*facts.data, *([str(facts.artifact.path)] if facts.artifact else [])]


def _places(version: Version) -> Iterator[str]:
    """Yield the files that may tell: locks in the folders above the artifact, ``.dvc`` files beside."""
    targets = _targets(version)
    yield from (f"{path}.dvc" for path in targets)
    folder = posixpath.dirname(targets[-1]) if targets else ""
    while True:
        yield posixpath.join(folder, "dvc.lock")
        yield posixpath.join(folder, "dvc.yaml")
        if not folder or folder == "/":
            return
        folder = posixpath.dirname(folder)


def _trace(version: Version, contents: dict[str, bytes]) -> dict[str, Any]:
    stages, files = Pipelines(contents).trace(_targets(version))
    return {
        "stages": [
            [
                stage.name.rpartition(":")[2],
                stage.command.strip()[:_SHOWN],
                list(stage.inputs),
                list(stage.outputs),
            ]
            for stage in stages
        ],
        "files": [[file.path, describe(file), file.source or ""] for file in files.values()],
    }
