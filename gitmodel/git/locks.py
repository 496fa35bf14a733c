"""Locks of refs that a killed git has left behind: git itself never takes them away."""

import time
from contextlib import suppress
from itertools import chain
from pathlib import Path

from gitmodel.git.repository import Repository

# Git holds the lock of a ref for milliseconds; a hook of a person's may make seconds of them.
_STALE = 60.0


def ref_locks(repo: Repository) -> list[Path]:
    """Return the locks of refs: beside each that is a file, one for those that are packed, or in tables."""
    folders = [(repo.git_dir / name).rglob("*.lock") for name in ("refs", "reftable")]
    return sorted([*chain(*folders), *repo.git_dir.glob("packed-refs.lock")])


def stale_locks(repo: Repository) -> list[Path]:
    """Return the locks of refs that are older than any living git holds one."""
    return [lock for lock in ref_locks(repo) if _age(lock) > _STALE]


def _age(lock: Path) -> float:
    try:
        return time.time() - lock.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def remove_stale_locks(repo: Repository) -> list[Path]:
    """Remove them, and return which there were; what a ref points to is not touched."""
    locks = stale_locks(repo)
    for lock in locks:
        with suppress(FileNotFoundError):
            lock.unlink()
    return locks
