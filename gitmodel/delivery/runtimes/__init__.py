"""How services are run on a host: a table of runtimes, each of the same small shape."""

from collections.abc import Callable, Mapping
from typing import Protocol

from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.playbook import Task
from gitmodel.delivery.runtimes import container, kubernetes, process, systemd
from gitmodel.delivery.runtimes.looking import Found
from gitmodel.delivery.runtimes.states import HostState
from gitmodel.delivery.strategy import Stepping
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import UsageError


class Runtime(Stepping, Protocol):
    """What a rollout needs of a runtime; `process` is the example to follow."""

    def look(self, target: Target, release: Release) -> Found:
        """Return what is missing until exactly this release runs, healthy and routed."""

    def deploy(
        self,
        target: Target,
        release: Release,
        *,
        check: bool,
        sink: Callable[[Task], None],
        found: Found | None = None,
    ) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
        """Make it so by ansible, or put back and raise `ToolFailed`; return what was done, and where.

        ``found`` is what `look` said a moment ago.
        """

    def observe(self, target: Target) -> tuple[HostState, ...]:
        """Return what runs on each host, without changing anything; a host that is down is named as such."""

    def drift(self, target: Target, release: Release) -> tuple[str, ...]:
        """Return all that is not as this release should be, files included; nothing where all is well."""

    def remove(self, target: Target, model: str, *, forget: bool) -> tuple[str, ...]:
        """Stop a model and remove its releases; return what was done in words, or raise `ToolFailed`.

        What was predicted stays, unless it is to be forgotten.
        """

    def down(self, target: Target) -> bool:
        """Stop everything of the environment; say whether anything ran."""


RUNTIMES: Mapping[str, Runtime] = {
    "process": process.ProcessRuntime(),
    "container": container.ContainerRuntime(),
    "kubernetes": kubernetes.KubernetesRuntime(),
    "systemd": systemd.SystemdRuntime(),
}


def runtime(name: str) -> Runtime:
    """Return the runtime of that name.

    Raises:
        UsageError: If this version of gitmodel has none of that name.
    """
    if name not in RUNTIMES:
        raise UsageError(
            f"the runtime {name!r} is not available", hint=f"use one of: {', '.join(sorted(RUNTIMES))}"
        )
    return RUNTIMES[name]
