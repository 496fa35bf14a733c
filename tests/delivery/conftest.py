"""An environment on this machine, and packages of a tiny service."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitmodel.delivery.rollout import down
from gitmodel.delivery.target import Release, Target
from tests.delivery.tiny import tiny_release

MakeRelease = Callable[..., Release]


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
        return tiny_release(tmp_path_factory.mktemp("package"), version, model, ready_seconds, **told)

    return make
