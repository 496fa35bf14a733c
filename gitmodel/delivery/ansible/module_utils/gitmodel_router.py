"""The router: what Traefik reads at its start, bringing it up, and switching."""

import json
import socket
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .gitmodel_keeper import Keeper, keeper
from .gitmodel_layout import ROUTER, HostError, Layout, Program, read_programs, write
from .gitmodel_ports import free_port
from .gitmodel_probe import is_version, version_at, wait
from .gitmodel_routes import as_text, read_mirrors, read_route, route

# Seconds: each a quarter longer than the one before, so that a percentile is known to an eighth.
BUCKETS = [round(0.001 * 1.25**number, 6) for number in range(50)]
_SWITCH_SECONDS = 15.0
_FREE_FOR_ALL = 1024  # lower ports need a capability


def static(layout: Layout, host: str, port: int, figures: int, *, secure: bool = False) -> str:
    """Return the router's own configuration: no dashboard, nothing reported to anyone.

    Args:
        layout: Where.
        host: The address that models answer at.
        port: The port that they answer at.
        figures: The loopback port on which the router tells how many requests each version answered.
        secure: Whether models answer by TLS alone.
    """
    spoken: dict[str, Any] = {"http": {"tls": {}}} if secure else {}
    return as_text(
        {
            "entryPoints": {
                "web": {"address": f"{_in_url(host)}:{port}", "asDefault": True, **spoken},
                "figures": {"address": f"127.0.0.1:{figures}"},
            },
            "metrics": {
                "prometheus": {
                    "entryPoint": "figures",
                    "buckets": BUCKETS,
                    "addEntryPointsLabels": False,
                    "addServicesLabels": True,
                }
            },
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
            "log": {"level": "ERROR", "noColor": True},
            "providers": {
                "file": {"directory": str(layout.routes), "watch": True},
                "providersThrottleDuration": "100ms",
            },
        }
    )


def routed(layout: Layout, model: str) -> dict[Program, int]:
    """Return what the router sends a model's requests to; nothing where the model has no route."""
    return read_route(_route_text(layout, model), model)


def mirrored(layout: Layout, model: str) -> dict[Program, int]:
    """Return what the router sends copies of a model's requests to."""
    return read_mirrors(_route_text(layout, model), model)


def _route_text(layout: Layout, model: str) -> str:
    try:
        return layout.route(model.replace("/", ".")).read_text("utf-8")
    except OSError:
        return ""


def ensure(
    layout: Layout, host: str, port: int, executable: str, tls: Mapping[str, str] = MappingProxyType({})
) -> bool:
    """See to it that the router runs and listens on host and port; say whether that changed anything.

    ``tls`` holds the paths of ``certificate`` and ``key`` on the host, if it has one.

    Raises:
        HostError: If somebody else has the port, or the router does not come up.
    """
    kept = keeper(layout)
    if _state(kept) == "RUNNING" and _address(layout) != (host, port):
        refuse_taken(host, port)  # before the router leaves its old address
    figures = figures_port(layout)
    if not figures or (_state(kept) != "RUNNING" and listens("127.0.0.1", figures)):
        figures = free_port(layout)
    changed = write(layout.router_config, static(layout, host, port, figures, secure=bool(tls)))
    changed |= _write_certificate(layout, tls)
    changed |= _write_config(kept, layout, port, executable, tls)
    if changed and kept.state(ROUTER) is not None:
        kept.remove(ROUTER)
        _write_config(kept, layout, port, executable, tls)
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


def _write_config(kept: Keeper, layout: Layout, port: int, executable: str, tls: Mapping[str, str]) -> bool:
    command = (executable, f"--configfile={layout.router_config}")
    return kept.write(ROUTER, command, layout.root, {}, low_port=port < _FREE_FOR_ALL, credentials=tls)


def _write_certificate(layout: Layout, tls: Mapping[str, str]) -> bool:
    """Tell the router where systemd gives it certificate and key, which only root can read elsewhere."""
    if not tls:
        there = layout.certificate.exists()
        layout.certificate.unlink(missing_ok=True)
        return there
    given = f"/run/credentials/{layout.unit(ROUTER)}"
    files = {"certFile": f"{given}/certificate", "keyFile": f"{given}/key"}
    return write(layout.certificate, as_text({"tls": {"stores": {"default": {"defaultCertificate": files}}}}))


def version(layout: Layout, host: str, port: int, model: str) -> "dict[str, Any] | None":
    """Return what ``/version`` of a model says through the router."""
    return version_at(host, port, f"/{model}", secure=layout.certificate.exists())


def _address(layout: Layout, point: str = "web") -> "tuple[str, int] | None":
    """Return where the router was told to listen."""
    try:
        address = json.loads(layout.router_config.read_text("utf-8"))["entryPoints"][point]["address"]
        host, _, port = str(address).rpartition(":")
        return host.strip("[]"), int(port)
    except (KeyError, OSError, TypeError, ValueError):
        return None


def figures_port(layout: Layout) -> int:
    """Return the loopback port of the router's figures; 0: it was told of none yet."""
    found = _address(layout, "figures")
    return found[1] if found else 0


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
    if wait(lambda: _answers(layout, program, host, port), _SWITCH_SECONDS):
        return changed
    if changed or previous.exists():
        put_back(layout, program)
    raise HostError(
        f"{program.model} v{program.version} does not answer through the router at {host}:{port}",
        detail=keeper(layout).words(ROUTER),
    )


def _answers(layout: Layout, program: Program, host: str, port: int) -> bool:
    """Three answers in a row, each on a connection of its own."""
    return all(is_version(version(layout, host, port, program.model), program) for _ in range(3))


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
