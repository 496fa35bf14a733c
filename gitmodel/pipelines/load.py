"""A small load: keep-alive clients that count every answer and every broken connection, and retry nothing."""

import http.client
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_TIMEOUT = 10.0


@dataclass
class Tally:
    """What the clients saw.

    Attributes:
        answered: Requests that were answered with 2xx.
        lost: Requests that got another status, a broken connection or no answer in time.
        reasons: The first few reasons.
    """

    answered: int = 0
    lost: int = 0
    reasons: tuple[str, ...] = ()


class Load:
    """Requests to one address from several clients, from the start to the end of a ``with`` block.

    Args:
        url: Where to; only loopback and other hosts one owns.
        body: What each request posts; ``None``: GET.
        clients: How many at once.
        pause: Seconds each client waits between two requests.
        limit: Seconds after which the load ends by itself.
    """

    def __init__(
        self, url: str, body: bytes | None, *, clients: int = 4, pause: float = 0.01, limit: float = 120.0
    ) -> None:
        self.tally = Tally()
        self._url, self._body, self._pause, self._limit = urlsplit(url), body, pause, limit
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._clients = [threading.Thread(target=self._client, daemon=True) for _ in range(clients)]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for client in self._clients:
            client.join(_TIMEOUT + 1)

    def _client(self) -> None:
        end = time.monotonic() + self._limit
        connection = self._connect()
        while not self._stop.wait(self._pause) and time.monotonic() < end:
            problem = self._request(connection)
            self._count(problem)
            if problem:
                connection.close()
                connection = self._connect()
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._url.hostname or "", self._url.port, timeout=_TIMEOUT)

    def _request(self, connection: http.client.HTTPConnection) -> str:
        """Ask once; return what went wrong, or nothing."""
        headers = {"Content-Type": "application/json"} if self._body else {}
        try:
            connection.request("POST" if self._body else "GET", self._url.path, self._body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException) as error:
            return repr(error)
        return "" if 200 <= response.status < 300 else f"status {response.status}"  # noqa: PLR2004

    def _count(self, problem: str) -> None:
        with self._lock:
            if problem:
                self.tally.lost += 1
                self.tally.reasons = (*self.tally.reasons, problem)[:5]
            else:
                self.tally.answered += 1
