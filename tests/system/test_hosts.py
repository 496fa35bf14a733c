"""Rollouts over ssh to real hosts, which run systemd and reach no package index."""

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from gitmodel.cli.main import program as gitmodel
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Layout
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import ask, wait
from gitmodel.delivery.playbook import RolloutFailed
from gitmodel.delivery.promotion import promote, rollback
from gitmodel.delivery.rollout import roll_out
from gitmodel.delivery.target import Target
from gitmodel.git.repository import Repository
from tests.conftest import commit_all, make_repository
from tests.delivery.load import load
from tests.delivery.models import MODEL, add_version
from tests.system.fleet import FLEET_PORT, PORT, TINY, Make, keep_wheels, live, outcomes, units
from tests.system.hosts import Host, inventory, lacking

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "hosts can be booted"),
]


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


def command(repo: Repository, *arguments: str) -> tuple[int, str]:
    assert repo.root is not None
    done = CliRunner().invoke(gitmodel, ["-C", str(repo.root), *arguments])
    return done.exit_code, done.output


def deploy(repo: Repository) -> str:
    code, said = command(repo, "deploy", "production")
    assert code == 0, said
    return said


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
        assert "(sent release;" in deploy(models)
        rollback(models, MODEL, "production", reason="Too deep", by="ada")
        assert "sent" not in deploy(models)
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


SPOILS = {
    "stopped, routed elsewhere, and its unit edited": (
        "systemctl stop {unit}",
        "echo '{{}}' > {root}/router/dynamic/{model}.yaml",
        "sed -i 's/^RestartSec=1$/RestartSec=9/' /etc/systemd/system/{unit}",
    ),
    "no router, no route, another release": (
        "systemctl stop gitmodel-production.router.service",
        "rm {root}/router/dynamic/{model}.yaml",
        "echo '#' >> {root}/releases/{model}/{release}/src/run.py",
    ),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_drift_is_found_and_mended(models: Repository, hosts: list[Host], spoil: tuple[str, ...]) -> None:
    host, root = hosts[0], "/var/lib/gitmodel/production"
    (unit,) = [each for each in units(host, "production") if not each.startswith("router")]
    release = unit.removeprefix(f"{MODEL}-").removesuffix(".service")
    for line in spoil:
        host.run(line.format(unit=f"gitmodel-production.{unit}", root=root, model=MODEL, release=release))
    code, said = command(models, "reconcile", "production")
    assert code == 0, said
    assert f"{MODEL} v1 to production: mended" in said
    if any("sed" in line for line in spoil):
        assert "its unit was changed" in said
    assert live(host, PORT, MODEL) == "1"
    assert "unchanged" in command(models, "reconcile", "production")[1]


def test_status_tells_where_clients_reach_a_host(models: Repository, hosts: list[Host]) -> None:
    code, said = command(models, "status", "production", "--check", "--json")
    assert code == 0, said
    (row,) = json.loads(said)
    assert row["url"] == f"http://{hosts[0].address}:{PORT}/{MODEL}"
    assert len(row["model_id"]) == 8


def test_a_model_that_is_withdrawn_is_removed(models: Repository, hosts: list[Host]) -> None:
    host = hosts[0]
    reason = ("--reason", "replaced")
    assert command(models, "withdraw", MODEL, "production", *reason, "--empty")[0] == 0
    code, said = command(models, "deploy", "production", "--empty")
    assert (code, "stopped v1, removed its releases" in said) == (0, True), said
    assert units(host, "production") == ["router.service"]
    assert host.run("ls /var/lib/gitmodel/production/state/predictions").split() == [MODEL]


def test_hosts_in_batches(fleet: Target, hosts: list[Host], make: Make) -> None:
    lines: list[str] = []
    at_once = replace(fleet, batch="100%")
    assert outcomes(roll_out(at_once, make("1"), sink=print, check=True), hosts) == ["checked"] * 3
    assert [units(host, "fleet") for host in hosts] == [[]] * 3
    done = roll_out(fleet, make("1"), sink=lines.append)
    assert outcomes(done, hosts) == ["deployed"] * 3
    switched = [line.split(":")[0].strip() for line in lines if ": Start beside" in line]
    assert switched == [host.name for host in hosts]
    assert [live(host) for host in hosts] == ["1"] * 3
    assert roll_out(fleet, make("1"), sink=lines.append).outcome == "unchanged"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"mode": "exits"}, "no such tree"),
        ({"mode": "wrong"}, '"y": "wrong"'),
        ({"mode": "never-ready", "ready_seconds": 2}, "was not ready within 2 s"),
    ],
)
def test_a_bad_version_reaches_one_host(
    fleet: Target, hosts: list[Host], make: Make, told: dict[str, Any], words: str
) -> None:
    with pytest.raises(RolloutFailed) as raised:
        roll_out(fleet, make("2", **told), sink=print)
    assert words in raised.value.message + raised.value.detail
    assert outcomes(raised.value, hosts) == ["failed", "untouched", "untouched"]
    assert [live(host) for host in hosts] == ["1"] * 3
    assert len(units(hosts[0], "fleet")) == 2


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
