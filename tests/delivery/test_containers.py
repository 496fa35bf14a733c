"""Services as containers, for real: they need podman; the base image is made here, never pulled."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel.delivery.ansible.module_utils.gitmodel_probe import version_at, wait
from gitmodel.delivery.playbook import RolloutFailed
from gitmodel.delivery.rollout import down, roll_out
from gitmodel.delivery.runtimes import images
from gitmodel.delivery.runtimes.container import ContainerRuntime, container_name, image_name
from gitmodel.delivery.target import Release, Target
from gitmodel.spec.kubernetes import ContainerSpec
from tests.delivery.conftest import MakeRelease, free_port
from tests.delivery.load import load
from tests.delivery.podman import lacking, settings

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "podman can be used"),
]
_RUN = """
import signal, sys
from http.server import ThreadingHTTPServer
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
sys.path.insert(0, ".")
import server
if server.MODE == "exits":
    sys.exit("this model cannot be loaded")
ThreadingHTTPServer((sys.argv[2], int(sys.argv[4])), server.Handler).serve_forever()
"""


def packaged(release: Release) -> Release:
    """Return the tiny service where an image looks for a service."""
    (release.folder / "src").mkdir()
    (release.folder / "src" / "run.py").write_text(_RUN)
    return release


@pytest.fixture(autouse=True)
def _sealed_podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "podman").mkdir()
    for name, value in settings(tmp_path / "podman").items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    settings = ContainerSpec(engine="podman", memory="256m", cpus=1.5)
    found = Target(
        "local", tmp_path / "an environment", port=free_port(), runtime="container", container=settings
    )
    found.layout.state.mkdir(parents=True)
    yield found
    down(found)
    place = container_name(found, Release("credit-risk", "1", "ab" * 32, tmp_path, ()))[: -len("ab" * 6)]
    assert podman("ps", "-aq", "--filter", f"name={place}") == ""


def podman(*words: str) -> str:
    return subprocess.run(["podman", *words], check=True, capture_output=True, text=True).stdout.strip()


def live(target: Target) -> str:
    found = version_at(target.host, target.port, "/credit-risk")
    return str(found["version"]) if found else ""


def deploy(target: Target, release: Release) -> str:
    return roll_out(target, release, sink=lambda _line: None).outcome


def test_versions_follow_each_other_and_a_bad_one_is_put_back(
    target: Target, make_release: MakeRelease
) -> None:
    first, second = packaged(make_release("1", salt="container")), packaged(make_release("2"))
    bad = packaged(make_release("3", mode="exits"))
    try:
        assert deploy(target, first) == "deployed"
        assert live(target) == "1"
        assert deploy(target, first) == "unchanged"
        with load(target.host, target.port, "/credit-risk/predict", {"x": 1.5}) as sent:
            assert deploy(target, second) == "deployed"
        assert not sent.lost
        assert live(target) == "2"

        about = json.loads(podman("inspect", container_name(target, second)))[0]
        assert about["HostConfig"]["ReadonlyRootfs"]
        assert about["HostConfig"]["Memory"] == 256 * 1024 * 1024
        assert about["EffectiveCaps"] in (None, [])
        assert "no-new-privileges" in about["HostConfig"]["SecurityOpt"]
        assert ContainerRuntime().drift(target, second) == ()

        with pytest.raises(RolloutFailed) as caught:
            deploy(target, bad)
        assert caught.value.bad_version
        assert live(target) == "2"

        podman("kill", container_name(target, second))
        assert wait(lambda: live(target) == "2", 90)
        assert not images.build(image_name(second), second, target)
    finally:
        for each in (first, second, bad):
            subprocess.run(["podman", "rmi", "-f", image_name(each)], check=False, capture_output=True)
