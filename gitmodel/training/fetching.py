"""Files of a commit, wherever they are kept: in git, in DVC's cache, on the remote."""

import hashlib
import json
import os
import posixpath
import re
import shutil
from pathlib import Path

from gitmodel.errors import InvalidFile, ToolFailed, UsageError
from gitmodel.git.objects import Object, read_objects
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.spec.paths import within
from gitmodel.training.collected import read_collected
from gitmodel.training.lock import Tracked, tracked
from gitmodel.training.storage import cache_dir

_MD5 = re.compile(r"[0-9a-f]{32}\Z")


def fetch_file(repo: Repository, rev: str, path: str, *, pull: bool = True) -> Path:
    """Return a file as it is at a commit, pulled from the DVC remote where it is not on this machine.

    Args:
        repo: The repository.
        rev: The commit.
        path: From the top of the repository.
        pull: Ask the remote; else what is not on this machine fails.

    Returns:
        A file under its own name that must not be written to.

    Raises:
        UsageError: If the commit does not know the file.
        InvalidFile: If the content is not what the commit says.
        ToolFailed: If it is neither here nor on a remote.
    """
    held = read_objects(repo, [f"{rev}:{path}"])[0]
    if held is not None and held.type == "blob":
        return _from_git(repo, held, path)  # also where a lock names it: outputs with `cache: false`
    known = tracked(repo, rev, path)
    if known is None:
        raise UsageError(
            f"{path} is not in the commit {rev[:12]}: neither git nor DVC tracks it there",
            hint="train the model, or name the right path in model.yaml",
        )
    if known.path != path:
        known = _member(repo, rev, known, path, pull=pull)
    place = repo.state / "files" / known.md5 / posixpath.basename(path)
    if place.is_file():
        return place
    cached = _cached(repo, rev, known, pull=pull)
    _check(cached, known)
    _put(cached, place)
    return place


def _cached(repo: Repository, rev: str, known: Tracked, *, pull: bool = True) -> Path:
    """Return the place of a file in the cache, pulled where it was missing."""
    cached = cache_dir(repo) / "files" / "md5" / known.md5[:2] / known.md5[2:]
    if not cached.is_file() and not pull:
        raise ToolFailed(f"{known.path} is not on this machine", hint="`dvc pull` brings it")
    if not cached.is_file():
        _pull(repo, rev, known, cached)
    return cached


def _member(repo: Repository, rev: str, folder: Tracked, path: str, *, pull: bool) -> Tracked:
    """Return a file of a folder that DVC tracks as a whole: the cache holds the list of its files."""
    for name, md5 in list_folder(repo, rev, folder, pull=pull).items():
        if posixpath.join(folder.path, name) == path:
            return Tracked(path, md5)
    raise UsageError(f"{path} is not in the folder {folder.path} as it was at {rev[:12]}")


def fetch_folder(repo: Repository, rev: str, path: str) -> dict[str, Path]:
    """Return the files of a folder that DVC tracks, as they are at a commit, by path below it.

    Raises:
        UsageError: If DVC tracks no such folder there.
        InvalidFile: If its list names files outside of it, or content is not what it says.
        ToolFailed: If it is neither here nor on a remote.
    """
    known = tracked(repo, rev, path)
    if known is None or known.path != path or not known.is_folder:
        raise UsageError(f"{path} is no folder that DVC tracks at {rev[:12]}")
    names = list_folder(repo, rev, known)
    return {name: fetch_file(repo, rev, within(path, name)) for name in names}


def list_folder(repo: Repository, rev: str, folder: Tracked, *, pull: bool = True) -> dict[str, str]:
    """Return the digests of a folder's files by path below it, from the list that the cache holds.

    Raises:
        InvalidFile: If the list is damaged.
        ToolFailed: If it is neither here nor on a remote.
    """
    listed = json.loads(_cached(repo, rev, folder, pull=pull).read_bytes())
    found = {str(entry["relpath"]): str(entry["md5"]) for entry in listed}
    if not all(_MD5.match(md5) for md5 in found.values()):
        raise InvalidFile(f"the list of the files in {folder.path} is damaged: a digest is none")
    return found


def _from_git(repo: Repository, held: Object, path: str) -> Path:
    place = repo.state / "files" / held.oid / posixpath.basename(path)
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_name(f".{os.getpid()}-{place.name}")
        temporary.write_bytes(held.data)
        temporary.replace(place)
    return place


def _put(cached: Path, place: Path) -> None:
    """Give a file of the cache its own name: by a link where possible."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{os.getpid()}-{place.name}")
    temporary.unlink(missing_ok=True)
    try:
        os.link(cached, temporary)
    except OSError:
        shutil.copyfile(cached, temporary)
    temporary.replace(place)


def _check(file: Path, known: Tracked) -> None:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "md5").hexdigest()
    if found != known.md5:
        raise InvalidFile(
            f"the cached copy of {known.path} is damaged: its md5 is {found}, expected {known.md5}",
            hint=f"delete {file} and run the command again; it is then pulled anew",
        )


def _pull(repo: Repository, rev: str, known: Tracked, cached: Path) -> None:
    """Pull one file from the remote into the cache."""
    from gitmodel.training.pipeline import open_dvc

    commit = resolve(repo, rev)
    assert commit is not None
    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        if not dvc.has_remote:
            raise _missing(
                repo,
                commit,
                f"{known.path} (md5 {known.md5}) is not on this machine, and no DVC remote is configured",
                hint="`dvc remote add -d NAME URL` where it was pushed to, or `dvc push` it from where it is",
            )
        dvc.fetch(known.path)
    if not cached.is_file():
        raise _missing(
            repo,
            commit,
            f"{known.path} (md5 {known.md5}) is not on the DVC remote",
            hint="`dvc push` it from where it was made",
        )


def _missing(repo: Repository, commit: Oid, message: str, hint: str) -> ToolFailed:
    """Return the error for a file that is nowhere; where it was collected on purpose, it says so."""
    collected = read_collected(repo, commit)
    if not collected:
        return ToolFailed(message, hint=hint)
    again = f"`gitmodel train --force --commit {commit.short}` makes it anew, perhaps not the same"
    return ToolFailed(f"{message}: {collected[0]}", hint=again)
