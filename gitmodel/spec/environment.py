"""What an environment file says, as values that cannot change."""

import posixpath
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from gitmodel.spec import paths
from gitmodel.spec.kubernetes import ContainerSpec, KubernetesSpec
from gitmodel.spec.windows import WindowsSpec

FOLDER = "environments"

Approval = Literal["automatic", "review"]
Runtime = Literal["process", "systemd", "container", "kubernetes"]
StrategyKind = Literal["blue-green", "canary", "shadow"]


@dataclass(frozen=True)
class AnalysisSpec:
    """What a new version beside the old one must keep to.

    Attributes:
        max_error_rate: How much more of its requests may fail (0..1).
        max_latency_ratio: How many times as long its 95th percentile may be.
        min_requests: Of fewer, nothing is said.
        quality: Whether its answers are compared, by labels where they are known, else by distribution.
        max_output_shift: How much of the distribution of answers may lie elsewhere (0..1).
        max_disagreement: Of a shadow: how many of its answers may be others (0..1).
        inconclusive: What to do where too little was seen.
    """

    max_error_rate: float = 0.01
    max_latency_ratio: float = 1.5
    min_requests: int = 50
    quality: bool = True
    max_output_shift: float = 0.2
    max_disagreement: float = 0.05
    inconclusive: Literal["abort", "continue"] = "abort"


@dataclass(frozen=True)
class StrategySpec:
    """How a new version takes over.

    ``steps`` are the percentages of requests that a canary gets one after the other, rising to 100;
    ``percent`` is of how many a shadow gets copies; ``hold`` is how long each step (or a shadow) is watched;
    ``then`` is what becomes of a shadow that kept to everything.
    """

    kind: StrategyKind = "blue-green"
    steps: tuple[int, ...] = ()
    hold: timedelta = timedelta(0)
    analysis: AnalysisSpec = AnalysisSpec()
    percent: int = 100
    then: Literal["promote", "report"] = "promote"


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
class LimitsSpec:
    """What a service may use on a host, in the words of systemd; ``None``: as much as there is."""

    memory: str | None = None
    cpu: str | None = None


@dataclass(frozen=True)
class TlsSpec:
    """The name that clients use, and the files on each host that prove it."""

    name: str
    certificate: str
    key: str


@dataclass(frozen=True)
class EnvironmentSpec:
    """An environment as its file declares it.

    ``file`` is relative to the repository, or absolute where ``site_local`` says that the file lives
    beside the repository and on no branch. ``inventory`` is relative to the file's folder; ``None``
    means this machine. ``host`` and ``port`` are where the router listens; ``root`` is the folder on the
    host that holds releases and state; ``drain`` counts seconds. ``batch`` is how many hosts are taken at
    once, a number or a percentage; ``max_failures`` how many may fail before all return. ``kubernetes`` is
    there with that runtime only. ``secrets`` names variables whose values are nobody's business.
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
    kubernetes: KubernetesSpec | None = None
    container: ContainerSpec = field(default_factory=ContainerSpec)
    limits: LimitsSpec = LimitsSpec()
    batch: str = "25%"
    max_failures: int = 0
    secrets: tuple[str, ...] = ()
    tls: TlsSpec | None = None

    @property
    def inventory_path(self) -> str | None:
        """The inventory, relative to the repository (absolute for a site-local environment)."""
        if self.inventory is None:
            return None
        return paths.within(posixpath.dirname(self.file), self.inventory)
