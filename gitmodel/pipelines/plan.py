"""Which models a change touches, and why: decided from paths alone; what follows is decided by digests.

Only what a model's folder holds, and what its pipeline names, can change its result. So a script at the top
touches nothing, and shared code touches the models whose stages name it as a dependency.
"""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitmodel.spec import InvalidSpec, ModelSpec
from gitmodel.spec.repository import FILE, LOCK_FILES

# Files that no training reads unless its pipeline names them, by how their names begin.
_WORDS = ("README", "LICENSE", "CHANGELOG", ".gitignore", ".dvcignore")
_APART = ("environments/", ".github/", ".gitlab/", ".gitlab-ci.yml", ".pre-commit-config.yaml", "docs/")
# What all models depend on: settings, and the Python environment.
_COMMON = (FILE, *LOCK_FILES)


@dataclass(frozen=True)
class Touched:
    """A model to look at, and the change that asks for it.

    Where its file is not valid, ``broken`` says so and ``spec`` has its name and place alone: that model
    fails, others go on.
    """

    spec: ModelSpec
    reason: str
    broken: InvalidSpec | None = None

    def checked(self) -> ModelSpec:
        """Return the specification.

        Raises:
            InvalidSpec: If it is not valid.
        """
        if self.broken:
            raise self.broken
        return self.spec


def reasons(files: Iterable[str], paths: Iterable[str], reached: Mapping[str, str]) -> dict[str, str]:
    """Return the model files that a change touches, each with the first reason.

    Args:
        files: The ``model.yaml`` files of the revision.
        paths: What changed.
        reached: The pipelines that read any of it, or what others make of it, with the reasons.
    """
    folders = {posixpath.dirname(file): file for file in files}
    found: dict[str, str] = {}
    for path in paths:
        if path in _COMMON:
            found = {file: found.get(file, f"{path} changed") for file in folders.values()}
        elif not posixpath.basename(path).startswith(_WORDS) and not path.startswith(_APART):
            owner = _owner(folders, path)
            if owner is not None:
                found.setdefault(folders[owner], f"{path} changed")
    for pipeline, why in reached.items():
        folder = posixpath.dirname(pipeline)
        if folder in folders:
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
