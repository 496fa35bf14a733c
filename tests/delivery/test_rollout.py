"""Rollouts for real: ansible, supervisor, Traefik, a service, a load. The tests share an environment."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitmodel.delivery.ansible.module_utils import gitmodel_processes as processes
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import SUPERVISOR, read_programs
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import ask, version_at, wait
from gitmodel.delivery.ansible.module_utils.gitmodel_router import listens
from gitmodel.delivery.rollout import Rollout, down, roll_out
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import ToolFailed
from tests.delivery.conftest import MakeRelease
from tests.delivery.load import load

pytestmark = pytest.mark.system


def deploy(target: Target, release: Release, **options: Any) -> Rollout:
    return roll_out(target, release, sink=lambda _line: None, **options)


def live(target: Target, model: str = "credit-risk") -> str:
    found = version_at(target.host, target.port, f"/{model}")
    return str(found["version"]) if found else ""


def running(target: Target) -> list[str]:
    return sorted(read_programs(target.layout))


def ours(target: Target) -> list[int]:
    return [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and processes.is_ours(int(path.name), target.root)
    ]


def test_first_version_then_the_same_again(target: Target, make_release: MakeRelease) -> None:
    release = make_release("1")
    checked = deploy(target, release, check=True)
    assert checked.outcome == "checked"
    assert [task.changed for task in checked.tasks] == [True, True, True, False]
    assert live(target) == ""
    first = deploy(target, release)
    assert (first.outcome, live(target)) == ("deployed", "1")
    assert len(first.tasks) == 3
    again = deploy(target, release)
    assert (again.outcome, again.tasks) == ("unchanged", ())
    assert again.seconds < 1


def test_switches_lose_no_request(target: Target, make_release: MakeRelease) -> None:
    with load(target.host, target.port, "/credit-risk/predict", {"x": 1}) as sent:
        for version in ("2", "3", "4"):
            assert deploy(target, make_release(version, sleep=0.02)).outcome == "deployed"
            assert live(target) == version
    assert not sent.lost
    assert sent.answered > 1000
    assert len(running(target)) == 1


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"mode": "exits"}, ("service exited", "no such tree")),
        ({"mode": "never-ready", "ready_seconds": 2}, ("not ready within 2 s", "")),
        ({"mode": "wrong"}, ("smoke prediction is not the expected one", '"y": "wrong"')),
    ],
)
def test_bad_version_is_put_back(
    target: Target, make_release: MakeRelease, told: dict[str, Any], words: tuple[str, str]
) -> None:
    before = running(target)
    with (
        load(target.host, target.port, "/credit-risk/predict", {"x": 1}, clients=4) as sent,
        pytest.raises(ToolFailed, match=words[0]) as raised,
    ):
        deploy(target, make_release("5", **told))
    assert words[1] in raised.value.detail
    assert (live(target), running(target)) == ("4", before)
    assert not sent.lost


def test_killed_service_comes_back(target: Target) -> None:
    (name,) = running(target)
    pid = processes.recorded(target.layout.pid(name))
    os.kill(pid, signal.SIGKILL)
    assert wait(lambda: processes.recorded(target.layout.pid(name)) != pid and live(target) == "4", 10)


def test_a_new_port_that_is_taken_leaves_the_old_one(target: Target, make_release: MakeRelease) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        moved = replace(target, port=somebody.getsockname()[1])
        with pytest.raises(ToolFailed, match="is taken by another program"):
            deploy(moved, make_release("4", sleep=0.02))
    assert live(target) == "4"
    assert deploy(moved, make_release("4", sleep=0.02)).outcome == "deployed"
    assert (live(moved), live(target)) == ("4", "")
    assert deploy(target, make_release("4", sleep=0.02)).outcome == "deployed"


def test_killed_supervisor(target: Target, make_release: MakeRelease) -> None:
    layout = target.layout
    left = {processes.recorded(layout.pid(name)) for name in (*running(target), "router")}
    os.kill(processes.recorded(layout.pid(SUPERVISOR)), signal.SIGKILL)
    assert wait(lambda: not processes.is_ours(processes.recorded(layout.pid(SUPERVISOR)), target.root), 5)
    assert all(processes.is_ours(pid, target.root) for pid in left)
    assert deploy(target, make_release("4", sleep=0.02)).outcome == "deployed"
    assert live(target) == "4"
    assert not any(processes.is_ours(pid, target.root) for pid in left)
    assert len(ours(target)) == 3


_RUNNER = """
import sys, json
from dataclasses import replace
from pathlib import Path
from gitmodel.delivery.rollout import roll_out
from gitmodel.delivery.target import Release, Target
root, port, model, version, digest, folder = sys.argv[1:]
release = Release(model, version, digest, Path(folder), (sys.executable, "server.py", "{port}"))
roll_out(Target("local", Path(root), port=int(port)), release, sink=lambda line: print(line, flush=True))
"""


@pytest.mark.parametrize(
    ("version", "after", "pause"), [("6", "another version", 1.0), ("7", "Start beside", 0.3)]
)
def test_killed_runner(
    target: Target, make_release: MakeRelease, version: str, after: str, pause: float
) -> None:
    release = make_release(version)
    arguments = (
        str(target.root),
        str(target.port),
        release.model,
        version,
        release.digest,
        str(release.folder),
    )
    with load(target.host, target.port, "/credit-risk/predict", {"x": 1}, clients=4) as sent:
        runner = subprocess.Popen(
            [sys.executable, "-c", _RUNNER, *arguments], stdout=subprocess.PIPE, text=True
        )
        assert runner.stdout is not None
        next(line for line in runner.stdout if after in line)
        time.sleep(pause)
        runner.kill()
        runner.wait()
        assert deploy(target, release).outcome in ("deployed", "unchanged")
        runner.stdout.close()
    assert (live(target), running(target)) == (version, [release.program.name])
    assert not list(target.layout.run.glob("rollout-*"))
    assert not sent.lost


def test_prefixes_and_two_at_once(target: Target, make_release: MakeRelease) -> None:
    lines: list[str] = []
    releases = [make_release("1", "a"), make_release("1", "a/b")]
    threads = [
        threading.Thread(target=roll_out, args=(target, release), kwargs={"sink": lines.append})
        for release in releases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(line.startswith("waiting for ") for line in lines)
    assert (live(target, "a"), live(target, "a/b")) == ("1", "1")
    found = version_at(target.host, target.port, "/a/b")
    assert found is not None
    assert found["model"] == "a/b"
    for path, status in (("/ab/version", 404), ("/a/bc", 200), ("/a", 200), ("/a/b", 200)):
        answer = ask(target.host, target.port, path)
        assert answer is not None
        assert answer[0] == status
    assert ask(target.host, target.port, "/a/bc") == (200, b'{"path": "/bc"}')


def test_down_leaves_nothing(target: Target) -> None:
    assert down(target)
    assert not ours(target)
    assert not listens(target.host, target.port)
    assert not down(target)


def test_port_of_somebody_else(target: Target, make_release: MakeRelease) -> None:
    taken = f"port {target.port} of 127.0.0.1 is taken"
    with socket.create_server((target.host, target.port)), pytest.raises(ToolFailed, match=taken):
        deploy(target, make_release("7"))
    assert deploy(target, make_release("7")).outcome == "deployed"
    assert live(target) == "7"
