"""What somebody wants of a rollout that another process holds: a word in a file, looked at while it waits."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitmodel.delivery.target import Target

CONTINUE, ABORT, YIELD = "continue", "abort", "yield"
_PAUSE = 0.2


@contextmanager
def wish(target: Target, word: str) -> Iterator[None]:
    """Let whoever waits in an environment know, as long as this lasts.

    ``continue``: the step has been held for long enough; ``abort``: put back; ``yield``: leave it as it is,
    another one goes on with it.
    """
    file = _file(target)
    file.parent.mkdir(parents=True, exist_ok=True)
    own = file.with_name(f"wish.{os.getpid()}.{threading.get_ident()}")
    own.write_text(json.dumps(_own(word)), "utf-8")
    own.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def sleep(target: Target, seconds: float) -> str:
    """Wait, and return early what another process wishes; "" where nobody has said anything."""
    deadline = time.monotonic() + seconds
    while True:
        found = _read(_file(target))
        if found:
            return found
        rest = deadline - time.monotonic()
        if rest <= 0:
            return ""
        time.sleep(min(_PAUSE, rest))


def is_left(target: Target, word: str) -> bool:
    """Say whether nobody has seen to this process's own wish."""
    try:
        return bool(json.loads(_file(target).read_text("utf-8")) == _own(word))
    except (OSError, ValueError):
        return False


def _own(word: str) -> dict[str, object]:
    return {"word": word, "pid": os.getpid()}


def _file(target: Target) -> Path:
    return target.workspace / "wish"


def _read(file: Path) -> str:
    """Return the wish of a process that is there; to continue is for one step, so that one is taken away."""
    try:
        found = json.loads(file.read_text("utf-8"))
        word, pid = str(found["word"]), int(found["pid"])
        os.kill(pid, 0)
    except (KeyError, OSError, TypeError, ValueError):
        return ""
    if pid == os.getpid() or word not in (CONTINUE, ABORT, YIELD):
        return ""
    if word == CONTINUE:
        file.unlink(missing_ok=True)
    return word
