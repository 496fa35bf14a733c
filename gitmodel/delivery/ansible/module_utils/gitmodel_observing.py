"""What runs on a host, and how it differs from what was set up; nothing is changed."""

import time
from pathlib import Path
from typing import Any

from . import gitmodel_probe as probe
from . import gitmodel_router as router
from .gitmodel_keeper import keeper
from .gitmodel_layout import ROUTER, HostError, Layout, Program, read_programs
from .gitmodel_rollout import tree_digest
from .gitmodel_routes import route
from .gitmodel_systemd import is_unit_changed


def observe(layout: Layout, host: str, port: int) -> dict[str, Any]:
    """Return ``services``, ``left`` and ``problems`` of a host, as `runtimes.states.HostState` has them.

    Args:
        layout: Where.
        host: The address that the router should listen on.
        port: Its port.
    """
    keys = _routed_keys(layout)
    routes = {key: router.routed(layout, key.replace(".", "/")) for key in keys}
    found = {program.name: program for weights in routes.values() for program in weights}
    programs = sorted({**found, **read_programs(layout)}.values(), key=lambda each: each.name)
    states, problems = _states(layout)
    if programs and not problems and states.get(ROUTER, {}).get("statename") != "RUNNING":
        problems.append("its router does not run")
    elif programs and not router.listens(host, port):
        problems.append(f"its router does not listen at {host}:{port}")
    services = [
        {
            **_service(program, states.get(program.name), is_routed=program in routes.get(program.key, {})),
            "is_reached": _is_reached(layout, program, routes.get(program.key, {}), host, port),
        }
        for program in programs
    ]
    left = sorted(_models_left(layout, keys) - {program.model for program in programs})
    return {"services": services, "left": left, "problems": problems if programs or left else []}


def changed_routing(layout: Layout, placed: Program, host: str, port: int) -> "list[str]":
    """Return which of the router's files are not as a rollout of a program wrote them, in words.

    Args:
        layout: Where.
        placed: The program, with its port.
        host: The address that the router should listen on.
        port: Its port.
    """
    secure = layout.certificate.exists()
    static = router.static(layout, host, port, router.figures_port(layout), secure=secure)
    found = [
        change_of(layout.router_config, "its router's file", static),
        change_of(layout.route(placed.key), "its route", route({placed: 1})),
    ]
    return [words for words in found if words]


def change_of(path: Path, what: str, text: str) -> str:
    """Return in words how a file differs from what was written; "": it does not."""
    if not path.is_file():
        return f"{what} is gone"
    return "" if path.read_text("utf-8", "replace") == text else f"{what} was changed"


def changed_files(layout: Layout, program: Program, host: str, port: int, tree: str) -> "list[str]":
    """Return the same with files of the release, whose digest is ``tree``; nothing where none is there."""
    placed = read_programs(layout).get(program.name)
    if placed is None:
        return []
    release = layout.release(placed)
    is_spoilt = not release.is_dir() or tree_digest(release) != tree
    found = changed_routing(layout, placed, host, port)
    if layout.units and is_unit_changed(layout, placed.name):
        found.append("its unit was changed")
    return [*found, "files of its release were changed"] if is_spoilt else found


def _states(layout: Layout) -> "tuple[dict[str, dict[str, Any]], list[str]]":
    try:
        return keeper(layout).states(), []
    except HostError:
        return {}, [f"its {'systemd' if layout.units else 'supervisor'} does not run"]


def _service(program: Program, found: "dict[str, Any] | None", *, is_routed: bool) -> dict[str, Any]:
    answer = probe.version_at("127.0.0.1", program.port)
    is_running = found is not None and found["statename"] == "RUNNING"
    start = _moment(time.time() - (found["now"] - found["start"])) if found and is_running else ""
    return {
        "model": program.model,
        "version": program.version,
        "digest": program.digest,
        "is_healthy": probe.is_version(answer, program) and probe.is_ready(program.port),
        "is_routed": is_routed,
        "since": start,
        "state": str(found["statename"]) if found else "",
        "model_id": str((answer or {}).get("model_id") or ""),
    }


def _is_reached(layout: Layout, program: Program, route: "dict[Program, int]", host: str, port: int) -> bool:
    """Say whether the router sends all requests of its model to a program, which answers them."""
    return [*route] == [program] and probe.is_version(
        router.version(layout, host, port, program.model), program
    )


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _routed_keys(layout: Layout) -> "set[str]":
    return {path.name.removesuffix(".yaml") for path in layout.routes.glob("[!.]*.yaml")}


def _models_left(layout: Layout, routed: "set[str]") -> "set[str]":
    """Return the models that a route or a release is left of; a key holds ``.`` where a name holds ``/``."""
    released = {path.name for path in (layout.root / "releases").glob("[!.]*") if _holds_releases(path)}
    return {key.replace(".", "/") for key in routed | released}


def _holds_releases(folder: Path) -> bool:
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())
