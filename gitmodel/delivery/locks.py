"""One rollout at a time in an environment: a file lock that ends with its holder, however that ends."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO


@contextmanager
def environment_lock(path: Path, what: str, sink: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file at ``path``, waiting for whoever has it; ``sink`` is told who that is.

    The file's text names the holder; the kernel lets go of the lock when the holder ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if not _try(file):
            sink(f"waiting for {_holder(file)}")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        now = datetime.now(UTC).strftime("%H:%M:%S UTC")
        file.write(json.dumps({"what": what, "pid": os.getpid(), "since": now}))
        file.flush()
        yield


def _try(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        found = json.loads(file.read())
        return f"{found['what']} (process {found['pid']}, since {found['since']})"
    except (KeyError, TypeError, ValueError):
        return "another rollout of this environment"
