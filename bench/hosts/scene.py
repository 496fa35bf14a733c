"""Hosts to roll out to, and packages of a tiny service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitmodel.delivery.target import Release, Target
from tests.delivery.tiny import tiny_release
from tests.system.hosts import Host, booted, cache, inventory

MODEL, PORT = "credit-risk", 8500


@contextmanager
def hosts(count: int, folder: Path) -> Iterator[list[Host]]:
    """Boot hosts, which end with the block."""
    folder.mkdir(parents=True)
    kept = cache() / "wheels"
    kept.mkdir(parents=True, exist_ok=True)
    with booted(count, folder) as found:
        yield found


def target(folder: Path, name: str, found: list[Host], port: int = PORT) -> Target:
    """Return an environment on hosts, all of which are one batch."""
    here = folder / name
    (here / "environments").mkdir(parents=True)
    (here / "hosts.yaml").write_text(inventory(found), "utf-8")
    (here / "wheels").symlink_to(cache() / "wheels")
    return Target(
        name,
        Path("/srv") / name,
        "0.0.0.0",
        port,
        runtime="systemd",
        inventory=str(here / "hosts.yaml"),
        local=here / "environments" / name,
        batch="100%",
    )


def release(folder: Path, version: int) -> Release:
    """Return a package of the tiny service."""
    place = folder / f"package-{version}"
    place.mkdir()
    return tiny_release(place, str(version), MODEL)
