"""What should run beside what runs, as a table and as JSON."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from gitmodel.registry.desired import Hold
from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean

COLOURS: Colours = (
    (r"  (in sync)(?=  )", "green"),
    (r"  (differs|down|should not run)(?=  )", "red"),
    (r"  (not wanted|unknown)(?=  )", "yellow"),
    (r"^    (held) since ", "yellow"),
    (r"^    v\S+ (could not be deployed) ", "red"),
)


class Last(Protocol):
    """The newest deployment of a model, as `gitmodel.delivery.outcomes.Outcome` has it."""

    @property
    def version(self) -> str:
        """The version that was brought."""

    @property
    def outcome(self) -> str:
        """``deployed``, ``unchanged`` or ``failed``."""

    @property
    def at(self) -> str:
        """When, in UTC."""

    @property
    def reason(self) -> str:
        """Why it failed."""


class Host(Protocol):
    """A version of a model on a host, as `gitmodel.delivery.status.HostService` has it."""

    @property
    def host(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """The version that is set up there; "": none."""

    @property
    def digest(self) -> str:
        """That of its package."""

    @property
    def is_healthy(self) -> bool:
        """Whether it answers."""

    @property
    def since(self) -> str:
        """When it was started."""

    @property
    def problem(self) -> str:
        """What is wrong; "": nothing."""


class Status(Protocol):
    """A model in an environment, as `gitmodel.delivery.status.Status` has it; this layer does not know it."""

    @property
    def env(self) -> str:
        """Name of the environment."""

    @property
    def model(self) -> str:
        """Name of the model."""

    @property
    def desired(self) -> str | None:
        """The version that should run."""

    @property
    def live(self) -> str | None:
        """The version that answers."""

    @property
    def model_id(self) -> str | None:
        """What the live version says of itself."""

    @property
    def url(self) -> str:
        """Where it answers."""

    @property
    def hold(self) -> Hold | None:
        """The hold, if there is one."""

    @property
    def last(self) -> Last | None:
        """The newest deployment that was noted."""

    @property
    def hosts(self) -> Sequence[Host]:
        """What each host runs."""

    @property
    def in_sync(self) -> bool:
        """Say whether what answers is what should."""


def status_text(rows: Sequence[Status]) -> list[str]:
    """Return a line a model and environment, and below it its hold and the failure of its deployment."""
    head = ("ENVIRONMENT", "MODEL", "SHOULD RUN", "RUNS", "STATE", "URL")
    table = align([head, *(tuple(map(clean, _cells(row))) for row in rows)])
    lines = table[:1]
    for line, row in zip(table[1:], rows, strict=True):
        lines += [line, *(f"    {clean(note)}" for note in _notes(row))]
    return lines


def _cells(row: Status) -> tuple[str, ...]:
    return (row.env, row.model, _version(row.desired), _version(row.live), state(row), row.url or "-")


def _version(version: str | None) -> str:
    return f"v{version}" if version else "-"


def state(row: Status) -> str:
    """Say in words how a model stands: in sync, differs, down, not wanted, should not run, or unknown."""
    if not row.url:
        return "unknown"
    if not row.desired:
        return "should not run" if row.live or row.hosts else "not wanted"
    if row.in_sync:
        return "in sync"
    return "differs" if row.live else "down"


def _notes(row: Status) -> Iterator[str]:
    for host in row.hosts:
        runs = f"v{host.version} ({host.digest[:12]})" if host.version else "nothing"
        since = f", since {host.since}" if host.since else ""
        yield f"{host.host}: {runs}{since}" + (f": {host.problem}" if host.problem else "")
    if row.hold:
        yield f"held since {row.hold.at} by {row.hold.by}: {row.hold.reason}"
    if not row.url:
        yield "nothing here says where it answers; `gitmodel sync` brings the notes of deployments"
    if row.last and row.last.outcome == "failed":
        yield f"v{row.last.version} could not be deployed at {row.last.at}: {row.last.reason}"


def _host(host: Host) -> dict[str, Any]:
    names = ("host", "version", "digest", "is_healthy", "since", "problem")
    found = {name: getattr(host, name) for name in names}
    return {name: None if value == "" else value for name, value in found.items()}


def status_document(
    rows: Sequence[Status], last_document: Callable[[Any], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return what ``status --json`` prints; ``last_document`` writes the newest deployment."""
    return [
        {
            "environment": row.env,
            "model": row.model,
            "desired": row.desired,
            "live": row.live,
            "model_id": row.model_id,
            "in_sync": row.in_sync,
            "url": row.url or None,
            "hold": vars(row.hold) if row.hold else None,
            "hosts": [_host(host) for host in row.hosts],
            "last_deployment": last_document(row.last) if row.last else None,
        }
        for row in rows
    ]
