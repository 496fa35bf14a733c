"""The Python packages that a commit locks, beside those that are installed."""

import json
import posixpath
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.training.digest import lock_files


@dataclass(frozen=True)
class Locked:
    """A package that a file locks: which versions it allows, and the one that is installed, if any."""

    file: str
    name: str
    allowed: str
    installed: str | None
    fits: bool


def read_packages(repo: Repository, commit: Oid, folder: str) -> list[Locked]:
    """Return the packages that the lock files of a model name and that matter on this machine.

    A lock file that cannot be read stands for itself, as a package that does not fit.
    """
    found = []
    for file, content in read_files(repo, commit, lock_files(repo, commit, folder)).items():
        try:
            found += list(_read(file, (content or b"").decode()))
        except (ValueError, TypeError, KeyError, AttributeError):
            found.append(Locked(file, posixpath.basename(file), "cannot be read", None, fits=False))
    return found


def _read(file: str, text: str) -> Iterator[Locked]:
    name = posixpath.basename(file)
    if name.startswith("requirements"):
        yield from _requirements(file, text)
    elif name == "Pipfile.lock":
        # Such locks are made for every machine, so what is not installed may not be meant for this one.
        for package, entry in json.loads(text).get("default", {}).items():
            yield from _installed(file, package, entry.get("version", "").removeprefix("=="))
    else:
        for entry in tomllib.loads(text).get("package", ()):
            yield from _installed(file, entry["name"], entry.get("version", ""))


def _requirements(file: str, text: str) -> Iterator[Locked]:
    from packaging.requirements import InvalidRequirement, Requirement

    for line in text.splitlines():
        try:
            wanted = Requirement(line.partition(" #")[0].rstrip("\\ "))
        except InvalidRequirement:
            continue  # a comment, an option, a hash
        if wanted.specifier and (wanted.marker is None or wanted.marker.evaluate()):
            there = _version(wanted.name)
            fits = there is not None and wanted.specifier.contains(there, prereleases=True)
            yield Locked(file, wanted.name, str(wanted.specifier), there, fits)


def _installed(file: str, name: str, version: str) -> Iterator[Locked]:
    there = _version(name)
    if version and there is not None:
        yield Locked(file, name, f"=={version}", there, there == version)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
