"""Which files DVC tracks at a commit, and by which digest, read from git alone."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository


@dataclass(frozen=True)
class Tracked:
    """A file or folder that DVC tracks: path from the top, md5 (``….dir`` for a folder), bytes."""

    path: str
    md5: str
    size: int | None = None


def tracked(repo: Repository, rev: str, path: str) -> Tracked | None:
    """Return what DVC knows of a path at a commit; ``None`` where it does not track it.

    Raises:
        InvalidFile: If ``dvc.lock`` or the ``.dvc`` file is not valid.
    """
    locks = [posixpath.join(folder, "dvc.lock") for folder in _parents(path)]
    contents = read_files(repo, rev, [f"{path}.dvc", *locks])
    for file, content in contents.items():
        if content is not None:
            for out in _outs(content, file):
                if out.path == path:
                    return out
    return None


def _parents(path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def _document(content: bytes, file: str) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe
    except yaml.YAMLError as error:
        raise InvalidFile(f"{file} is not valid YAML", detail=str(error)) from error
    if document is not None and not isinstance(document, dict):
        raise InvalidFile(f"{file} holds no mapping")
    return document or {}


def _outs(content: bytes, file: str) -> Iterator[Tracked]:
    document = _document(content, file)
    folder = posixpath.join(posixpath.dirname(file), document.get("wdir", ""))
    for holder in (document, *(document.get("stages") or {}).values()):
        for out in holder.get("outs") or ():
            if "md5" in out:
                path = posixpath.normpath(posixpath.join(folder, out["path"]))
                yield Tracked(path, out["md5"], out.get("size"))


def locked_outs(content: bytes, file: str) -> dict[str, str]:
    """Return the digests of all outputs that a lock names, by path."""
    return {out.path: out.md5 for out in _outs(content, file)}
