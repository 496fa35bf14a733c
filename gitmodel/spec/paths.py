"""Paths and globs of a repository: posix, relative, never out of their folder."""

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache

from gitmodel.errors import InvalidFile

_GLOB_PARTS = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_GLOB_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def within(folder: str, path: str) -> str:
    """Return ``path``, which is relative to ``folder``, as a path relative to the repository.

    Args:
        folder: A folder of the repository, posix, "" for its root.
        path: A posix path relative to that folder.

    Raises:
        InvalidFile: If the path is empty, absolute or leaves the folder.
    """
    plain = posixpath.normpath(path) if path else ""
    if not plain or plain == ".." or plain.startswith(("/", "../", "~")) or "\0" in plain or "\\" in plain:
        raise InvalidFile(
            f"the path {path!r} is not inside the folder {folder or '.'!r}",
            hint='give a relative path, with "/" between its parts and without ".."',
        )
    return posixpath.normpath(posixpath.join(folder, plain))


def matching(paths: Iterable[str], globs: Iterable[str]) -> list[str]:
    """Return, sorted, the paths that match one of the globs (``*`` stays in a folder, ``**`` does not)."""
    patterns = [_pattern(glob) for glob in globs]
    return sorted(path for path in paths if any(pattern.fullmatch(path) for pattern in patterns))


@lru_cache(maxsize=64)
def _pattern(glob: str) -> re.Pattern[str]:
    parts = _GLOB_PARTS.findall(glob.removeprefix("./"))
    return re.compile("".join(_GLOB_MEANING.get(part) or re.escape(part) for part in parts), re.DOTALL)
