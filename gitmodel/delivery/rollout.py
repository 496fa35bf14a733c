"""Bring one version of a model to an environment: nothing if it is there, else by ansible, one at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

from gitmodel.delivery import runtimes, wishes
from gitmodel.delivery.ansible.module_utils import gitmodel_layout
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.locks import environment_lock
from gitmodel.delivery.playbook import Task, sweep
from gitmodel.delivery.runtimes.looking import Found
from gitmodel.delivery.steps import StepOutcome
from gitmodel.delivery.strategy import Carrying, Manner
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import GitmodelError, UsageError

Outcome = Literal["deployed", "unchanged", "checked", "holding"]


@dataclass(frozen=True)
class Rollout:
    """What became of it: the address, how many seconds it took, what ansible did, and on which hosts.

    ``steps`` are those of a canary or shadow; where the outcome is ``holding``, more are to come.
    """

    outcome: Outcome
    url: str
    seconds: float
    tasks: tuple[Task, ...] = ()
    steps: tuple[StepOutcome, ...] = ()
    hosts: tuple[HostOutcome, ...] = ()


def roll_out(
    target: Target,
    release: Release,
    *,
    sink: Callable[[str], None],
    check: bool = False,
    manner: Manner | None = None,
) -> Rollout:
    """See to it that exactly this release answers at the target, and that no request is lost meanwhile.

    Args:
        target: Where.
        release: What.
        sink: Told each step, in a line.
        check: Only say what would change.
        manner: How the steps of a canary or shadow are taken.

    Returns:
        The outcome; ``unchanged`` where the release is there, healthy and routed.

    Raises:
        Aborted: If it did worse than the old version beside it, which is then as it was.
        ToolFailed: If it cannot be. What ran before is then as it was.
        UsageError: If the target cannot be used.
    """
    with turn(target, f"{release.model} v{release.version} to {target.name}", sink):
        return roll_out_in_turn(target, release, sink=sink, check=check, manner=manner)


@contextmanager
def turn(
    target: Target, what: str, sink: Callable[[str], None], *, wish: str = wishes.YIELD
) -> Iterator[bool]:
    """Hold an environment for oneself, waiting for whoever has it.

    Args:
        target: The environment.
        what: What for; told to those who wait.
        sink: Told whom it waits for.
        wish: What who has it shall do if it is but holding a canary or shadow; see `wishes`.

    Yields:
        Whether nobody has seen to the wish.

    Raises:
        UsageError: If the environment's folder cannot be used.
    """
    try:
        gitmodel_layout.refuse_odd_path(target.root)
    except gitmodel_layout.HostError as error:
        raise UsageError(error.message) from error
    with ExitStack() as waiting:
        waiting.enter_context(wishes.wish(target, wish))
        with environment_lock(target.lock, what, sink):
            left = wishes.is_left(target, wish)
            waiting.close()
            yield left


def roll_out_in_turn(
    target: Target,
    release: Release,
    *,
    sink: Callable[[str], None],
    check: bool = False,
    manner: Manner | None = None,
) -> Rollout:
    """Do what `roll_out` does, for one who holds the environment (see `turn`)."""
    begun = time.monotonic()
    used = runtimes.runtime(target.runtime)
    found = used.look(target, release)
    outcome: Outcome = "unchanged"
    carrying = Carrying(used, target, release, manner or Manner(), sink, lambda task: sink(tell(task)))
    hosts: tuple[HostOutcome, ...] = ()
    if found.missing:
        sink(f"{release.model} v{release.version} to {target.name}: {found.missing}")
        outcome, hosts = _carry(carrying, found, check=check)
    else:
        sweep(target.workspace)
    return Rollout(
        outcome,
        target.url(release.model),
        time.monotonic() - begun,
        tuple(carrying.tasks),
        tuple(carrying.steps),
        hosts,
    )


def _carry(carrying: Carrying, found: Found, *, check: bool) -> tuple[Outcome, tuple[HostOutcome, ...]]:
    """Take the steps of the environment's strategy, then switch."""
    target, release = carrying.target, carrying.release
    known: Found | None = found
    if target.strategy.kind != "blue-green" and not check:
        if not carrying.proceed():
            return "holding", ()
        known = None  # what was seen before the steps is old
    used = runtimes.runtime(target.runtime)
    try:
        tasks, hosts = used.deploy(target, release, check=check, sink=carrying.tell, found=known)
        carrying.tasks += tasks
    except GitmodelError as error:
        if carrying.steps:
            carrying.try_back(error)
        raise
    return ("checked" if check else "deployed"), hosts


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
    with turn(target, f"the end of {target.name}", sink):
        return runtimes.runtime(target.runtime).down(target)
