"""What DVC tracks at a commit, read from the files that git holds; DVC itself is not imported."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository

_DIRECTORY = ".dir"


@dataclass(frozen=True)
class Tracked:
    """A file or folder that DVC keeps.

    Attributes:
        path: From the top of the repository.
        md5: Of its content; of a folder's listing it ends in ``.dir``.
        legacy: Kept by DVC 2, whose digests of texts ignore how lines end.
        stage: Name of the stage that writes it; ``None``: a ``.dvc`` file names it.
        size: Bytes, where known.
    """

    path: str
    md5: str
    legacy: bool = False
    stage: str | None = None
    size: int | None = None

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.md5.endswith(_DIRECTORY)

    def holds(self, path: str) -> bool:
        """Say whether ``path`` is it, or inside it."""
        return path == self.path or (self.is_folder and path.startswith(f"{self.path}/"))


def find_tracked(repo: Repository, rev: str, path: str, files: Iterable[str]) -> Tracked | None:
    """Return what DVC tracks at, or around, a path at a revision; the nearest lock files are read first.

    Args:
        repo: The repository.
        rev: The revision.
        path: From the top of the repository.
        files: All paths that git holds at that revision.
    """
    names = [name for name in files if name.endswith(".dvc") or posixpath.basename(name) == "dvc.lock"]
    parents = {posixpath.dirname(path), *_parents(path)}
    near = [name for name in names if posixpath.dirname(name) in parents]
    far = [name for name in names if name not in set(near)]
    for group in (sorted(near, key=len, reverse=True), far):
        for tracked in _read_all(repo, rev, group):
            if tracked.holds(path):
                return tracked
    return None


def _parents(path: str) -> Iterator[str]:
    while path:
        path = posixpath.dirname(path)
        yield path


def _read_all(repo: Repository, rev: str, names: list[str]) -> Iterator[Tracked]:
    for name, content in read_files(repo, rev, names).items():
        folder = posixpath.dirname(name)
        if name.endswith(".dvc"):
            for out in _mappings(parse_yaml(content).get("outs")):
                yield from _tracked(folder, str(parse_yaml(content).get("wdir", ".")), out, None)
        else:
            yield from read_lock(repo, rev, folder)


def read_lock(repo: Repository, rev: str, folder: str) -> list[Tracked]:
    """Return the outputs that the ``dvc.lock`` of a folder records."""
    lock, pipeline = read_pipeline(repo, rev, folder)
    return [
        tracked
        for stage, entry in _items(lock.get("stages"))
        for out in _mappings(entry.get("outs"))
        for tracked in _tracked(folder, _wdir(pipeline, stage), out, stage)
    ]


def read_parameters(repo: Repository, rev: str, folder: str) -> dict[str, Any]:
    """Return the parameters that the ``dvc.lock`` of a folder records, nested names joined by dots."""
    lock, _ = read_pipeline(repo, rev, folder)
    found: dict[str, Any] = {}
    for _, entry in _items(lock.get("stages")):
        for _, values in _items(entry.get("params")):
            found.update(_flatten(values))
    return found


def read_pipeline(repo: Repository, rev: str, folder: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the ``dvc.lock`` and the ``dvc.yaml`` of a folder; what is absent is empty."""
    paths = [posixpath.join(folder, name) for name in ("dvc.lock", "dvc.yaml")]
    contents = read_files(repo, rev, paths)
    return parse_yaml(contents[paths[0]]), parse_yaml(contents[paths[1]])


def parse_yaml(content: bytes | None) -> dict[str, Any]:
    """Read a YAML file of DVC; what is no mapping is an empty one."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(content, loader) if content else None  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _wdir(pipeline: dict[str, Any], stage: str) -> str:
    """Return where a stage runs, relative to its pipeline; a generated stage is named ``stage@item``."""
    entry = dict(_items(pipeline.get("stages"))).get(stage.partition("@")[0], {})
    inner = entry.get("do", entry)
    return str(inner.get("wdir", ".")) if isinstance(inner, dict) else "."


def _tracked(folder: str, wdir: str, out: dict[str, Any], stage: str | None) -> Iterator[Tracked]:
    md5, path, size = out.get("md5"), out.get("path"), out.get("size")
    if isinstance(md5, str) and isinstance(path, str) and "://" not in path and not path.startswith("/"):
        full = posixpath.normpath(posixpath.join(folder, wdir, path))
        legacy = out.get("hash") != "md5"
        yield Tracked(full, md5, legacy, stage, size if isinstance(size, int) else None)


def _mappings(values: object) -> Iterator[dict[str, Any]]:
    for value in values if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield value


def _items(values: object) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in values.items() if isinstance(values, dict) else ():
        if isinstance(value, dict):
            yield str(name), value


def _flatten(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
