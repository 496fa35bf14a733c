"""Run a packaged service in one process: ``python src/run.py --host 127.0.0.1 --port 8000``.

``bentoml serve`` runs it too. This starts in half of the time and memory, since there is no second
process that supervises; whoever starts it (supervisor, systemd, a container) does that already. And it
shares no folder with other services, whose metrics ``bentoml serve`` would clear at its start.
"""

import argparse
import contextlib
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

# Longer than a router keeps its idle connections (Traefik: 90 s), so that it never sends a request into
# a connection that is being closed.
_KEEP_ALIVE = 120


def main() -> int:
    """Serve until a signal ends it; the exit code is 2 where the port is taken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    options = parser.parse_args()
    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        print(f"cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 2
    signal.signal(signal.SIGTERM, _leave)  # also before the server has taken over
    with tempfile.TemporaryDirectory(prefix="gitmodel-service-") as home:
        os.environ["BENTOML_HOME"] = home
        os.environ["BENTOML_DO_NOT_TRACK"] = "True"
        with contextlib.suppress(KeyboardInterrupt):  # the server has ended in order and passes it on
            serve(listener)
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    It names TCP as its protocol, which `socket.create_server` does not do: asyncio sends answers without
    delay on such sockets only, and on others the client waits 40 ms for the second packet of each.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def serve(listener: socket.socket) -> None:
    """Serve the package that this file lies in on a socket that listens."""
    import uvicorn
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.log import configure_server_logging
    from bentoml._internal.server.metrics.prometheus import PrometheusClient
    from bentoml._internal.service.loader import load

    configure_server_logging()
    BentoMLContainer.metrics_client.set(PrometheusClient(multiproc=False))
    service: Any = load(str(Path(__file__).resolve().parents[1]), standalone_load=True)
    config = uvicorn.Config(
        service.to_asgi(), log_config=None, server_header=False, timeout_keep_alive=_KEEP_ALIVE
    )
    uvicorn.Server(config).run(sockets=[listener])


def _leave(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
