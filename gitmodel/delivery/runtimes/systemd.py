"""Runtime ``systemd``: services as units of systemd on the hosts of an inventory, reached over ssh.

A rollout takes hosts in batches: start beside the old version, and switch. Only when all have done so is the
old version stopped; until then, returning to it is a rename on each host.
"""

import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitmodel.delivery import playbook
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.inventories import batches, pattern
from gitmodel.delivery.playbook import RolloutFailed, Task
from gitmodel.delivery.runtimes.asking import request
from gitmodel.delivery.runtimes.looking import Found, Seen, look, look_at_all, where, words_of
from gitmodel.delivery.runtimes.states import HostState
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import UsageError

_CARGO = "cargo-"
_SWITCH = "Start beside the old version, and send it requests"  # the task of the role
Sink = Callable[[Task], None]


@dataclass
class _Progress:
    """How far a rollout is: what became of each host until now, and since when."""

    seen: Mapping[str, Seen]
    tasks: list[Task] = field(default_factory=list)
    done: dict[str, HostOutcome] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    def note(self, host: str, outcome: str, words: str = "") -> None:
        """Note what became of a host."""
        self.done[host] = HostOutcome(host, outcome, round(time.monotonic() - self.begun, 1), words)

    @property
    def hosts(self) -> tuple[HostOutcome, ...]:
        """What became of each host, by name."""
        untouched = {
            host: HostOutcome(host, "untouched", 0.0, seen.runs and f"v{seen.runs} runs")
            for host, seen in self.seen.items()
        }
        return tuple(found for _, found in sorted({**untouched, **self.done}.items()))

    def having(self, *outcomes: str) -> list[str]:
        """Return the hosts that have one of these outcomes."""
        return [host for host, found in self.done.items() if found.outcome in outcomes]


class SystemdRuntime:
    """See `gitmodel.delivery.runtimes.Runtime`."""

    def look(self, target: Target, release: Release) -> Found:
        """Ask every host, in one task."""
        seen = look(target, release)
        lacking = (each for each in seen.values() if each.problem or each.missing)
        return Found("; ".join(f"{each.host}: {each.problem or each.missing}" for each in lacking), seen)

    def deploy(
        self,
        target: Target,
        release: Release,
        *,
        check: bool,
        sink: Sink,
        found: Found | None = None,
    ) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
        """Roll out in batches of hosts; return everywhere where too many fail."""
        seen = found.hosts if found else look(target, release, tree=release.tree)
        with _cargo(target) as folder:
            asked = request(target, release, seen, folder)
            return _roll_out(target, asked, _Progress(seen), check=check, sink=sink)

    def observe(self, target: Target) -> tuple[HostState, ...]:
        """Ask every host, in one task."""
        return look_at_all(target)

    def drift(self, target: Target, release: Release) -> tuple[str, ...]:
        """Compare what runs, and each file of the release and its route, on every host."""
        seen = look(target, release, tree=release.tree)
        found = [(each.host, each.problem or each.missing) for each in seen.values()]
        found += [(each.host, words) for each in seen.values() for words in each.changed]
        return tuple(f"{host}: {words}" for host, words in found if words)

    def remove(self, target: Target, model: str, *, forget: bool) -> tuple[str, ...]:
        """Do it on every host; where one does not answer, the others are seen to all the same."""
        asked = {**_asked(target, model), "forget": forget}
        tasks = _on_all("remove.yml", target, asked, playbook.nobody)
        done = [(task.host, task.message) for task in tasks]
        return tuple(f"{host}: {words}" for host, words in done if words)

    def step(
        self, target: Target, release: Release, share: Mapping[str, Any], *, sink: Sink
    ) -> tuple[Task, ...]:
        """Do it on all hosts at once; one that fails keeps the old version alone, and the step has failed."""
        with _cargo(target) as folder:
            asked = {**request(target, release, look(target, release), folder), "share": share}
            return _on_all("switch.yml", target, asked, sink)

    def act(self, target: Target, model: str, action: str, *, sink: Sink) -> tuple[Task, ...]:
        """Do it on all hosts at once."""
        asked = {**_asked(target, model), "action": action}
        return _on_all("act.yml", target, asked, sink)

    def down(self, target: Target) -> bool:
        """Refuse: what runs on hosts is not stopped by a word of this machine."""
        raise UsageError(f"{target.name} is on other hosts; only what runs on this machine is stopped")


def _asked(target: Target, model: str) -> dict[str, Any]:
    """Return what modules are told that act on a model as it is there."""
    return {
        **where(target),
        "turn": uuid.uuid4().hex,
        "model": model,
        "drain_seconds": target.drain,
    }


@contextmanager
def _cargo(target: Target) -> Iterator[Path]:
    """Yield a folder for what is sent; what killed rollouts left goes."""
    for left in target.workspace.glob(f"{_CARGO}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_CARGO, dir=target.workspace) as folder:
        yield Path(folder)


def _on_all(play: str, target: Target, asked: Mapping[str, Any], sink: Sink) -> tuple[Task, ...]:
    """Carry out a playbook on all hosts.

    Raises:
        ToolFailed: If it fails on one of them.
    """
    return playbook.run(play, asked, workspace=target.workspace, sink=sink, inventory=target.inventory)


def _roll_out(
    target: Target, asked: Mapping[str, Any], progress: _Progress, *, check: bool, sink: Sink
) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
    """Switch batch by batch, then stop the old version; or return everywhere."""
    for host, each in progress.seen.items():
        if each.problem:
            progress.note(host, "failed", each.problem)
        elif not each.is_wanted:
            progress.note(host, "unchanged")
    _judge(target, asked, progress, sink)
    todo = sorted(host for host, each in progress.seen.items() if each.is_wanted)
    taken = batches(todo, target.batch)
    is_whole = len(taken) == 1 and (len(todo) == 1 or target.max_failures == 0)
    for batch in taken:
        play = "whole.yml" if is_whole else "switch.yml"
        failed = _play(play, target, asked, batch, progress, check=check, sink=sink)
        switched = {task.host for task in progress.tasks if task.name == _SWITCH and task.status == "ok"}
        late = {host: words for host, words in failed.items() if host in switched}
        for host in batch:
            outcome = "failed" if host in failed else "checked" if check else "deployed"
            progress.note(host, outcome, failed.get(host, ""))
        if late:  # all have switched, and some have stopped the old version: there is no way back
            _note_both_run(progress, late)
        else:
            _judge(target, asked, progress, sink)
    deployed = progress.having("deployed")
    if deployed and not is_whole:
        _note_both_run(
            progress, _play("finish.yml", target, asked, deployed, progress, check=check, sink=sink)
        )
    return tuple(progress.tasks), progress.hosts


def _note_both_run(progress: _Progress, failed: Mapping[str, str]) -> None:
    for host, words in failed.items():
        progress.note(host, "failed", f"the new version runs there, the old one was not stopped: {words}")


def _judge(target: Target, asked: Mapping[str, Any], progress: _Progress, sink: Sink) -> None:
    """Return to the version before on every host that was touched, where more have failed than may."""
    failed = progress.having("failed")
    if len(failed) <= target.max_failures:
        return
    touched = progress.having("deployed")
    if touched:
        stuck = _play("back.yml", target, asked, touched, progress, check=False, sink=sink)
        for host in touched:
            before = progress.seen[host].runs
            runs = f"v{before} runs" if before else "nothing runs"
            if host in stuck:
                progress.note(host, "failed", f"it could not be returned: {stuck[host]}")
            else:
                progress.note(host, "returned", runs)
    reasons = "; ".join(f"{host}: {progress.done[host].words}" for host in sorted(failed))
    words = (str(task.result.get("detail") or "") for task in progress.tasks if task.status == "failed")
    detail = "\n".join([*filter(None, words), *(found.line for found in progress.hosts)])
    error = RolloutFailed(reasons, detail=detail)
    error.hosts, error.tasks = progress.hosts, tuple(progress.tasks)
    error.bad_version = bool(touched) or any(task.result.get("bad_version") for task in progress.tasks)
    raise error


def _play(
    name: str,
    target: Target,
    asked: Mapping[str, Any],
    hosts: Iterable[str],
    progress: _Progress,
    *,
    check: bool,
    sink: Sink,
) -> dict[str, str]:
    """Carry out a step on hosts; return those that failed, with the reason of each."""
    wanted = list(hosts)
    output, code = playbook.attempt(
        name,
        asked,
        workspace=target.workspace,
        sink=sink,
        inventory=target.inventory,
        limit=pattern(wanted),
        check=check,
    )
    progress.tasks += output.tasks
    failed: dict[str, str] = {}
    for task in output.tasks:
        if task.status != "ok":
            failed.setdefault(task.host, words_of(task))
    reached = {task.host for task in output.tasks}
    lost = [host for host in wanted if host not in reached]
    if lost:
        words = playbook.failure(output, code).message if code else "ansible did nothing there"
        failed.update(dict.fromkeys(lost, words))
    return failed
