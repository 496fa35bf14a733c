"""What breaks in the middle of a rollout to hosts: it ends with every host on one version, which answers."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Layout
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import wait
from gitmodel.delivery.playbook import RolloutFailed
from gitmodel.delivery.rollout import roll_out
from gitmodel.delivery.strategy import Aborted, Manner
from gitmodel.delivery.target import Release, Target
from gitmodel.spec.environment import AnalysisSpec, StrategySpec
from tests.delivery.load import load
from tests.system.fleet import FLEET_PORT, TINY, Make, live, outcomes, units
from tests.system.hosts import Host, lacking

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "hosts can be booted"),
]
PATH = f"/{TINY}/predict"
SWITCHES = int(os.environ.get("GITMODEL_TEST_SWITCHES", "2"))


@pytest.fixture(scope="module")
def served(fleet: Target, make: Make) -> Target:
    """Return an environment on three hosts, all of them one batch, where version 1 runs."""
    target = replace(fleet, batch="100%")
    roll_out(target, make("1"), sink=print)
    return target


def unit_file(host: Host, release: Release) -> Path:
    return host.root / str(Layout(Path("/"), "gitmodel-fleet").config(release.program.name)).lstrip("/")


@contextmanager
def once(seen: Callable[[], bool], act: Callable[[], object]) -> Iterator[None]:
    """Act in the middle of the block, as soon as something is seen; it must have been."""
    done: list[bool] = []

    def watch() -> None:
        if wait(seen, 60, pause=0.02):
            act()
            done.append(True)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield
    thread.join(90)
    assert done, "it was never seen"


def all_run(hosts: list[Host], version: str) -> bool:
    return wait(lambda: [live(host) for host in hosts] == [version] * len(hosts), 30)


def kill_ansible() -> None:
    """End the ansible that this process has started, and what that has started, at once."""
    found = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in found.stdout.splitlines()]
    ours = [
        int(pid) for pid, parent, args in rows if parent == str(os.getpid()) and "ansible-playbook" in args
    ]
    assert ours
    for pid in ours:
        os.kill(pid, signal.SIGKILL)


def test_switches_lose_no_request(served: Target, hosts: list[Host], make: Make) -> None:
    both = [make("1"), make("2")]
    one = hosts[0]
    with load(one.address, FLEET_PORT, PATH, {"x": 1}, clients=32, seconds=1800, pause=0.2) as sent:
        for number in range(1, SWITCHES + 1):
            assert roll_out(served, both[number % 2], sink=print).outcome == "deployed"
    assert not sent.lost
    assert sent.answered > 50 * SWITCHES
    roll_out(served, both[0], sink=print)


def test_a_disk_is_full(served: Target, hosts: list[Host], make: Make) -> None:
    full, release = hosts[1], make("3")
    folder = f"{served.root}/releases/{TINY}"
    full.run(f"mount -t tmpfs -o size=4k tmpfs {folder}")
    try:
        with pytest.raises(RolloutFailed, match=f"^{full.name}: .Errno 28. No space left") as raised:
            roll_out(served, release, sink=print)
    finally:
        full.run(f"umount {folder}")
    assert outcomes(raised.value, hosts) == ["returned", "failed", "returned"]
    assert all_run(hosts, "1")
    assert outcomes(roll_out(served, release, sink=print), hosts) == ["deployed"] * 3
    assert all_run(hosts, "3")


def test_a_host_dies_before_its_switch(fleet: Target, hosts: list[Host], make: Make) -> None:
    dead, release = hosts[1], make("4")
    with (
        once(unit_file(dead, release).exists, dead.kill),
        pytest.raises(RolloutFailed, match=f"{dead.name}: it does not answer") as raised,
    ):
        roll_out(fleet, release, sink=print)
    assert outcomes(raised.value, hosts) == ["returned", "failed", "untouched"]
    dead.boot()
    roll_out(replace(fleet, batch="100%"), make("3"), sink=print)
    assert all_run(hosts, "3")


def test_a_host_dies_after_its_switch(fleet: Target, hosts: list[Host], make: Make) -> None:
    dead, release = hosts[0], make("4")

    def watch(line: str) -> None:
        if dead.process is not None and f"{dead.name}: Start beside" in line:
            dead.kill()

    done = roll_out(fleet, release, sink=watch)
    assert outcomes(done, hosts) == ["failed", "deployed", "deployed"]
    dead.boot()
    assert wait(lambda: live(dead) == "4", 30)
    assert outcomes(roll_out(fleet, release, sink=print), hosts) == ["deployed", "unchanged", "unchanged"]
    assert [len(units(host, "fleet")) for host in hosts] == [2] * 3


def test_the_way_to_a_host_is_cut(served: Target, hosts: list[Host], make: Make) -> None:
    cut, release = hosts[2], make("5")
    link = ["ip", "-n", cut.name, "link", "set", "host0"]
    with (
        once(unit_file(cut, release).exists, lambda: subprocess.run([*link, "down"], check=True)),
        pytest.raises(RolloutFailed, match=f"{cut.name}: it does not answer") as raised,
    ):
        roll_out(served, release, sink=print)
    assert outcomes(raised.value, hosts) == ["returned", "returned", "failed"]
    subprocess.run([*link, "up"], check=True)
    assert wait(lambda: live(cut) in ("4", "5"), 30)  # its own last step may have been carried out
    roll_out(served, make("4"), sink=print)
    assert all_run(hosts, "4")
    assert [len(units(host, "fleet")) for host in hosts] == [2] * 3


def test_ansible_is_killed_and_started_again(served: Target, hosts: list[Host], make: Make) -> None:
    release = make("5")
    with once(unit_file(hosts[0], release).exists, kill_ansible), pytest.raises(RolloutFailed):
        roll_out(served, release, sink=print)
    assert roll_out(served, release, sink=print).outcome == "deployed"
    assert all_run(hosts, "5")
    assert [len(units(host, "fleet")) for host in hosts] == [2] * 3


def test_two_at_once_and_a_killed_router(served: Target, hosts: list[Host], make: Make) -> None:
    said: list[str] = []
    releases = [make("6"), make("7")]
    both = [
        threading.Thread(target=roll_out, args=(served, release), kwargs={"sink": said.append})
        for release in releases
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert any("waiting for" in line for line in said)
    (last,) = {live(host) for host in hosts}
    assert last in ("6", "7")
    router = "gitmodel-fleet.router.service"
    hosts[0].run(f"systemctl kill --signal=KILL {router}")
    assert wait(lambda: live(hosts[0]) == last, 20)
    assert roll_out(served, releases[int(last) - 6], sink=print).outcome == "unchanged"


def test_canaries_and_a_host_that_starts_again_in_one(served: Target, hosts: list[Host], make: Make) -> None:
    analysis = AnalysisSpec(min_requests=30, max_latency_ratio=8)
    steps = replace(served, strategy=StrategySpec("canary", (20, 100), timedelta(seconds=1), analysis))
    before = str(live(hosts[0]))
    with load(hosts[0].address, FLEET_PORT, PATH, {"x": 1}, clients=8, seconds=300, pause=0.1) as sent:
        with pytest.raises(Aborted, match="its answers are distributed otherwise") as raised:
            roll_out(steps, make("8", mode="odd"), sink=print)
        assert [(step.percent, step.verdict) for step in raised.value.steps] == [(20, "failed")]
        assert [len(units(host, "fleet")) for host in hosts] == [2] * 3
        assert all_run(hosts, before)

        good = make("9")
        assert roll_out(steps, good, sink=print, manner=Manner(wait=False)).outcome == "holding"
        hosts[1].kill()
        hosts[1].boot()
        assert wait(lambda: live(hosts[1]) is not None, 30)
        done = roll_out(steps, good, sink=print)
    assert [(step.percent, step.verdict) for step in done.steps] == [(20, "passed")]
    assert outcomes(done, hosts) == ["deployed"] * 3
    assert not sent.lost
    assert all_run(hosts, "9")


def test_a_shadow_changes_no_answer(served: Target, hosts: list[Host], make: Make) -> None:
    analysis = AnalysisSpec(min_requests=30, max_latency_ratio=8)
    shadow = replace(served, strategy=StrategySpec("shadow", (), timedelta(seconds=2), analysis))
    answers: set[bytes] = set()
    with load(hosts[0].address, FLEET_PORT, PATH, {"x": 1}, clients=8, seconds=300, pause=0.05) as sent:
        sent.seen = answers.add
        with pytest.raises(Aborted, match="answers") as raised:
            roll_out(shadow, make("10", mode="odd"), sink=print)
    (step,) = raised.value.steps
    assert step.verdict == "failed"
    assert step.figures["pairs"] >= 30
    assert step.figures["disagreement"] == 1
    assert not sent.lost
    assert answers == {b'{"y": 2}'}
    assert all_run(hosts, "9")
