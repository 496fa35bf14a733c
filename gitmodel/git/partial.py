"""A cached copy of a remote repository that holds what a registry is made of, and little else.

The tags, environments and notes of the remote are fetched with the commits behind them; of all files only
those of notes and environments. What else is asked for (a tree, a ``dvc.lock``) git brings by itself, one
object at a time: it is a partial clone (https://git-scm.com/docs/partial-clone).
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.locks import ref_locks
from gitmodel.git.repository import Repository

# Anything else (`ext::`, `fd::`, helpers that are installed) could run what the URL says.
_TRANSPORTS = ("file", "git", "http", "https", "ssh")
_OF_GITS_SSH = ("git+ssh", "ssh+git")
_SCP_LIKE = re.compile(r"(?:[^/:@]+@)?[^/:@]+:(?!:)")
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_UNSAFE = re.compile(r"[\x00-\x20\x7f]")

_SPECS = (
    "+refs/tags/*:refs/tags/*",
    "+refs/heads/env/*:refs/heads/env/*",
    "+refs/notes/*:refs/notes/*",
)
# Refs whose files are wanted too.
_WHOLE = ("--glob=refs/heads/env", "--glob=refs/notes")
_FETCH = ("fetch", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
_SETTINGS = {
    "remote.origin.promisor": "true",
    "remote.origin.partialCloneFilter": "blob:none",
    "core.repositoryFormatVersion": "1",
    "extensions.partialClone": "origin",
    "gc.autoDetach": "false",  # or it would outlive the lock under which it was started
    "core.logAllRefUpdates": "false",
}


@dataclass(frozen=True)
class Address:
    """Where a remote repository is.

    Attributes:
        url: Without password or token: what messages and the cache may name.
        given: As it was given, where that has one.
    """

    url: str
    given: str | None = field(default=None, repr=False)

    @property
    def folder(self) -> str:
        """The name of the cache's folder for it."""
        shown = re.sub(r"[^a-z0-9]+", "-", self.url.rstrip("/").rpartition("/")[2].lower()).strip("-")
        return f"{shown[:40] or 'repository'}-{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"

    def hide(self, text: str) -> str:
        """Return a text of git in which what the URL keeps secret is not to be read."""
        if self.given is None:
            return text
        user = urlsplit(self.given).netloc.rpartition("@")[0]
        for secret in sorted({user, user.partition(":")[2]} - {""}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def parse_address(text: str) -> Address | None:
    """Read a URL as git understands it; ``None``: it is a path on this machine.

    Raises:
        UsageError: If it is neither, or of a kind that is not fetched from.
    """
    if text.startswith("-") or not text:
        raise UsageError(f"{text!r} is neither a path nor a URL", hint=f"a path can be written as ./{text}")
    if "://" not in text and os.path.exists(text):  # noqa: PTH110 - no text makes it raise
        return None
    known = ", ".join(f"{scheme}://" for scheme in _TRANSPORTS)
    if _HELPER.match(text):
        raise UsageError("addresses with :: are not fetched from", hint=f"give a path, or one of {known}")
    if "://" not in text:
        return _scp_like(text)
    if _UNSAFE.search(text):
        raise UsageError("the URL holds spaces or control characters", hint="write them as %20")
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError as error:
        raise UsageError(f"the URL is not valid: {error}") from error
    if parts.scheme not in (*_TRANSPORTS, *_OF_GITS_SSH) or host.startswith("-"):
        raise UsageError(f"{parts.scheme}://{host} is not fetched from", hint=f"give one of {known}")
    user, found, place = parts.netloc.rpartition("@")
    if not found:
        return Address(text)
    # The user of ssh is part of where; that of http may be a token.
    name = "" if parts.scheme.startswith("http") else f"{user.partition(':')[0]}@"
    return Address(parts._replace(netloc=name + place).geturl(), text)


def _scp_like(text: str) -> Address | None:
    """Read ``git@example.org:models.git``."""
    if not _SCP_LIKE.match(text) or _UNSAFE.search(text):
        return None
    if text.rpartition("@")[2].startswith("-"):
        raise UsageError(f"{text!r} names no host")
    return Address(text)


@dataclass(frozen=True)
class Mirror:
    """The cached copy of a remote repository."""

    address: Address
    repo: Repository

    @classmethod
    def of(cls, address: Address, cache: Path) -> "Mirror":
        """Return the copy in a folder of such copies; it may not be there before `fetch`."""
        folder = cache / address.folder
        environment = {"GIT_DIR": str(folder), "GIT_ALLOW_PROTOCOL": ":".join(_TRANSPORTS)}
        if address.given is not None:
            # Only processes of git see it: in the copy's own settings it would be on disk.
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"url.{address.given}.insteadOf",
                "GIT_CONFIG_VALUE_0": address.url,
            }
        return cls(address, Repository(folder, None, environment))

    @property
    def fetched(self) -> float | None:
        """When it was last brought in line, in seconds since 1970; ``None``: never to the end."""
        try:
            return self._stamp.stat().st_mtime
        except OSError:
            return None

    @property
    def _stamp(self) -> Path:
        return self.repo.git_dir / "gitmodel-fetched"

    def fetch(self) -> None:
        """Bring tags, environments and notes in line with the remote, making the copy where there is none.

        Whoever else fetches at the same time is waited for; what a killed fetch left is mended.

        Raises:
            ToolFailed: If the remote does not answer; its words, less secrets, are in ``detail``.
        """
        folder = self.repo.git_dir
        folder.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(folder.with_name(f"{folder.name}.lock")):
            if not (folder / "HEAD").exists():
                self._make()
            self._sweep()
            try:
                self._fetch("tree:0")
            except ToolFailed as error:
                if "filter" not in error.detail:
                    raise
                self._fetch("blob:none")  # some forges allow no other filter
            self._complete()
            self.repo.git("pack-refs", "--all")  # a file for each of thousands would be slow to read
            self._stamp.touch()

    def _make(self) -> None:
        """Make the copy under another name first, so that it is never there by half."""
        folder = self.repo.git_dir
        new = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        making = Repository(folder.parent, None)
        making.git("init", "--quiet", "--bare", "--template=", "--", str(new))
        for key, value in {"remote.origin.url": self.address.url, **_SETTINGS}.items():
            making.git("config", "--file", str(new / "config"), key, value)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)

    def _sweep(self) -> None:
        """Remove locks that a killed fetch left on refs; nobody else writes refs while we hold our own."""
        for left in ref_locks(self.repo):
            left.unlink(missing_ok=True)

    def _fetch(self, kind: str) -> None:
        self._run(*_FETCH, "--atomic", "--prune", f"--filter={kind}", "origin", *_SPECS)

    def _complete(self) -> None:
        """Bring the files of notes and environments, all at once."""
        # The first time what is here spares sending it again; a server that takes a commit that is here
        # for all of its files needs the second.
        for spared in ((), ("-c", "fetch.negotiationAlgorithm=noop")):
            missing = self._missing()
            if missing:
                options = ("--no-filter", "--refmap=", "--stdin", "origin")
                self._run(*spared, *_FETCH, *options, stdin="\n".join([*missing, ""]).encode())

    def _missing(self) -> list[str]:
        out = self.repo.git(
            "rev-list", "--objects", "--no-walk", "--no-object-names", "--missing=print", *_WHOLE
        )
        return [line[1:] for line in out.splitlines() if line.startswith("?")]

    def _run(self, *args: str, stdin: bytes | None = None) -> None:
        done = self.repo.run(*args, stdin=stdin, check=False)
        if done.code:
            words = self.address.hide(done.stderr.decode("utf-8", "replace").strip())
            raise ToolFailed(f"could not fetch from {self.address.url}", detail=words)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``, among threads and processes; the lock ends with its holder."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
