"""Where specification files are read from: a revision of a repository, or a folder on disk."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gitmodel.git.objects import list_files, read_files
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.spec import environment, paths, repository
from gitmodel.spec.repository import RepositorySpec

_ENVIRONMENT_FILE = re.compile(rf"{environment.FOLDER}/[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\.yaml")
_NO_FOLDERS = frozenset({"node_modules", "__pycache__"})


class Tree(Protocol):
    """Files by posix path, relative to the top of a models repository."""

    def paths(self) -> list[str]:
        """Return the paths of all files."""

    def read(self, wanted: Iterable[str]) -> dict[str, bytes | None]:
        """Return the contents of files; ``None`` for each that cannot be read as one."""


@dataclass(frozen=True)
class RevisionTree:
    """The files of a revision; works in a bare repository. No revision has no files."""

    repo: Repository
    rev: str | None

    def paths(self) -> list[str]:
        """Return the paths of all files, less those whose names are not UTF-8."""
        files = list_files(self.repo, self.rev) if self.rev else {}
        return [path for path in files if path.isprintable()]

    def read(self, wanted: Iterable[str]) -> dict[str, bytes | None]:
        """Return the contents of files, all in one process."""
        return read_files(self.repo, self.rev, wanted) if self.rev else dict.fromkeys(wanted)


@dataclass(frozen=True)
class FolderTree:
    """The files below a folder as they are on disk, committed or not."""

    root: Path

    def paths(self) -> list[str]:
        """Return the paths of all files, less those in hidden folders and virtual environments."""
        found = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if self._entered(Path(folder, name)))
            prefix = Path(folder).relative_to(self.root)
            found += [(prefix / name).as_posix() for name in files]
        return [path for path in found if path.isprintable()]

    @staticmethod
    def _entered(folder: Path) -> bool:
        if folder.name.startswith(".") or folder.name in _NO_FOLDERS:
            return False
        return not (folder / "pyvenv.cfg").exists()

    def read(self, wanted: Iterable[str]) -> dict[str, bytes | None]:
        """Return the contents of files."""
        return {path: self._read(self.root / path) for path in wanted}

    @staticmethod
    def _read(file: Path) -> bytes | None:
        try:
            return file.read_bytes()
        except OSError:
            return None


def model_files(files: Iterable[str], settings: RepositorySpec) -> list[str]:
    """Return, sorted, the paths that hold models."""
    reserved = (repository.FILE, f"{environment.FOLDER}/")
    return [path for path in paths.matching(files, settings.models) if not path.startswith(reserved)]


def environment_files(files: Iterable[str]) -> list[str]:
    """Return, sorted, the paths that may hold environments: ``environments/<name>.yaml``.

    A name has no dot, so ``environments/production.hosts.yaml`` is an inventory.
    """
    return sorted(path for path in files if _ENVIRONMENT_FILE.fullmatch(path))


def site_files(repo: Repository) -> dict[str, Path]:
    """Return the files of environments that live beside the repository and on no branch, by name.

    A clone has none: its environments are those of its remote, also where it had its own before.
    """
    if default_remote(repo) is not None:
        return {}
    folder = repo.state / environment.FOLDER
    found = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {name: path for name, path in found.items() if environment_file(name) is not None}


def environment_file(name: str) -> str | None:
    """Return where the environment with that name is in a tree; ``None``: it is no name."""
    path = f"{environment.FOLDER}/{name}.yaml"
    return path if _ENVIRONMENT_FILE.fullmatch(path) else None
