"""What an environment file says, as values that cannot change."""

import posixpath
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from gitmodel.spec import paths
from gitmodel.spec.windows import WindowsSpec

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
class ReconcileSpec:
    """When what runs is compared with what should, and mended; words or a cron expression, in UTC."""

    schedule: str | None = None

    @property
    def cron(self) -> str | None:
        """The schedule as a cron expression."""
        from gitmodel.spec.schedule import to_cron

        return to_cron(self.schedule) if self.schedule else None


@dataclass(frozen=True)
class EnvironmentSpec:
    """An environment as its file declares it.

    ``file`` is relative to the repository, or absolute where ``site_local`` says that the file lives
    beside the repository and on no branch. ``inventory`` is relative to the file's folder; ``None``
    means this machine. ``host`` and ``port`` are where the router listens; ``root`` is the folder on the
    host that holds releases and state; ``drain`` counts seconds.
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
    windows: WindowsSpec = field(default_factory=WindowsSpec)
    reconcile: ReconcileSpec = ReconcileSpec()

    @property
    def inventory_path(self) -> str | None:
        """The inventory, relative to the repository (absolute for a site-local environment)."""
        if self.inventory is None:
            return None
        return paths.within(posixpath.dirname(self.file), self.inventory)
