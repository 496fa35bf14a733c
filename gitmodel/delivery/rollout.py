"""Bring one version of a model to an environment: nothing if it is there, else by ansible, one at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from gitmodel.delivery import runtimes
from gitmodel.delivery.ansible.module_utils import gitmodel_layout
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.locks import environment_lock
from gitmodel.delivery.playbook import Task, sweep
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import UsageError

Outcome = Literal["deployed", "unchanged", "checked"]


@dataclass(frozen=True)
class Rollout:
    """What became of it: the address, how many seconds it took, what ansible did, and on which hosts."""

    outcome: Outcome
    url: str
    seconds: float
    tasks: tuple[Task, ...] = ()
    hosts: tuple[HostOutcome, ...] = ()


def roll_out(
    target: Target, release: Release, *, sink: Callable[[str], None], check: bool = False
) -> Rollout:
    """See to it that exactly this release answers at the target, and that no request is lost meanwhile.

    Args:
        target: Where.
        release: What.
        sink: Told each step, in a line.
        check: Only say what would change.

    Returns:
        The outcome; ``unchanged`` where the release is there, healthy and routed.

    Raises:
        ToolFailed: If it cannot be. What ran before is then as it was.
        UsageError: If the target cannot be used.
    """
    with turn(target, f"{release.model} v{release.version} to {target.name}", sink):
        return roll_out_in_turn(target, release, sink=sink, check=check)


@contextmanager
def turn(target: Target, what: str, sink: Callable[[str], None]) -> Iterator[None]:
    """Hold an environment for oneself, waiting for whoever has it; ``what`` is told to those who wait.

    Raises:
        UsageError: If the environment's folder cannot be used.
    """
    try:
        gitmodel_layout.refuse_odd_path(target.root)
    except gitmodel_layout.HostError as error:
        raise UsageError(error.message) from error
    with environment_lock(target.lock, what, sink):
        yield


def roll_out_in_turn(
    target: Target, release: Release, *, sink: Callable[[str], None], check: bool = False
) -> Rollout:
    """Do what `roll_out` does, for one who holds the environment (see `turn`)."""
    begun = time.monotonic()
    used = runtimes.runtime(target.runtime)
    missing = used.is_live(target, release)
    outcome: Outcome = "unchanged"
    tasks: tuple[Task, ...] = ()
    hosts: tuple[HostOutcome, ...] = ()
    if missing:
        sink(f"{release.model} v{release.version} to {target.name}: {missing}")
        tasks, hosts = used.deploy(target, release, check=check, sink=lambda task: sink(tell(task)))
        outcome = "checked" if check else "deployed"
    else:
        sweep(target.workspace)
    return Rollout(outcome, target.url(release.model), time.monotonic() - begun, tasks, hosts)


def tell(task: Task) -> str:
    """Return a task as a line for people."""
    done = task.status if task.status != "ok" else "changed" if task.changed else "ok"
    where = "" if task.host == "localhost" else f"{task.host}: "
    return f"  {where}{task.name}: {done}" + (f" ({task.message})" if task.message else "")


def down(target: Target, *, sink: Callable[[str], None] = lambda _line: None) -> bool:
    """Stop everything that an environment runs, its supervisor included; say whether anything ran.

    Raises:
        ToolFailed: If something does not end.
    """
    if not target.root.is_dir():
        return False
    with environment_lock(target.lock, f"the end of {target.name}", sink):
        return runtimes.runtime(target.runtime).down(target)
