"""Add files to a folder that DVC tracks, as `dvc add` would, without a work tree."""

import posixpath
from collections.abc import Mapping
from pathlib import Path

from gitmodel.errors import UsageError
from gitmodel.git.objects import list_files, read_file
from gitmodel.git.repository import Repository
from gitmodel.training.fetching import fetch_folder
from gitmodel.training.keeping import keep_folder
from gitmodel.training.lock import tracked


def folder_files(repo: Repository, commit: str, path: str) -> dict[str, Path]:
    """Return the files of a folder at a commit, by path below it; a folder that is not there has none.

    Raises:
        UsageError: If git keeps the folder, or DVC as a part of something else.
        ToolFailed: If a file of it is neither here nor on a remote.
    """
    hint = f"`dvc add {path}` makes it a folder that DVC tracks by itself"
    if list_files(repo, commit, path):
        raise UsageError(f"{path} is kept by git, so no rows can be added to it", hint=hint)
    known = tracked(repo, commit, path)
    if known is None:
        return {}
    if known.path != path or not known.is_folder or read_file(repo, commit, f"{path}.dvc") is None:
        raise UsageError(f"{path} is part of what a pipeline makes, or no folder", hint=hint)
    return fetch_folder(repo, commit, path)


def add_files(
    repo: Repository, commit: str, path: str, files: Mapping[str, Path]
) -> tuple[str, dict[str, bytes]]:
    """Put a folder of these files into DVC's cache.

    Returns:
        The digest of the folder, and what git has to keep for it, by path: the ``.dvc`` file, and a
        ``.gitignore`` that lacks the folder.
    """
    above, name = posixpath.split(path)
    kept = keep_folder(repo, files)
    changes = {f"{path}.dvc": kept.pointer(name)}
    ignore = posixpath.join(above, ".gitignore")
    ignored = read_file(repo, commit, ignore) or b""
    line = f"/{name}".encode()
    if line not in ignored.splitlines():
        end = b"" if not ignored or ignored.endswith(b"\n") else b"\n"
        changes[ignore] = ignored + end + line + b"\n"
    return kept.md5, changes
