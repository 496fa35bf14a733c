"""Delete copies of segments that nobody needs any more."""

import fcntl
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from gitmodel.delivery.ansible.module_utils.gitmodel_segments import KINDS
from gitmodel.metrics.pruned import note_pruned
from gitmodel.registry.names import model_key
from gitmodel.spec import ModelSpec

_SURELY_CLOSED = timedelta(hours=1)  # services write to none that is older


def kept_for(spec: ModelSpec) -> timedelta:
    """Return how long copies of a model are kept: as on the hosts, and while windows or silence last."""
    windows = [condition.window for condition in spec.quality]
    silent = [spec.feedback.silence.after] if spec.feedback and spec.feedback.silence else []
    return max([spec.monitor.keep, _SURELY_CLOSED, *windows, *silent])


def prune(folder: Path, model: str, age: timedelta, is_needed: Callable[[Path], bool]) -> int:
    """Delete copies that have not grown for some time; return how many.

    Killed half-way, a copy is whole or gone; one that is gone without a note of it comes again.

    Args:
        folder: What was collected of an environment: a folder a host.
        model: Whose.
        age: For how long.
        is_needed: Says of an old copy whether it stays all the same.
    """
    oldest = time.time() - age.total_seconds()
    count = 0
    for own in [each for kind in KINDS for each in folder.glob(f"*/{kind}/{model_key(model)}")]:
        with (own.parents[1] / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # whoever collects from that host appends to copies
            for left in own.glob(".*.going"):
                left.unlink()
            for file in sorted(own.glob("*.jsonl")):
                if file.stat().st_mtime < oldest and not is_needed(file):
                    _delete(file)
                    count += 1
    return count


def _delete(file: Path) -> None:
    going = file.rename(file.with_name(f".{file.name}.going"))
    note_pruned(file.parent, file.name, going.stat().st_size)
    going.unlink()
