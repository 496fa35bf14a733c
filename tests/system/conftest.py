"""Hosts to roll out to, and an environment on all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel.delivery.target import Target
from tests.delivery.tiny import tiny_release
from tests.system.fleet import FLEET_PORT, TINY, Make, keep_wheels
from tests.system.hosts import Host, base, booted, inventory


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    try:
        base()
    except RuntimeError as error:
        pytest.skip(f"no file system for hosts: {error}")
    with booted(3, tmp_path_factory.mktemp("hosts")) as found:
        yield found


@pytest.fixture(scope="module")
def fleet(hosts: list[Host], tmp_path_factory: pytest.TempPathFactory) -> Target:
    """Return an environment on all hosts, one a batch."""
    here = tmp_path_factory.mktemp("fleet")
    (here / "hosts.yaml").write_text(inventory(hosts))
    keep_wheels(here)
    return Target(
        "fleet",
        Path("/srv/fleet"),
        "0.0.0.0",
        FLEET_PORT,
        runtime="systemd",
        inventory=str(here / "hosts.yaml"),
        local=here / "environments" / "fleet",
        batch="1",
    )


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    return lambda version, **told: tiny_release(tmp_path_factory.mktemp("package"), version, TINY, **told)
