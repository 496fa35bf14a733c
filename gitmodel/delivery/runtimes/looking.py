"""What the hosts of an inventory have of a model, asked over ssh in one task."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitmodel.delivery import playbook
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError, parse_program
from gitmodel.delivery.playbook import Task
from gitmodel.delivery.runtimes.observing import Observed, decide
from gitmodel.delivery.runtimes.states import HostState, parse_state
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import UsageError


@dataclass(frozen=True)
class Seen:
    """What a host has of a model, and what it is; ``problem`` says why that is not known ("": it is)."""

    host: str
    missing: str = ""
    problem: str = ""
    runs: str = ""
    address: str = ""
    python: str = ""
    machine: str = ""
    changed: tuple[str, ...] = ()

    @property
    def is_wanted(self) -> bool:
        """Whether it answers, and has not what it should."""
        return bool(self.missing or self.changed) and not self.problem

    @property
    def platform(self) -> str:
        """Its Python and its machine, for which wheels are made."""
        return f"{self.python} {self.machine}"


@dataclass(frozen=True)
class Found:
    """What there is of a release: ``missing`` says what is lacking ("": nothing), ``hosts`` who lacks what.

    Hosts are told of where there are several; whoever deploys at once need not ask them again.
    """

    missing: str = ""
    hosts: Mapping[str, Seen] = field(default_factory=dict)


def look(target: Target, release: Release, *, tree: str = "") -> dict[str, Seen]:
    """Ask every host what it has of a model, in one task.

    Args:
        target: Which hosts.
        release: What they should have.
        tree: The digest that the files of the release must have; "": they are not looked at.

    Raises:
        ToolFailed: If ansible itself fails, or the inventory has no hosts.
        UsageError: If there is no inventory.
    """
    asked = {**where(target), "model": release.model, "program": release.program.as_json(), "tree": tree}
    tasks = _ask(target, "observe.yml", asked)
    return {task.host: _seen(task, release) for task in tasks}


def look_at_all(target: Target) -> tuple[HostState, ...]:
    """Ask every host what it runs of all models, in one task.

    Raises:
        ToolFailed: If ansible itself fails, or the inventory has no hosts.
        UsageError: If there is no inventory.
    """
    return tuple(map(_state, _ask(target, "state.yml", where(target))))


def _state(task: Task) -> HostState:
    try:
        if task.status == "ok":
            return parse_state(task.host, task.result["observed"])
        problem = words_of(task)
    except (KeyError, TypeError) as error:
        problem = f"what it says cannot be read: {error!r}"
    return HostState(task.host, problems=(problem,), is_reachable=False)


def _ask(target: Target, play: str, asked: Mapping[str, Any]) -> list[Task]:
    if not target.inventory:
        raise UsageError(
            f"environment {target.name} has no inventory, which the runtime `systemd` needs",
            hint="name an ansible inventory in its file: `inventory: production.hosts.yaml`",
        )
    target.workspace.mkdir(parents=True, exist_ok=True)
    output, code = playbook.attempt(
        play, asked, workspace=target.workspace, sink=playbook.nobody, inventory=target.inventory
    )
    if not output.tasks:
        raise playbook.failure(output, code or 1)
    return output.tasks


def _seen(task: Task, release: Release) -> Seen:
    if task.status != "ok":
        return Seen(task.host, problem=words_of(task))
    try:
        found = task.result["observed"]
        routed = {parse_program(program): int(weight) for program, weight in found["routed"]}
        programs = tuple(map(parse_program, found["programs"]))
        observed = Observed(routed, programs, found["answer"])
        return Seen(
            task.host,
            missing=decide(release.program, observed),
            runs=" and ".join(program.version for program in routed),
            address=str(found["address"]),
            python=str(found["python"]),
            machine=str(found["machine"]),
            changed=tuple(map(str, found["changed"])),
        )
    except (HostError, KeyError, TypeError, ValueError) as error:
        return Seen(task.host, problem=f"what it says cannot be read: {error}")


def words_of(task: Task) -> str:
    """Return in a line why a host did not do what it was asked for."""
    if task.status == "unreachable":
        return "it does not answer"
    words = str(task.message or task.result.get("module_stderr") or "").strip().splitlines()
    return words[0] if words else f"the task {task.name!r} failed"


def where(target: Target) -> dict[str, Any]:
    """Return what each module is told of where it is."""
    return {
        "root": str(target.root),
        "units": f"gitmodel-{target.name}",
        "host": target.host,
        "port": target.port,
    }
