"""Which models a change touches, and why: decided from paths alone; what follows is decided by digests.

Only what a model's folder holds, and what its pipeline names, can change its result. So a script at the top
touches nothing, and shared code touches the models whose stages name it as a dependency.
"""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitmodel.pipelines.readers import Pipelines
from gitmodel.spec import ModelSpec
from gitmodel.spec.repository import FILE, LOCK_FILES

# Files that no training reads, by how their names begin.
_WORDS = ("README", "LICENSE", "CHANGELOG", ".gitignore", ".dvcignore")
_APART = ("environments/", ".github/", ".gitlab/", ".gitlab-ci.yml", ".pre-commit-config.yaml", "docs/")
# What all models depend on: settings, and the Python environment.
_COMMON = (FILE, *LOCK_FILES)


@dataclass(frozen=True)
class Touched:
    """A model to look at, and the change that asks for it."""

    spec: ModelSpec
    reason: str


def reasons(files: Iterable[str], paths: Iterable[str], pipelines: Pipelines) -> dict[str, str]:
    """Return the model files that a change touches, each with the first reason.

    Args:
        files: The ``model.yaml`` files of the revision.
        paths: What changed.
        pipelines: The pipelines of the revision.
    """
    folders = {posixpath.dirname(file): file for file in files}
    found: dict[str, str] = {}
    for path in paths:
        if posixpath.basename(path).startswith(_WORDS) or path.startswith(_APART):
            continue
        if path in _COMMON:
            for file in folders.values():
                found.setdefault(file, f"{path} changed")
            continue
        owner = _owner(folders, path)
        if owner is not None:
            found.setdefault(folders[owner], f"{path} changed")
        for reader, why in pipelines.readers(path):
            folder = _owner(folders, reader)
            if folder is not None:
                found.setdefault(folders[folder], why)
    return found


def _owner(folders: Mapping[str, str], path: str) -> str | None:
    """Return the deepest folder of a model that holds a path."""
    folder = posixpath.dirname(path)
    while True:
        if folder in folders:
            return folder
        if not folder:
            return None
        folder = posixpath.dirname(folder)
