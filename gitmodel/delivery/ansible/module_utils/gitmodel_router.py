"""Traefik's files: what it reads at its start, and one small file a model with the weights of its versions.

They are written as JSON, which is YAML too: nothing in a name can be taken for syntax.
"""

import json
import socket
from collections.abc import Mapping
from typing import Any

from .gitmodel_keeper import Keeper, keeper
from .gitmodel_layout import ROUTER, HostError, Layout, Program, parse_program, read_programs, write
from .gitmodel_probe import is_version, version_at, wait

_SWITCH_SECONDS = 15.0
_FREE_FOR_ALL = 1024  # lower ports need a capability


def static(layout: Layout, host: str, port: int) -> str:
    """Return the router's own configuration: one entry point, no dashboard, nothing reported to anyone."""
    return _text(
        {
            "entryPoints": {"web": {"address": f"{_in_url(host)}:{port}"}},
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "log": {"level": "ERROR", "noColor": True},
            "providers": {
                "file": {"directory": str(layout.routes), "watch": True},
                "providersThrottleDuration": "100ms",
            },
        }
    )


def route(weights: Mapping[Program, int]) -> str:
    """Return the route of a model: its prefix taken off, requests shared between versions by weight.

    The longest prefix wins, so a model `a` gets nothing that is for `a/b`, nor for `ab`.
    `read_route` is the inverse.
    """
    model, key = _one_model(weights)
    prefix = f"/{model}"
    return _text(
        {
            "http": {
                "routers": {
                    key: {
                        "rule": f"PathPrefix(`{prefix}/`) || Path(`{prefix}`)",
                        "priority": 1000 + len(prefix),
                        "middlewares": [key],
                        "service": key,
                    }
                },
                "middlewares": {key: {"stripPrefix": {"prefixes": [prefix]}}},
                "services": _services(key, weights),
            }
        }
    )


def _one_model(weights: Mapping[Program, int]) -> tuple[str, str]:
    models = {(program.model, program.key) for program in weights}
    if len(models) != 1:
        raise HostError(f"a route is for one model, not {len(models)}")
    return models.pop()


def _services(key: str, weights: Mapping[Program, int]) -> dict[str, Any]:
    """A model's key holds no ``~``, so no version is called like another model."""
    services: dict[str, Any] = {
        _service(program): {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{program.port}"}]}}
        for program in weights
    }
    shares = [{"name": _service(program), "weight": weight} for program, weight in weights.items()]
    services[key] = {"weighted": {"services": shares}}
    return services


def _service(program: Program) -> str:
    return f"{program.key}~{program.version}~{program.digest}"


def read_route(text: str, model: str) -> dict[Program, int]:
    """Return the weights in a route of a model; nothing where it is no route of ours."""
    try:
        services = json.loads(text)["http"]["services"]
        shares = services[model.replace("/", ".")]["weighted"]["services"]
        return {_program(share["name"], model, services): int(share["weight"]) for share in shares}
    except (AttributeError, HostError, KeyError, TypeError, ValueError):
        return {}


def _program(name: str, model: str, services: Mapping[str, Any]) -> Program:
    _key, version, digest = name.split("~")
    url = str(services[name]["loadBalancer"]["servers"][0]["url"])
    fields = {"model": model, "version": version, "digest": digest, "port": url.rpartition(":")[2]}
    return parse_program(fields)


def routed(layout: Layout, model: str) -> dict[Program, int]:
    """Return what the router sends a model's requests to; nothing where the model has no route."""
    try:
        return read_route(layout.route(model.replace("/", ".")).read_text("utf-8"), model)
    except OSError:
        return {}


def ensure(layout: Layout, host: str, port: int, executable: str) -> bool:
    """See to it that the router runs and listens on host and port; say whether that changed anything.

    Raises:
        HostError: If somebody else has the port, or the router does not come up.
    """
    kept = keeper(layout)
    if _state(kept) == "RUNNING" and _address(layout) != (host, port):
        refuse_taken(host, port)  # before the router leaves its old address
    changed = write(layout.router_config, static(layout, host, port))
    changed |= _write_config(kept, layout, port, executable)
    if changed and kept.state(ROUTER) is not None:
        kept.remove(ROUTER)
        _write_config(kept, layout, port, executable)
    wait(lambda: _state(kept) != "STARTING", 5)
    if _state(kept) == "RUNNING" and listens(host, port):
        return changed
    if _state(kept) != "RUNNING":
        refuse_taken(host, port)
    position = kept.position(ROUTER)
    kept.start(ROUTER)
    if not wait(lambda: _up(kept, host, port), 10):
        raise HostError("the router does not start", detail=kept.words(ROUTER, position))
    return True


def _write_config(kept: Keeper, layout: Layout, port: int, executable: str) -> bool:
    command = (executable, f"--configfile={layout.router_config}")
    return kept.write(ROUTER, command, layout.root, {}, low_port=port < _FREE_FOR_ALL)


def _address(layout: Layout) -> "tuple[str, int] | None":
    """Return where the router was told to listen."""
    try:
        address = json.loads(layout.router_config.read_text("utf-8"))["entryPoints"]["web"]["address"]
        host, _, port = str(address).rpartition(":")
        return host.strip("[]"), int(port)
    except (KeyError, OSError, TypeError, ValueError):
        return None


def _up(kept: Keeper, host: str, port: int) -> bool:
    return _state(kept) in ("STARTING", "RUNNING") and listens(host, port)


def _state(kept: Keeper) -> str:
    found = kept.state(ROUTER)
    return str(found["statename"]) if found else ""


def refuse_taken(host: str, port: int) -> None:
    """Make sure that nobody has the router's port.

    Raises:
        HostError: If somebody has; the words say what to do.
    """
    if listens(host, port):
        raise HostError(
            f"port {port} of {host} is taken by another program; "
            f"end that program, or choose another `port` in the environment's file"
        )


def listens(host: str, port: int) -> bool:
    """Say whether anybody takes connections there."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def switch(layout: Layout, program: Program, host: str, port: int) -> bool:
    """Send all requests of a model to a program by one rename and see it answer; say whether that was news.

    What was there before is kept aside until `forget_previous`, and put back where the program does not
    answer through the router.

    Raises:
        HostError: If it does not.
    """
    path, previous = layout.route(program.key), layout.previous_route(program.key)
    text = route({program: 1})
    before = path.read_text("utf-8") if path.exists() else None
    changed = before != text
    if changed and before is not None:
        write(previous, before)
    write(path, text)
    if wait(lambda: _answers(program, host, port), _SWITCH_SECONDS):
        return changed
    if changed or previous.exists():
        put_back(layout, program)
    raise HostError(
        f"{program.model} v{program.version} does not answer through the router at {host}:{port}",
        detail=keeper(layout).words(ROUTER),
    )


def _answers(program: Program, host: str, port: int) -> bool:
    """Three answers in a row, each on a connection of its own."""
    return all(is_version(version_at(host, port, f"/{program.model}"), program) for _ in range(3))


def put_back(layout: Layout, program: Program) -> None:
    """Restore the route that `switch` replaced, or take the program's away where there was none.

    A route kept aside by a rollout that was killed may lead to services that are gone; then the route stays.
    """
    path, previous = layout.route(program.key), layout.previous_route(program.key)
    if program not in routed(layout, program.model):
        return
    if not previous.exists():
        path.unlink(missing_ok=True)
    elif set(read_route(previous.read_text("utf-8"), program.model)) <= set(read_programs(layout).values()):
        previous.replace(path)


def forget_previous(layout: Layout, program: Program) -> None:
    """The switch is final."""
    layout.previous_route(program.key).unlink(missing_ok=True)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True) + "\n"
