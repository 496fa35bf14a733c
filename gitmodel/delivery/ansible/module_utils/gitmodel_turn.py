"""Whose turn it is on a host: one task at a time, and none of a rollout that another has overtaken.

A runner that was killed may leave ansible behind, which would go on with its next task; so each rollout
writes a word of its own first, and every task looks for it under the host's lock.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from .gitmodel_layout import HostError, Layout


@contextmanager
def turn(layout: Layout, word: str, *, claim: bool = False) -> Iterator[None]:
    """Hold the host's lock while a task of the rollout ``word`` runs; ``claim`` makes it that one's turn.

    Raises:
        HostError: If another rollout has claimed the host since.
    """
    layout.run.mkdir(parents=True, exist_ok=True)
    holder = layout.run / "turn"
    with (layout.run / "host.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if claim:
            holder.write_text(word, "utf-8")
        elif not holder.is_file() or holder.read_text("utf-8") != word:
            raise HostError("another rollout has taken over this host")
        yield
