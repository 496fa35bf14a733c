"""Where alerts go: a desk that counts them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Desk:
    """What was told, by title, and where."""

    def __init__(self, port: int, told: list[str]) -> None:
        self.address = f"json://127.0.0.1:{port}"
        self.told = told


@contextmanager
def desk() -> Iterator[Desk]:
    """Take alerts on loopback as long as this lasts."""
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append(str(body["title"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Desk(server.server_port, told)
    finally:
        server.shutdown()
        server.server_close()
