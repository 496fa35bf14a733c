"""A small HTTP server in a thread: the ground of what plays a forge in tests."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


class Request(NamedTuple):
    """What a client has asked."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class Answer(NamedTuple):
    """What it is told; ``cut``: the connection is closed instead."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    cut: bool = False


@dataclass
class Server:
    """Requests that came, and answers that go before those of the forge.

    ``next`` is consumed from the left: an answer for the next request, or ``None`` for the forge's own.
    """

    act: Callable[[Request], Answer]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    next: list[Answer | None] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        """Answer one request; several that come at once are answered one after the other."""
        with self.lock:
            self.requests.append(request)
            planned = self.next.pop(0) if self.next else None
            return planned or self.act(request)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve on a port of loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            kind = self.headers.get("Content-Type", "")
            body = json.loads(raw) if raw and "json" in kind else (raw or None)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.answer(Request(self.command, parts.path, query, body, headers))
            if answer.cut:
                self.close_connection = True
                return
            data = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names of http.server

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # a client that went away

    with Quiet(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


def paged(server: Server, request: Request, found: list[Any], size: int) -> Answer:
    """Answer with the page of a list that was asked for, and name the next one as both forges do.

    Args:
        server: Who answers.
        request: The request, with ``page`` and ``per_page``.
        found: The whole list.
        size: Entries of a page where the request names none.
    """
    size, page = int(request.query.get("per_page", size)), int(request.query.get("page", 1))
    query = "&".join(f"{key}={value}" for key, value in {**request.query, "page": str(page + 1)}.items())
    link = f'<{server.url}{request.path}?{query}>; rel="next"'
    more = len(found) > size * page
    return Answer(200, found[size * (page - 1) : size * page], {"Link": link} if more else {})
