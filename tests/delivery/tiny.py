"""Packages of a tiny service, see `tiny_service`."""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from gitmodel.delivery.target import Release

_SERVICE = Path(__file__).with_name("tiny_service.py")
_SMOKE = (
    {"input": {"x": 1.5}, "output": {"y": 3.0}},
    {"input": {"x": "{{ 7*7 }}"}, "output": {"y": "{{ 7*7 }}"}},
)


def tiny_release(
    folder: Path, version: str, model: str = "credit-risk", ready_seconds: float = 20, **told: Any
) -> Release:
    """Package the tiny service in an empty folder as a version of a model."""
    digest = hashlib.sha256(repr((model, version, sorted(told.items()))).encode()).hexdigest()
    shutil.copy(_SERVICE, folder / "server.py")
    identity = {"model": model, "version": version, "digest": digest, **told}
    folder.joinpath("version.json").write_text(json.dumps(identity))
    command = (sys.executable, "server.py", "{port}")
    return Release(model, version, digest, folder, command, _SMOKE, ready_seconds)
