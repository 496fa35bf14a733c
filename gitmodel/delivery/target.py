"""Where a rollout goes, and what it brings."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError, Layout, Program
from gitmodel.delivery.ansible.module_utils.gitmodel_rollout import tree_digest
from gitmodel.errors import InvalidFile, ToolFailed, UsageError
from gitmodel.spec.environment import EnvironmentSpec, StrategySpec, TlsSpec
from gitmodel.spec.kubernetes import ContainerSpec, KubernetesSpec

ON_HOSTS = "systemd"  # the runtime whose root is on other machines
_ANY = ("0.0.0.0", "::")  # noqa: S104 - only compared with
ON_HOSTS_ROOT = Path("/var/lib/gitmodel")


@dataclass(frozen=True)
class Target:
    """An environment: the router's address, the folder of everything on a host, how it runs services.

    ``drain`` counts the seconds between a switch and the end of the old version; ``strategy`` says how a new
    version takes over. ``local`` is the folder on this machine for what a rollout needs meanwhile (``None``:
    the root is on this machine). ``batch``, ``max_failures``, ``limits``, ``secrets`` and ``tls`` are
    those of `EnvironmentSpec`. ``address`` is where clients reach a router that listens on all addresses.
    """

    name: str
    root: Path
    host: str = "127.0.0.1"
    port: int = 8400
    drain: float = 1.0
    runtime: str = "process"
    inventory: str = ""
    strategy: StrategySpec = field(default_factory=StrategySpec)
    kubernetes: KubernetesSpec | None = None
    container: ContainerSpec = field(default_factory=ContainerSpec)
    local: Path | None = None
    batch: str = "25%"
    max_failures: int = 0
    limits: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    tls: TlsSpec | None = None
    address: str = ""

    @property
    def layout(self) -> Layout:
        """What lies where below the root."""
        return Layout(self.root)

    @property
    def lock(self) -> Path:
        """The file that a rollout holds."""
        return self.workspace / "deploy.lock"

    @property
    def workspace(self) -> Path:
        """The folder on this machine for what ansible needs while it runs."""
        return (self.local or self.root) / "run"

    def url(self, model: str = "") -> str:
        """Return where a model answers (the router itself when no model is named)."""
        if self.kubernetes is not None:
            return self.kubernetes.url(model)
        host = self.tls.name if self.tls else self.address or self.host
        scheme = "https" if self.tls else "http"
        host = f"[{host}]" if ":" in host else host
        return f"{scheme}://{host}:{self.port}/{model}".rstrip("/")

    def reached_at(self, addresses: Iterable[str]) -> "Target":
        """Return the same, which clients reach at the first of these if it listens on all addresses."""
        first = next((each for each in addresses if each), "")
        return replace(self, address=first) if self.host in _ANY else self


def target_of(spec: EnvironmentSpec, state: Path) -> Target:
    """Return the target of an environment; one that names no ``root`` has the usual one of its runtime.

    Raises:
        UsageError: If its root is not absolute after ``~`` is resolved.
    """
    here = state / "environments" / spec.name
    on_hosts = spec.runtime == ON_HOSTS
    usual = ON_HOSTS_ROOT / spec.name if on_hosts else here
    root = Path(os.path.expanduser(spec.root)) if spec.root else usual  # noqa: PTH111
    if not root.is_absolute():
        raise UsageError(f"the root of environment {spec.name} is not an absolute path: {spec.root}")
    return Target(
        spec.name,
        root if on_hosts else root.resolve(),
        spec.host,
        spec.port,
        spec.drain,
        spec.runtime,
        spec.inventory_path or "",
        spec.strategy,
        kubernetes=spec.kubernetes,
        container=spec.container,
        local=here if on_hosts else None,
        batch=spec.batch,
        max_failures=spec.max_failures,
        secrets=spec.secrets,
        tls=spec.tls,
        limits=tuple((key, value) for key, value in asdict(spec.limits).items() if value),
    )


@dataclass(frozen=True)
class Release:
    """A package of one version of a model, ready to run.

    ``folder`` holds what runs; ``digest`` (hex) is what its ``GET /version`` answers; ``command`` runs it in
    that folder, with ``{port}`` where its loopback port goes; ``smoke`` are rows of ``input`` and ``output``.
    ``requirements`` are the packages that it runs with on other machines.
    """

    model: str
    version: str
    digest: str
    folder: Path
    command: tuple[str, ...]
    smoke: tuple[dict[str, Any], ...] = ()
    ready_seconds: float = 60.0
    requirements: tuple[str, ...] = ()

    @property
    def program(self) -> Program:
        """Its name on a host.

        Raises:
            InvalidFile: If model, version or digest are not what they must be.
        """
        try:
            return Program(self.model, self.version, self.digest)
        except HostError as error:
            raise InvalidFile(error.message) from error

    @property
    def tree(self) -> str:
        """The digest of its files, worked out each time.

        Raises:
            ToolFailed: If the package holds what no release may hold, or cannot be read.
        """
        try:
            return tree_digest(self.folder)
        except (HostError, OSError) as error:
            raise ToolFailed(f"the package {self.folder} cannot be rolled out: {error}") from error

    def running(self, *command: str) -> "Release":
        """Return the same release, run by another command."""
        return replace(self, command=command)
