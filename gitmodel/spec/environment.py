"""What an environment file says, as values that cannot change."""

import posixpath
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from gitmodel.spec import paths

FOLDER = "environments"

Approval = Literal["automatic", "review"]
Runtime = Literal["process", "systemd", "container", "kubernetes"]
StrategyKind = Literal["blue-green", "canary", "shadow"]


@dataclass(frozen=True)
class StrategySpec:
    """How a new version takes over.

    ``steps`` are the percentages of requests that a canary gets one after the other, rising to 100;
    ``hold`` is how long each step (or a shadow) is watched.
    """

    kind: StrategyKind = "blue-green"
    steps: tuple[int, ...] = ()
    hold: timedelta = timedelta(0)


@dataclass(frozen=True)
class LimitsSpec:
    """What a service may use on a host, in the words of systemd; ``None``: as much as there is."""

    memory: str | None = None
    cpu: str | None = None


@dataclass(frozen=True)
class EnvironmentSpec:
    """An environment as its file declares it.

    ``file`` is relative to the repository, or absolute where ``site_local`` says that the file lives
    beside the repository and on no branch. ``inventory`` is relative to the file's folder; ``None``
    means this machine. ``host`` and ``port`` are where the router listens; ``root`` is the folder on the
    host that holds releases and state; ``drain`` counts seconds. ``batch`` is how many hosts are taken at
    once, a number or a percentage; ``max_failures`` how many may fail before all return.
    """

    name: str
    file: str
    site_local: bool = False
    inventory: str | None = None
    after: str | None = None
    approval: Approval = "automatic"
    runtime: Runtime = "process"
    strategy: StrategySpec = StrategySpec()
    host: str = "127.0.0.1"
    port: int = 8400
    root: str | None = None
    drain: float = 1.0
    limits: LimitsSpec = LimitsSpec()
    batch: str = "25%"
    max_failures: int = 0

    @property
    def inventory_path(self) -> str | None:
        """The inventory, relative to the repository (absolute for a site-local environment)."""
        if self.inventory is None:
            return None
        return paths.within(posixpath.dirname(self.file), self.inventory)
