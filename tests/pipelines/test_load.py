"""The load client counts what a server really does to it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gitmodel.pipelines.load import Load


class _Handler(BaseHTTPRequestHandler):
    """Answers well, with an error, or not at all, by turns of its server's plan."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/drop":
            self.close_connection = True
            return
        self.send_response(200 if self.path == "/good" else 503)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with _Quiet(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_good_answers_are_counted(server: str) -> None:
    with Load(f"{server}/good", b"{}") as load:
        threading.Event().wait(0.3)
    assert load.tally.answered > 10
    assert load.tally.lost == 0


@pytest.mark.parametrize(("path", "reason"), [("/bad", "status 503"), ("/drop", "RemoteDisconnected")])
def test_errors_and_broken_connections_are_lost(server: str, path: str, reason: str) -> None:
    with Load(f"{server}{path}", b"{}", limit=0.3) as load:
        threading.Event().wait(0.3)
    assert load.tally.lost > 0
    assert load.tally.answered == 0
    assert reason in load.tally.reasons[0]


def test_it_ends_by_itself(server: str) -> None:
    with Load(f"{server}/good", b"{}", limit=0.1) as load:
        threading.Event().wait(0.3)
        before = load.tally.answered
        threading.Event().wait(0.2)
        assert load.tally.answered == before
