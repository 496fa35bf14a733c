"""Runtime ``container``: services as containers on this machine, all else as the runtime ``process`` has it.

What supervisor keeps alive is ``podman run`` (or ``docker run``) in the foreground; router, switch,
strategies and the way back are those of processes. A container has a loopback port of its own, may write to
its state only, and has no privileges.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gitmodel import process
from gitmodel.delivery.ansible.module_utils.gitmodel_rollout import variables_of
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.playbook import Task
from gitmodel.delivery.runtimes import images
from gitmodel.delivery.runtimes.looking import Found
from gitmodel.delivery.runtimes.names import image_of, names_of
from gitmodel.delivery.runtimes.pods import PORT
from gitmodel.delivery.runtimes.process import ProcessRuntime
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import ToolFailed, UsageError

_REPOSITORY = "localhost/gitmodel/{model}"
_STATE, _TEMPORARY = "/var/lib/gitmodel", "/tmp"  # noqa: S108 - in the container
_STARTER = "gitmodel.delivery.ansible.module_utils.gitmodel_container"
# What says where an engine keeps images and how it is reached stays the user's: services have another HOME.
_USERS = (
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "CONTAINERS_CONF",
    "CONTAINERS_STORAGE_CONF",
    "DOCKER_CONFIG",
    "DOCKER_HOST",
)
_PROCESSES = 512


class ContainerRuntime(ProcessRuntime):
    """See `gitmodel.delivery.runtimes.Runtime`."""

    def deploy(
        self,
        target: Target,
        release: Release,
        *,
        check: bool,
        sink: Callable[[Task], None],
        found: Found | None = None,
    ) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
        """See to the image, then do as with a process."""
        if not check:
            images.build(image_name(release), release, target)
        return super().deploy(target, contained(target, release), check=check, sink=sink, found=found)

    def drift(self, target: Target, release: Release) -> tuple[str, ...]:
        """Compare what runs, and each file that was written for it, with what should be."""
        return super().drift(target, contained(target, release))

    def step(
        self, target: Target, release: Release, share: Mapping[str, Any], *, sink: Callable[[Task], None]
    ) -> tuple[Task, ...]:
        """See to the image, then do as with a process."""
        images.build(image_name(release), release, target)
        return super().step(target, contained(target, release), share, sink=sink)


def image_name(release: Release) -> str:
    """Return the name of a release's image on this machine."""
    return image_of(_REPOSITORY, release)


def container_name(target: Target, release: Release) -> str:
    """Return the name of a container; environments of two repositories on one machine share none."""
    place = hashlib.sha256(os.fsencode(target.root)).hexdigest()[:8]
    return f"gitmodel-{target.name}-{place}-{names_of(release).version}"


def contained(target: Target, release: Release) -> Release:
    """Return a release that is run as a container.

    Raises:
        ToolFailed: If no engine is installed.
        UsageError: If the environment's folder cannot be mounted.
    """
    used = images.engine(target)
    program = shutil.which(used, path=process.clean_environment()["PATH"])
    if program is None:
        raise ToolFailed(f"{used} is not installed")
    if ":" in str(target.layout.state):
        raise UsageError(
            f"the folder {target.layout.state} has a colon, which no volume of a container may have"
        )
    around = [f"{name}={os.environ[name]}" for name in _USERS if name in os.environ]
    name = container_name(target, release)
    argv = [program, "run", *_bounds(target), "--rm", "--name", name, "--pull", "never"]
    argv += ["--publish", f"127.0.0.1:{{port}}:{PORT}", "--volume", f"{target.layout.state}:{_STATE}"]
    for key, value in _variables(target).items():
        argv += ["--env", f"{key}={value}"]
    argv.append(image_name(release))
    return release.running(
        shutil.which("env") or "/usr/bin/env", *around, sys.executable, "-m", _STARTER, *argv
    )


def _bounds(target: Target) -> list[str]:
    settings, uid, gid = target.container, os.getuid(), os.getgid()
    found = ["--read-only", "--tmpfs", f"{_TEMPORARY}:rw,mode=1777", "--cap-drop", "ALL"]
    found += ["--security-opt", "no-new-privileges", "--pids-limit", str(_PROCESSES)]
    found += ["--user", f"{uid}:{gid}"]  # the state belongs to whoever deploys
    if uid and images.engine(target) == "podman":
        found += ["--userns", "keep-id"]
    if settings.memory:
        found += ["--memory", settings.memory, "--memory-swap", settings.memory]
    if settings.cpus:
        found += ["--cpus", f"{settings.cpus:g}"]
    return found


def _variables(target: Target) -> dict[str, str]:
    own = {"GITMODEL_STATE": _STATE, "HOME": _TEMPORARY, "TMPDIR": _TEMPORARY}
    return {**variables_of(target.name), **own}
