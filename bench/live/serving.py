"""Two services of one package, one that keeps its predictions and one that does not, asked in turn."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from sklearn.tree import DecisionTreeClassifier

from bench.registry.measure import Pair
from gitmodel.packaging import Declared, Package, VersionIdentity, package_version, serve
from gitmodel.spec.model import ArtifactSpec, ModelSpec

_READY = 120.0
_BOUND = 1.05
_COLUMNS = 8


@dataclass(frozen=True)
class Service:
    """A running service."""

    pid: int
    port: int

    def ask(self, body: bytes, count: int) -> tuple[float, float]:
        """Post a body again and again on one connection; return the seconds, and those of its processor."""
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", self.port), 30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begun, used = time.perf_counter(), self._used()
            for _ in range(count):
                connection.sendall(head + body)
                _read(connection)
            seconds = time.perf_counter() - begun
            time.sleep(0.5)  # what is written later counts too
            return seconds, self._used() - used

    def _used(self) -> float:
        """Return the processor's seconds of all its threads."""
        stats = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(stat.read_text().split()[0]) for stat in stats) / 1e9


def keeping_beside_not(folder: Path, rounds: int, requests: int, rows: int) -> list[Pair]:
    """Measure both in turn."""
    package = _package(folder)
    row = package.smoke[0]["input"]
    body = json.dumps(row if rows == 1 else [row] * rows).encode()
    seconds: dict[str, list[float]] = {"on": [], "off": []}
    used: dict[str, list[float]] = {"on": [], "off": []}
    with ExitStack() as stack:
        services = {
            "on": stack.enter_context(_running(package, folder / "state")),
            "off": stack.enter_context(_running(package, None)),
        }
        for service in services.values():
            service.ask(body, requests)
        for number in range(rounds):
            for name in ("on", "off") if number % 2 == 0 else ("off", "on"):
                passed, worked = services[name].ask(body, requests)
                seconds[name].append(passed)
                used[name].append(worked)
    _check_kept(folder / "state", (rounds + 1) * requests * rows)
    what = f"{requests} requests of {rows} rows, kept"
    return [
        Pair(f"{what}: time", "not kept", tuple(seconds["on"]), tuple(seconds["off"]), _BOUND),
        Pair(f"{what}: processor", "not kept", tuple(used["on"]), tuple(used["off"]), _BOUND),
    ]


def _check_kept(state: Path, expected: int) -> None:
    files = (state / "predictions").rglob("*.jsonl")
    found = sum(file.read_bytes().count(b'"output"') for file in files)
    if found != expected:
        raise RuntimeError(f"{found} lines for {expected} predictions")


def _package(folder: Path) -> Package:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.random((500, _COLUMNS)), columns=[f"column {n}" for n in range(_COLUMNS)])
    model = DecisionTreeClassifier(max_depth=5, random_state=0)
    skops.io.dump(model.fit(frame, frame["column 0"] > 0.5), folder / "model.skops")
    spec = ModelSpec("bench", "", "model.yaml", artifact=ArtifactSpec("model.skops", "skops"))
    version = VersionIdentity("bench", "1", "0" * 8, "0" * 40, "bench@v1")
    return package_version(
        spec,
        version,
        folder / "packages",
        artifact=lambda: folder / "model.skops",
        rows=lambda: frame,
        declared=Declared(),
    )


@contextmanager
def _running(package: Package, state: Path | None) -> Iterator[Service]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = serve(package, port=port)
    environment = {**found.environment, **({"GITMODEL_STATE": str(state)} if state else {})}
    process = subprocess.Popen(
        found.argv, cwd=found.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + _READY
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the service does not start")
            time.sleep(0.1)
        yield Service(process.pid, port)
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            return b" 200 " in connection.recv(4096)
    except OSError:
        return False


def _read(connection: socket.socket) -> None:
    """Read one answer of a known length."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, rest = data.partition(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(f"the service answers {head!r} {rest!r}")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(rest) < length:
        rest += _more(connection)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise RuntimeError("the service has closed the connection")
    return data
