"""What the locks of DVC tell of many versions at once: the stages, and the files between them."""

import posixpath
from collections.abc import Callable, Iterator, Sequence
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
    locks = _read(repo, versions, _locks)
    locked = [version for version in versions if locks[version.tag]]
    others = _read(repo, locked, _others)
    traced: dict[Any, dict[str, Any]] = {}
    found = {}
    for version in locked:
        contents = {**locks[version.tag], **others[version.tag]}
        key = (*contents.items(), *_targets(version))
        if key not in traced:
            traced[key] = _trace(version, contents)
        found[version.tag] = traced[key]
    return found


def _read(
    repo: Repository, versions: Sequence[Version], places: Callable[[Version], Iterator[str]]
) -> dict[str, dict[str, bytes]]:
    """Return by tag what is in those of some places that there are."""
    wanted = {version.tag: [*places(version)] for version in versions}
    names = {f"{version.commit}:{path}": None for version in versions for path in wanted[version.tag]}
    blobs = dict(zip(names, read_objects(repo, names), strict=True))
    return {
        version.tag: {
            path: blob.data
            for path in wanted[version.tag]
            if (blob := blobs[f"{version.commit}:{path}"]) and blob.type == "blob"
        }
        for version in versions
    }


def _targets(version: Version) -> list[str]:
    facts = version.facts
    return [*facts.data, *([str(facts.artifact.path)] if facts.artifact else [])]


def _folders(version: Version) -> Iterator[str]:
    """Yield the folder of the artifact and those above it."""
    folder = posixpath.dirname(targets[-1]) if (targets := _targets(version)) else ""
    while folder and folder != "/":
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _locks(version: Version) -> Iterator[str]:
    return (posixpath.join(folder, "dvc.lock") for folder in _folders(version))


def _others(version: Version) -> Iterator[str]:
    yield from (posixpath.join(folder, "dvc.yaml") for folder in _folders(version))
    yield from (f"{path}.dvc" for path in _targets(version))


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
