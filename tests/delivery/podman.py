"""Podman with a store of its own, and in it the base image that services are built on.

A registry is not asked: the image is made of Debian's packages once, and kept in ``~/.cache/gitmodel-tests``.
"""

import os
import shutil
import subprocess
from pathlib import Path

from gitmodel.spec.kubernetes import ContainerSpec
from tests.system.hosts import cache, debian

BASE = ContainerSpec().base
_PACKAGES = "python3,python3-pip,python3-distutils,ca-certificates"
_READY = "ln -sf python3 /usr/bin/python && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED"
# A container within a container may raise no limit; without systemd there are no slices.
_CONF = """[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "{runtime}"
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
"""
_STORAGE = """[storage]
driver = "overlay"
graphroot = "{graph}"
runroot = "{run}"
"""


def lacking() -> str:
    """Return why containers cannot be run here ("": they can)."""
    if os.uname().sysname != "Linux" or os.geteuid() != 0:
        return "the test of containers needs root on Linux"
    missing = [name for name in ("podman", "mmdebstrap") if not shutil.which(name)]
    if not any(shutil.which(name) for name in ("crun", "runc")):
        missing.append("crun or runc")
    return f"not installed: {', '.join(missing)}" if missing else ""


def settings(folder: Path) -> dict[str, str]:
    """Return the environment in which podman is used, and see to it that it has the base image.

    Args:
        folder: For the files of this run; images are kept elsewhere.
    """
    graph = cache() / "containers"
    graph.mkdir(parents=True, exist_ok=True)
    (folder / "containers.conf").write_text(_CONF.format(runtime="crun" if shutil.which("crun") else "runc"))
    (folder / "storage.conf").write_text(_STORAGE.format(graph=graph, run=folder / "run"))
    told = {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
    }
    if podman(told, "image", "exists", BASE).returncode:
        _make_base(told, folder)
    tried = podman(told, "run", "--rm", "--pull=never", "--network=host", "--read-only", BASE, "true")
    if tried.returncode:
        raise RuntimeError(f"podman cannot run {BASE}: {tried.stderr}")
    return told


def podman(environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Run podman in that environment."""
    told = {**os.environ, **environment}
    return subprocess.run(["podman", *words], capture_output=True, text=True, check=False, env=told)


def _make_base(environment: dict[str, str], folder: Path) -> None:
    tree = folder / "base.tar"
    debian(_PACKAGES, tree)
    (folder / "Containerfile").write_text(f"FROM scratch\nADD base.tar /\nRUN {_READY}\n")
    made = podman(environment, "build", "-q", "--network=none", "-t", BASE, str(folder))
    tree.unlink()
    if made.returncode:
        raise RuntimeError(f"the base image cannot be made: {made.stderr}")
