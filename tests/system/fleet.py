"""What tests ask of hosts, and of a tiny model on them."""

from collections.abc import Callable
from pathlib import Path

from gitmodel.delivery.ansible.module_utils.gitmodel_probe import version_at
from gitmodel.delivery.playbook import RolloutFailed
from gitmodel.delivery.rollout import Rollout
from gitmodel.delivery.target import Release
from tests.system.hosts import Host, cache

PORT, FLEET_PORT = 8400, 8500
TINY = "credit-risk"
Make = Callable[..., Release]


def keep_wheels(state: Path) -> None:
    """Download wheels once, not in each run of the tests."""
    kept = cache() / "wheels"
    kept.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    (state / "wheels").symlink_to(kept)


def live(host: Host, port: int = FLEET_PORT, model: str = TINY) -> str | None:
    found = version_at(host.address, port, f"/{model}")
    return None if found is None else str(found["version"])


def units(host: Host, environment: str) -> list[str]:
    lines = host.run(f"systemctl list-units 'gitmodel-{environment}.*' --no-legend --plain").splitlines()
    return sorted(line.split()[0].removeprefix(f"gitmodel-{environment}.") for line in lines)


def outcomes(done: Rollout | RolloutFailed, hosts: list[Host]) -> list[str]:
    found = {each.host: each.outcome for each in done.hosts}
    return [found[host.name] for host in hosts]
