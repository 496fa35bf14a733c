"""Files that come from elsewhere, kept as `dvc add` keeps them, which itself needs a work tree."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.training.storage import cache_dir


@dataclass(frozen=True)
class KeptFile:
    """A file in the cache: its digests and bytes."""

    md5: str
    sha256: str
    size: int


@dataclass(frozen=True)
class KeptFolder:
    """A folder in the cache, and its files by path below it."""

    md5: str
    files: Mapping[str, KeptFile]

    def pointer(self, name: str) -> bytes:
        """Write the ``.dvc`` file that stands for the folder, which is beside it under this name."""
        import yaml

        size = sum(file.size for file in self.files.values())
        out = {"md5": self.md5, "size": size, "nfiles": len(self.files), "hash": "md5", "path": name}
        return yaml.safe_dump({"outs": [out]}, sort_keys=False, allow_unicode=True).encode()


def keep_folder(repo: Repository, files: Mapping[str, Path]) -> KeptFolder:
    """Copy files into DVC's cache, as one folder.

    Args:
        repo: Whose cache.
        files: Where they are, by posix path below the folder.
    """
    place = cache_dir(repo) / "files" / "md5"
    kept = {name: _keep(file, place) for name, file in files.items()}
    entries = sorted(({"md5": file.md5, "relpath": name} for name, file in kept.items()), key=_by_path)
    listed = json.dumps(entries, sort_keys=True).encode()
    md5 = f"{hashlib.md5(listed, usedforsecurity=False).hexdigest()}.dir"
    _put(place / md5[:2] / md5[2:], listed)
    return KeptFolder(md5, kept)


def _by_path(entry: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(entry["relpath"].split("/"))


def _keep(file: Path, place: Path) -> KeptFile:
    with file.open("rb") as stream:
        md5 = hashlib.file_digest(stream, "md5").hexdigest()
        stream.seek(0)
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    _put(place / md5[:2] / md5[2:], file)
    return KeptFile(md5, sha256, file.stat().st_size)


def _put(place: Path, content: bytes | Path) -> None:
    """Put a file into the cache by a rename, so that a killed copy is not taken for the whole."""
    if place.is_file():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    # At the top of the cache: below `files` DVC would take what a killed copy leaves for a file of its own.
    temporary = place.parents[3] / f".{os.getpid()}-{place.name}"
    if isinstance(content, bytes):
        temporary.write_bytes(content)
    else:
        shutil.copyfile(content, temporary)
    temporary.chmod(0o444)
    temporary.replace(place)


def share_file(repo: Repository, commit: Oid, path: str) -> bool:
    """Send to the DVC remote what a ``.dvc`` file of a commit stands for.

    Returns:
        Whether there is a remote.

    Raises:
        ToolFailed: If it does not take the files.
    """
    from gitmodel.training.pipeline import open_dvc

    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        if dvc.has_remote:
            dvc.push(path)
        return dvc.has_remote
