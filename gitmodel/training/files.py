"""One file of a commit: from git, from DVC's cache, or pulled from DVC's remote; checked by its digest."""

import hashlib
import json
import os
import posixpath
import shutil
from collections.abc import Sequence
from pathlib import Path

from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.objects import Entry, list_files, read_objects
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.training import jobs, storage
from gitmodel.training.tracked import Tracked, find_tracked

_MODE = 0o444


def fetch_file(repo: Repository, rev: str, path: str) -> Path:
    """Return the file at a path of a commit.

    Args:
        repo: The repository, bare or not.
        rev: The commit.
        path: From the top of the repository, posix.

    Returns:
        A file under its own name that must not be written to: it may be a link to DVC's cache.

    Raises:
        UsageError: If the commit is not there, or knows no such file.
        ToolFailed: If the content is neither in the cache nor on a remote, or is damaged.
    """
    return fetch_files(repo, rev, [path])[0]


def fetch_files(repo: Repository, rev: str, paths: Sequence[str]) -> list[Path]:
    """Return the files at many paths of a commit, pulling what is missing at once; see `fetch_file`."""
    commit, entries = _open(repo, rev)
    places: dict[str, Path] = {}
    cached: dict[str, Tracked] = {}
    for path in paths:
        if path in entries:
            places[path] = _from_git(repo, path, entries[path])
        else:
            cached[path] = _find(repo, commit, path, entries)
    missing = sorted({known.path for known in cached.values() if not _whole(repo, known)})
    if missing:
        jobs.run_job(repo, "pull", lambda _: None, commit=commit, paths=missing)
    places |= {path: _from_cache(repo, known, path) for path, known in cached.items()}
    return [places[path] for path in paths]


def on_this_machine(repo: Repository, rev: str, paths: Sequence[str]) -> bool:
    """Say whether `fetch_files` needs no remote for these files.

    Raises:
        UsageError: If the commit is not there, or knows no such file.
    """
    commit, entries = _open(repo, rev)
    return all(path in entries or _whole(repo, _find(repo, commit, path, entries)) for path in paths)


def _open(repo: Repository, rev: str) -> tuple[Oid, dict[str, Entry]]:
    commit = resolve(repo, rev)
    if commit is None:
        raise UsageError(f"there is no commit {rev!r} here", hint="run `git fetch`, then try again")
    return commit, list_files(repo, commit)


def _find(repo: Repository, commit: Oid, path: str, entries: dict[str, Entry]) -> Tracked:
    found = find_tracked(repo, commit, path, entries)
    if found is None:
        raise UsageError(
            f"{path} is not a file of commit {commit.short}: neither git nor DVC knows it there",
            hint="train the model, or commit the `dvc.lock` (or the `.dvc` file) that names it",
        )
    return found


def _from_git(repo: Repository, path: str, entry: Entry) -> Path:
    place = _place(repo, entry.oid, path)
    if not place.exists():
        blob = read_objects(repo, [entry.oid])[0]
        if blob is None:
            raise ToolFailed(f"the content of {path} is not in this copy", hint="run `git fetch`")
        made = _beside(place)
        made.write_bytes(blob.data)
        made.chmod(_MODE)
        made.replace(place)
    return place


def _from_cache(repo: Repository, known: Tracked, path: str) -> Path:
    """Give a file of the cache its own name, by a link where possible, after checking its content."""
    md5 = known.md5 if path == known.path else _member(repo, known, path)
    file = _cache_file(repo, known, md5)
    if not known.legacy and md5_of(file) != md5:
        raise ToolFailed(
            f"{path} is damaged in DVC's cache: its md5 is {md5_of(file)}, not {md5}",
            hint=f"remove {file} and run the command again: it is pulled anew",
        )
    place = _place(repo, md5, path)
    if not (place.exists() and place.samefile(file)):
        made = _beside(place)
        try:
            os.link(file, made)
        except OSError:
            shutil.copyfile(file, made)
            made.chmod(_MODE)
        made.replace(place)
    return place


def _place(repo: Repository, digest: str, path: str) -> Path:
    return repo.state / "files" / digest / posixpath.basename(path)


def _beside(place: Path) -> Path:
    """Return a free name beside a file that shall appear whole, or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = place.with_name(f".{os.getpid()}-{place.name}")
    made.unlink(missing_ok=True)
    return made


def _whole(repo: Repository, known: Tracked) -> bool:
    """Say whether the cache holds a file, or a folder with all its files."""
    root = _cache_file(repo, known, known.md5)
    if not (known.is_folder and root.is_file()):
        return root.is_file()
    return all(_cache_file(repo, known, md5).is_file() for md5 in _listing(root).values())


def _listing(file: Path) -> dict[str, str]:
    """Return the digests of a folder's files, by path inside it."""
    return {entry["relpath"]: entry["md5"] for entry in json.loads(file.read_bytes())}


def _member(repo: Repository, known: Tracked, path: str) -> str:
    md5 = _listing(_cache_file(repo, known, known.md5)).get(posixpath.relpath(path, known.path))
    if md5 is None:
        raise UsageError(f"the folder {known.path}, which DVC tracks, has no file {path}")
    return md5


def _cache_file(repo: Repository, known: Tracked, md5: str) -> Path:
    """Return where the cache of the nearest ``.dvc`` folder at or above a path keeps some content."""
    folder = posixpath.dirname(known.path)
    while folder and storage.dvc_folder(repo, folder) is None:
        folder = posixpath.dirname(folder)
    cache = storage.cache_dir(repo, folder)
    return (cache if known.legacy else cache / "files" / "md5") / md5[:2] / md5[2:]


def md5_of(file: Path) -> str:
    """Return the md5 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
