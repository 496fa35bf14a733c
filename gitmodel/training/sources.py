"""Where a registry is read from and its artifacts come from: a repository here, or a copy of a remote one."""

import hashlib
import os
import posixpath
import re
import shutil
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gitmodel.errors import InvalidFile, ToolFailed, UsageError
from gitmodel.git.objects import read_objects
from gitmodel.git.partial import Mirror, file_lock, parse_address
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.versions import ArtifactRef
from gitmodel.training.fetching import fetch_file
from gitmodel.training.objects import UNFINISHED, fetch_object

_MD5 = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class StaleWarning(UserWarning):
    """The remote did not answer, so what is read may be old."""


class Source(Protocol):
    """A repository, however it is reached."""

    @property
    def repo(self) -> Repository:
        """Where git is asked."""

    def refresh(self) -> None:
        """Bring tags, environments and notes in line with the remote, where there is one."""

    def file(self, commit: Oid, artifact: ArtifactRef) -> Path:
        """Return the file of an artifact, fetched where it is not here, after comparing it with its digests.

        Raises:
            InvalidFile: If it is another file than the one that was registered.
            ToolFailed: If it cannot be fetched.
        """


def open_source(place: str | os.PathLike[str]) -> Source:
    """Return the source at a path or a URL; a copy of a URL is made or brought in line.

    Raises:
        UsageError: If there is no repository, or the URL is of no kind that is fetched from.
        ToolFailed: If a remote does not answer that was never fetched from.
    """
    address = parse_address(place) if isinstance(place, str) else None
    if address is None:
        return Local(Repository.open(Path(place).expanduser()))
    cache = cache_folder()
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)  # repositories may be private
    source = Remote(Mirror.of(address, cache / "repositories"), cache / "artifacts")
    source.refresh()
    return source


def cache_folder() -> Path:
    """Return the folder for what can be fetched again, as the XDG specification has it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "gitmodel"  # noqa: PTH117


@dataclass(frozen=True)
class Local:
    """A repository on this machine, with DVC's cache and remote."""

    repo: Repository

    def refresh(self) -> None:
        """Fetch from the remote that shares the registry; nothing where there is none."""
        fetch(self.repo)

    def file(self, commit: Oid, artifact: ArtifactRef) -> Path:
        """See `Source`."""
        self.repo.state.mkdir(parents=True, exist_ok=True)
        with file_lock(self.repo.state / "files.lock"):
            found = fetch_file(self.repo, commit, artifact.path)
        check(found, artifact)
        return found


@dataclass(frozen=True)
class Remote:
    """A copy of a remote repository, and a folder of artifacts by digest."""

    mirror: Mirror
    artifacts: Path

    @property
    def repo(self) -> Repository:
        """The copy."""
        return self.mirror.repo

    def refresh(self) -> None:
        """Bring the copy in line; where the remote does not answer, warn how old it is."""
        try:
            self.mirror.fetch()
        except ToolFailed as error:
            if self.mirror.fetched is None:
                raise
            text = f"{error.message}: what is read was fetched {_ago(time.time() - self.mirror.fetched)} ago"
            words = error.detail.splitlines()
            warnings.warn(f"{text} ({words[-1]})" if words else text, StaleWarning, stacklevel=5)

    def file(self, commit: Oid, artifact: ArtifactRef) -> Path:
        """See `Source`; whoever else fetches the same artifact is waited for, and it is fetched once."""
        place = self.artifacts / _key(artifact, commit) / _file_name(artifact)
        place.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(place.parent / ".lock"):
            if not _is_whole(place, artifact):
                for left in place.parent.glob(f"{UNFINISHED}*"):
                    shutil.rmtree(left, ignore_errors=True)  # of a fetch that was killed
                part = place.with_name(".part")
                self._fetch(commit, artifact, part)
                check(part, artifact)
                part.replace(place)
        return place

    def _fetch(self, commit: Oid, artifact: ArtifactRef, part: Path) -> None:
        held = read_objects(self.repo, [f"{commit}:{artifact.path}"])[0]
        if held is not None and held.type == "blob":
            part.write_bytes(held.data)
        elif _MD5.fullmatch(artifact.md5 or ""):
            fetch_object(self.repo, commit, str(artifact.md5), part, url=self.mirror.address.url)
        else:
            raise UsageError(
                f"neither the tag nor its commit says by which digest {artifact.path} is to be had",
                hint="clone the repository and open the clone: `gitmodel register` makes tags that say it",
            )


def _key(artifact: ArtifactRef, commit: Oid) -> str:
    """Return the name of an artifact's folder: by what identifies it best."""
    if _SHA256.fullmatch(artifact.sha256 or ""):
        return str(artifact.sha256)
    return f"{commit}-{hashlib.sha256(artifact.path.encode()).hexdigest()[:16]}"


def _file_name(artifact: ArtifactRef) -> str:
    name = posixpath.basename(artifact.path)
    if name.startswith(".") or not name.isprintable() or not name:
        raise InvalidFile(f"{artifact.path!r} is no name for an artifact")
    return name


def _is_whole(place: Path, artifact: ArtifactRef) -> bool:
    try:
        check(place, artifact)
    except (InvalidFile, OSError):
        return False
    return True


def check(file: Path, artifact: ArtifactRef) -> None:
    """Compare a file with the size and the digests that are known of it.

    Raises:
        InvalidFile: If it is another file.
    """
    found = ArtifactRef(
        artifact.path,
        _digest(file, "md5") if artifact.md5 and not artifact.sha256 else None,
        _digest(file, "sha256") if artifact.sha256 else None,
        file.stat().st_size,
    )
    for what in ("size", "sha256", "md5"):
        expected, is_there = getattr(artifact, what), getattr(found, what)
        if expected is not None and is_there is not None and expected != is_there:
            raise InvalidFile(
                f"{artifact.path} is not the file that was registered: "
                f"its {what} is {is_there}, the tag says {expected}",
                hint="the DVC remote may be damaged; train again and register a new version",
            )


def _digest(file: Path, kind: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest()


def _ago(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
