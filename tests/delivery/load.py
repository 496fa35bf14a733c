"""A load that judges a switch: keep-alive connections that retry nothing and count all that is not 2xx."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Load:
    """What a load has met: answers by version, and everything that was lost, in words."""

    host: str
    port: int
    path: str
    body: dict[str, object]
    pause: float = 0.0
    seen: Callable[[bytes], object] = bytes
    answered: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, seconds: float) -> None:
        """Send one request after another on one connection until told to stop."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        body, deadline = json.dumps(self.body), time.monotonic() + seconds
        while not self._stop.is_set() and time.monotonic() < deadline:
            problem = self.once(connection, body)
            with self._lock:
                self.answered += not problem
                if problem:
                    self.lost[problem] += 1
            time.sleep(self.pause)
        connection.close()

    def once(self, connection: http.client.HTTPConnection, body: str) -> str:
        """Send one request; return "" or what went wrong."""
        try:
            connection.request("POST", self.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self.seen(answer.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return type(error).__name__
        return "" if 200 <= answer.status < 300 else str(answer.status)

    def stop(self) -> None:
        """Tell every client to finish its request and end."""
        self._stop.set()


@contextmanager
def load(
    host: str,
    port: int,
    path: str,
    body: dict[str, object],
    *,
    clients: int = 16,
    seconds: float = 120,
    pause: float = 0.0,
) -> Iterator[Load]:
    """Keep a load on while the block runs, ``seconds`` at most.

    Half of the clients pause between two requests, the others for ``pause`` seconds.
    """
    busy, pausing = (
        Load(host, port, path, body, pause=pause),
        Load(host, port, path, body, pause=max(0.05, pause)),
    )
    threads = [
        threading.Thread(target=(busy if number % 2 else pausing).client, args=(seconds,), daemon=True)
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield busy
    finally:
        for each in (busy, pausing):
            each.stop()
        for thread in threads:
            thread.join(timeout=15)
        busy.answered += pausing.answered
        busy.lost.update(pausing.lost)
