"""An environment on this machine, and packages of a tiny service."""

import hashlib
import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitmodel.delivery.rollout import down
from gitmodel.delivery.target import Release, Target

MakeRelease = Callable[..., Release]
_SERVICE = Path(__file__).with_name("tiny_service.py")


def free_port() -> int:
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return int(candidate.getsockname()[1])


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Return an environment whose folder has a space; nothing of it is left running."""
    found = Target("local", tmp_path_factory.mktemp("an environment"), port=free_port(), drain=1.0)
    yield found
    down(found)


@pytest.fixture(scope="module")
def make_release(tmp_path_factory: pytest.TempPathFactory) -> MakeRelease:
    """Return a function that packages the tiny service as a version of a model."""

    def make(version: str, model: str = "credit-risk", ready_seconds: float = 20, **told: Any) -> Release:
        folder = tmp_path_factory.mktemp("package")
        digest = hashlib.sha256(repr((model, version, sorted(told.items()))).encode()).hexdigest()
        shutil.copy(_SERVICE, folder / "server.py")
        identity = {"model": model, "version": version, "digest": digest, **told}
        folder.joinpath("version.json").write_text(json.dumps(identity))
        smoke = (
            {"input": {"x": 1.5}, "output": {"y": 3.0}},
            {"input": {"x": "{{ 7*7 }}"}, "output": {"y": "{{ 7*7 }}"}},
        )
        command = (sys.executable, "server.py", "{port}")
        return Release(model, version, digest, folder, command, smoke, ready_seconds)

    return make
