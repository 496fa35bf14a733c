"""Rollouts over ssh to real hosts, which run systemd and reach no package index."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitmodel.cli.main import program as gitmodel
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Layout
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import ask, version_at, wait
from gitmodel.delivery.playbook import RolloutFailed
from gitmodel.delivery.promotion import promote, rollback
from gitmodel.delivery.rollout import Rollout, roll_out
from gitmodel.delivery.target import Release, Target
from gitmodel.git.repository import Repository
from tests.conftest import commit_all, make_repository
from tests.delivery.load import load
from tests.delivery.models import MODEL, add_version
from tests.delivery.tiny import tiny_release
from tests.system.hosts import Host, base, booted, cache, inventory, lacking

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "hosts can be booted"),
]
PORT, FLEET_PORT = 8400, 8500
TINY = "credit-risk"
Make = Callable[..., Release]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Host]]:
    try:
        base()
    except RuntimeError as error:
        pytest.skip(f"no file system for hosts: {error}")
    with booted(3, tmp_path_factory.mktemp("hosts")) as found:
        yield found


def keep_wheels(state: Path) -> None:
    """Download wheels once, not in each run of the tests."""
    kept = cache() / "wheels"
    kept.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    (state / "wheels").symlink_to(kept)


@pytest.fixture(scope="module")
def models(hosts: list[Host], tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository whose environment `production` is the first host."""
    repo = make_repository(tmp_path_factory.mktemp("models") / "repo")
    keep_wheels(repo.state)
    told = f"port: {PORT}\nhost: 0.0.0.0\nlimits: {{memory: 1G, cpu: 200%}}\n"
    environment = f"name: production\nruntime: systemd\ninventory: production.hosts.yaml\n{told}"
    files = {
        "environments/production.yaml": environment,
        "environments/production.hosts.yaml": inventory(hosts[:1]),
    }
    commit_all(repo, files)
    return repo


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


def deploy(repo: Repository, *arguments: str) -> str:
    assert repo.root is not None
    done = CliRunner().invoke(gitmodel, ["-C", str(repo.root), "deploy", "production", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def live(host: Host, port: int = FLEET_PORT, model: str = TINY) -> str | None:
    found = version_at(host.address, port, f"/{model}")
    return None if found is None else str(found["version"])


def units(host: Host, environment: str) -> list[str]:
    lines = host.run(f"systemctl list-units 'gitmodel-{environment}.*' --no-legend --plain").splitlines()
    return sorted(line.split()[0].removeprefix(f"gitmodel-{environment}.") for line in lines)


def outcomes(done: Rollout | RolloutFailed, hosts: list[Host]) -> list[str]:
    found = {each.host: each.outcome for each in done.hosts}
    return [found[host.name] for host in hosts]


def test_a_real_model_on_a_host_without_network(models: Repository, hosts: list[Host]) -> None:
    host = hosts[0]
    row: dict[str, object] = {"amount": 0.9, "income": 0.1}
    promote(models, add_version(models, 3), "production", by="ada")
    said = deploy(models)
    assert "sent release, wheels, tools" in said
    answer = ask(host.address, PORT, f"/{MODEL}/predict", body=row)
    assert answer is not None
    assert json.loads(answer[1])["prediction"] == "bad"
    assert "unchanged" in deploy(models)

    promote(models, add_version(models, 5), "production", by="ada")
    with load(host.address, PORT, f"/{MODEL}/predict", row, clients=8) as sent:
        assert "sent release)" in deploy(models)
        rollback(models, MODEL, "production", reason="Too deep", by="ada")
        assert "Send what is missing: ok" in deploy(models)
    assert not sent.lost
    assert sent.answered > 100
    assert live(host, PORT, MODEL) == "1"


def test_units_are_closed_boxes_that_start_with_the_host(models: Repository, hosts: list[Host]) -> None:
    host = hosts[0]
    service, router = units(host, "production")
    assert service.startswith(f"{MODEL}-1-")
    assert router == "router.service"
    for unit in (service, router):
        name = f"gitmodel-production.{unit}"
        exposure = host.run(f"systemd-analyze security --no-pager {name} | tail -n 1").split()
        assert float(exposure[exposure.index(f"{name}:") + 1]) < 2
        assert host.run(f"ps -o user= -p $(systemctl show -P MainPID {name})").strip() == "gitmodel"
    shown = host.run(f"systemctl show -p MemoryMax,CPUQuotaPerSecUSec gitmodel-production.{service}")
    assert sorted(shown.split()) == ["CPUQuotaPerSecUSec=2s", f"MemoryMax={1 << 30}"]
    host.kill()
    host.boot()
    assert wait(lambda: live(host, PORT, MODEL) == "1", 60)
    assert "unchanged" in deploy(models)


def test_hosts_in_batches(fleet: Target, hosts: list[Host], make: Make) -> None:
    lines: list[str] = []
    assert outcomes(roll_out(fleet, make("1"), sink=print, check=True), hosts) == ["checked"] * 3
    assert [units(host, "fleet") for host in hosts] == [[]] * 3
    done = roll_out(fleet, make("1"), sink=lines.append)
    assert outcomes(done, hosts) == ["deployed"] * 3
    switched = [line.split(":")[0].strip() for line in lines if ": Switch, and see" in line]
    assert switched == [host.name for host in hosts]
    assert [live(host) for host in hosts] == ["1"] * 3
    assert roll_out(fleet, make("1"), sink=lines.append).outcome == "unchanged"


@pytest.mark.parametrize(
    ("told", "words"),
    [({"mode": "exits"}, "no such tree"), ({"mode": "wrong"}, '"y": "wrong"')],
)
def test_a_bad_version_reaches_one_host(
    fleet: Target, hosts: list[Host], make: Make, told: dict[str, str], words: str
) -> None:
    with pytest.raises(RolloutFailed) as raised:
        roll_out(fleet, make("2", **told), sink=print)
    assert words in raised.value.detail
    assert outcomes(raised.value, hosts) == ["failed", "untouched", "untouched"]
    assert [live(host) for host in hosts] == ["1"] * 3
    assert [len(units(host, "fleet")) for host in hosts] == [2] * 3


def test_all_return_where_one_fails(fleet: Target, hosts: list[Host], make: Make) -> None:
    release = make("3")
    unit = Layout(fleet.root, "gitmodel-fleet").unit(release.program.name)
    spoilt = f"/etc/systemd/system/{unit}.d"
    hosts[1].run(
        f"mkdir {spoilt} && printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > {spoilt}/x.conf"
    )
    with (
        load(hosts[0].address, FLEET_PORT, f"/{TINY}/predict", {"x": 1}, clients=8) as sent,
        pytest.raises(RolloutFailed) as raised,
    ):
        roll_out(fleet, release, sink=print)
    assert outcomes(raised.value, hosts) == ["returned", "failed", "untouched"]
    assert f"{hosts[0].name}: returned, v1 runs" in raised.value.detail
    assert not sent.lost
    assert [live(host) for host in hosts] == ["1"] * 3

    done = roll_out(replace(fleet, max_failures=1), release, sink=print)
    assert outcomes(done, hosts) == ["deployed", "failed", "deployed"]
    assert [live(host) for host in hosts] == ["3", "1", "3"]
    hosts[1].run(f"rm -r {spoilt}")
    assert outcomes(roll_out(fleet, release, sink=print), hosts) == ["unchanged", "deployed", "unchanged"]
    assert [live(host) for host in hosts] == ["3"] * 3


def test_a_host_dies_before_its_switch(fleet: Target, hosts: list[Host], make: Make) -> None:
    dead = hosts[1]

    def watch(line: str) -> None:
        if dead.process is not None and f"{dead.name}: Bring up" in line:
            dead.kill()

    with pytest.raises(RolloutFailed, match=f"{dead.name}: it does not answer") as raised:
        roll_out(fleet, make("4"), sink=watch)
    assert outcomes(raised.value, hosts) == ["returned", "failed", "untouched"]
    dead.boot()
    assert wait(lambda: [live(host) for host in hosts] == ["3"] * 3, 30)
    assert outcomes(roll_out(fleet, make("4"), sink=print), hosts) == ["deployed"] * 3
    assert [units(host, "fleet")[0][:14] for host in hosts] == [f"{TINY}-4-"] * 3
