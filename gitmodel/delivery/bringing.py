"""Bring one model of an environment to what its branch says, and say what became of it."""

import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from gitmodel.delivery import runtimes
from gitmodel.delivery.freezing import Freeze
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.playbook import RolloutFailed, Task
from gitmodel.delivery.release import package_version, release_of
from gitmodel.delivery.rollout import roll_out_in_turn, tell
from gitmodel.delivery.runtimes.states import HostState, runs_alone
from gitmodel.delivery.steps import StepOutcome
from gitmodel.delivery.strategy import Aborted, Manner
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import Desired
from gitmodel.registry.registry import Registry

Sink = Callable[[str], None]


@dataclass(frozen=True)
class Deployed:
    """What became of one model.

    Attributes:
        model: Its name.
        version: The version that should run; of one that was removed, the one that ran.
        outcome: deployed, unchanged, mended, removed, checked, failed; held (the version is known to be bad),
            frozen (nothing may be rolled out now) or holding (another deployment goes on with its steps).
        url: Where it answers.
        seconds: How long it took.
        reason: Why it failed, or what was mended.
        exit_code: 0, or what the command ends with.
        previous: The version that ran before; "": none.
        digest: Of the package (hex); "": it was not reached.
        tasks: What ansible did.
        bad_version: Whether it failed by the version's own fault.
        steps: Those of a canary or shadow that are over.
        hosts: What became of it on each host.
    """

    model: str
    version: str
    outcome: str
    url: str
    seconds: float
    reason: str = ""
    exit_code: int = 0
    previous: str = ""
    digest: str = ""
    tasks: tuple[Task, ...] = field(default=(), repr=False)
    bad_version: bool = False
    steps: tuple[StepOutcome, ...] = ()
    hosts: tuple[HostOutcome, ...] = ()

    @property
    def phases(self) -> dict[str, float]:
        """Seconds by step; on several hosts, until the last of them had done it."""
        seconds: dict[str, float] = {}
        for task in self.tasks:
            for name, spent in task.phases.items():
                seconds[name] = round(seconds.get(name, 0.0) + spent, 2)
        return seconds


def _hosts(tasks: Iterable[Task]) -> tuple[HostOutcome, ...]:
    """Return what became of hosts of which only the tasks are known."""
    by_host: dict[str, list[Task]] = {}
    for task in tasks:
        by_host.setdefault(task.host, []).append(task)
    return tuple(_host(name, done) for name, done in by_host.items())


def _host(name: str, tasks: list[Task]) -> HostOutcome:
    seconds = round(sum(task.seconds for task in tasks), 1)
    bad = next((task for task in tasks if task.status != "ok"), None)
    if bad:
        return HostOutcome(name, bad.status, seconds, bad.message)
    return HostOutcome(name, "changed" if any(task.changed for task in tasks) else "ok", seconds)


@dataclass(frozen=True)
class Bringing:
    """How models are brought to an environment.

    Attributes:
        repo: The repository.
        target: Where the environment is.
        sink: Told each step, in a line.
        freeze: A time in which nothing may be rolled out; ``None``: it is not now.
        check: Only say what would change.
        thorough: Compare files, too, and mend what is not as it was written.
        manner: How the steps of a canary or shadow are taken.
        states: What its hosts run.
    """

    repo: Repository
    target: Target
    sink: Sink
    freeze: Freeze | None = None
    check: bool = False
    thorough: bool = False
    manner: Manner = field(default_factory=Manner)
    states: Sequence[HostState] = ()

    def bring(self, desired: Desired, previous: str) -> Deployed:
        """Bring a model to its version; ``previous`` is the one that runs. What fails is told, not raised."""
        name, version = desired.model, str(desired.version)
        found = Deployed(name, version, "failed", self.target.url(name), 0.0, previous=previous)
        begun = time.monotonic()
        try:
            if self._is_frozen(desired, found) and self.freeze:
                done = replace(found, outcome="frozen", reason=self.freeze.words, exit_code=1)
            else:
                release = self._release(desired)
                found = replace(found, digest=release.digest)
                done = self._roll_out(desired, release, found)
        except GitmodelError as error:
            self._tell_failure(desired, error)
            tasks, hosts = (error.tasks, error.hosts) if isinstance(error, RolloutFailed) else ((), ())
            return replace(
                found,
                reason=error.message,
                exit_code=error.exit_code,
                seconds=time.monotonic() - begun,
                tasks=tasks,
                hosts=hosts or _hosts(tasks),
                bad_version=_is_bad(error),
                steps=error.steps if isinstance(error, Aborted) else (),
            )
        words = f" ({done.reason})" if done.reason else ""
        self.sink(f"{name} v{version} to {self.target.name}: {done.outcome}, {done.url}{words}")
        return done

    def _is_frozen(self, desired: Desired, found: Deployed) -> bool:
        return found.previous != found.version and not (self.check or desired.is_rollback)

    def _roll_out(self, desired: Desired, release: Release, found: Deployed) -> Deployed:
        used, is_new = runtimes.runtime(self.target.runtime), found.previous != found.version
        drift = used.drift(self.target, release) if self.thorough else ()
        if drift and not (is_new or self.check):
            return self._mend(desired, release, drift, found)
        if not self.thorough and self.target.inventory and runs_alone(self.states, release.program):
            return replace(found, outcome="unchanged")  # all hosts were asked a moment ago
        manner = replace(self.manner, at_once=self.manner.at_once or desired.is_rollback)
        done = roll_out_in_turn(self.target, release, sink=self.sink, check=self.check, manner=manner)
        words = ""
        if done.outcome == "checked":
            words = (
                f"it would take the place of v{found.previous}" if found.previous else "it would be started"
            )
            words = words if is_new else "it would be mended"
        return replace(
            found,
            outcome=done.outcome,
            reason=words,
            seconds=done.seconds,
            tasks=done.tasks,
            steps=done.steps,
            hosts=done.hosts or _hosts(done.tasks),
        )

    def _mend(self, desired: Desired, release: Release, drift: tuple[str, ...], found: Deployed) -> Deployed:
        begun, words = time.monotonic(), "; ".join(dict.fromkeys(drift))
        self.sink(f"{release.model} v{release.version} in {self.target.name}: {words}")
        used = runtimes.runtime(self.target.runtime)
        if any("release" in each for each in drift):
            release = self._rebuilt(desired, release)
        tasks, hosts = used.deploy(self.target, release, check=False, sink=lambda task: self.sink(tell(task)))
        seconds = time.monotonic() - begun
        hosts = hosts or _hosts(tasks)
        return replace(found, outcome="mended", reason=words, seconds=seconds, tasks=tasks, hosts=hosts)

    def _rebuilt(self, desired: Desired, release: Release) -> Release:
        """Return the release from a package made anew: files of the release may be links to the old one."""
        shutil.rmtree(release.folder, ignore_errors=True)
        return self._release(desired)

    def _release(self, desired: Desired) -> Release:
        found = Registry(self.repo).version(desired.tag or f"{desired.model}:{desired.version}")
        if desired.object is not None and found.object != desired.object:
            raise InvalidFile(
                f"the tag {found.tag} is not the one that was promoted to {self.target.name}",
                hint="a version's tag never moves: restore it, or promote the version again",
            )
        return release_of(package_version(self.repo, found))

    def _tell_failure(self, desired: Desired, error: GitmodelError) -> None:
        name, env = desired.model, self.target.name
        self.sink(f"{name} v{desired.version} to {env} failed: {error.message}")
        for line in (*error.detail.splitlines(), *([f"hint: {error.hint}"] if error.hint else [])):
            self.sink(f"    {line}")
        if not _is_bad(error):
            again = f"`gitmodel deploy {env}` tries again"
            back = f"`gitmodel rollback {name} {env}` returns to the version before, if there is one"
            self.sink(f"    hint: {again}; {back}")


def _is_bad(error: GitmodelError) -> bool:
    """Say whether a rollout failed by the version's own fault, or somebody stopped it."""
    return isinstance(error, Aborted) or (isinstance(error, RolloutFailed) and error.bad_version)
