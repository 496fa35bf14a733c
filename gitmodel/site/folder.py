"""The folder of the site: only what has changed is written, and what is no longer wanted goes."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from gitmodel.errors import UsageError
from gitmodel.registry.names import model_key

MARK = "gitmodel-site.txt"
_MARK_TEXT = "Written by `gitmodel site build`. What else is in this folder is removed by it.\n"
_LONGEST = 100


@dataclass(frozen=True)
class Written:
    """How many files there are, and how many of them were written or removed, and the bytes of all."""

    files: int
    written: int
    removed: int
    size: int


def key_of(model: str) -> str:
    """Return the name of a model as part of a file's name, whatever it holds; no two models share one."""
    key = re.sub(r"[^a-z0-9._-]", lambda match: f"~{ord(match[0]):x}~", model_key(model))
    if len(key) <= _LONGEST and not key.startswith("."):
        return key
    return f"{key.strip('.')[:_LONGEST]}~{sha256(model.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def script(key: str, document: Any) -> bytes:
    """Return a document as a script: a page that was opened from a disk may not read files in another way.

    Nothing in it can end the script or begin another: ``<``, ``>``, ``&`` and all that is not ASCII are
    written as escapes.
    """
    text = json.dumps(document, separators=(",", ":"))
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return f"gitmodel.take({json.dumps(key)},{text});\n".encode("ascii")


def write(folder: Path, files: Mapping[str, bytes]) -> Written:
    """Make a folder hold these files and no others.

    Args:
        folder: Made where it is not there.
        files: Contents by path.

    Raises:
        UsageError: If it holds files and was not written by us.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", hint="choose another with -o")
    found = _files(folder)
    if found and MARK not in found:
        raise UsageError(
            f"{folder} holds files that `gitmodel site build` has not written",
            hint="choose another folder with -o, or empty it",
        )
    wanted = {MARK: _MARK_TEXT.encode(), **files}
    (folder / "data").mkdir(parents=True, exist_ok=True)
    written = [path for path, data in wanted.items() if not _holds(folder / path, data, found.get(path))]
    for parent in {(folder / path).parent for path in written}:
        parent.mkdir(parents=True, exist_ok=True)
    for path in sorted(written, key=lambda path: (path != MARK, path == "index.html")):
        _put(folder / path, wanted[path], is_new=path not in found)
    stale = found.keys() - wanted.keys()
    for path in stale:
        (folder / path).unlink(missing_ok=True)
    _drop_empty(folder, {(folder / path).parent for path in stale})
    return Written(len(wanted), len(written), len(stale), sum(map(len, wanted.values())))


def _files(folder: Path) -> dict[str, int]:
    """Return the size of each file, by path."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix(): path.lstat().st_size for path in found}


def _holds(path: Path, data: bytes, size: int | None) -> bool:
    return size == len(data) and path.read_bytes() == data


def _put(path: Path, data: bytes, *, is_new: bool) -> None:
    """Write a file; whoever reads it meanwhile sees the old or the new one.

    Nothing names a new one yet: ``index.html`` is written last. The next build mends what a killed one left.
    """
    if is_new:
        path.write_bytes(data)
        return
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _drop_empty(folder: Path, places: set[Path]) -> None:
    for place in sorted(places, reverse=True):
        if place != folder and place.is_dir() and not any(place.iterdir()):
            place.rmdir()
