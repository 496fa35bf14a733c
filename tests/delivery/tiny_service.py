"""A service with the interface of a generated one: starts at once, misbehaves on demand.

``version.json`` beside it may hold ``mode``: ``exits``, ``never-ready``, ``wrong``, and, for requests that
come through a router only, ``fails`` (500) or ``odd`` (answers otherwise); and ``sleep`` (seconds that a
prediction takes). A prediction doubles numbers and echoes text; it is kept where `GITMODEL_STATE` says.
"""

import json
import os
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = json.loads(Path("version.json").read_text("utf-8"))
MODE = VERSION.get("mode", "")


_LOCK = threading.Lock()


def keep(value: Any, found: Any) -> None:
    """Append a prediction to where a generated service keeps its own."""
    key = VERSION["model"].replace("/", ".")
    state = Path(os.environ["GITMODEL_STATE"])
    try:
        shadow = json.loads((state / "shadow" / f"{key}.json").read_text())["digest"] == VERSION["digest"]
    except FileNotFoundError:
        shadow = False
    folder = state / ("shadow" if shadow else "predictions") / key
    number = secrets.token_hex(8)
    row = {"id": f"{number}-0", "version": VERSION["version"], "input": {"x": value}}
    with _LOCK:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"20260101T000000Z-{os.getpid()}-000.jsonl").open("a") as file:
            file.write(json.dumps({**row, "output": {"prediction": found}}) + "\n")


class Server(ThreadingHTTPServer):
    request_queue_size = 2048  # as uvicorn has it; with 5, the kernel ends connections that many open at once


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body: Any, code: int = 200) -> None:
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self) -> None:
        if self.path == "/readyz":
            self.answer({}, 503 if MODE == "never-ready" else 200)
        else:
            self.answer(VERSION if self.path == "/version" else {"path": self.path})

    def do_POST(self) -> None:
        value = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["x"]
        routed = "X-Forwarded-For" in self.headers
        time.sleep(VERSION.get("sleep", 0) if routed else 0)
        if MODE == "fails" and routed:
            self.answer({"error": "it fails"}, 500)
            return
        found: Any = "wrong" if MODE == "wrong" else value if isinstance(value, str) else value * 2
        if MODE == "odd" and routed:
            found += 7
        if routed:
            keep(value, found)
        self.answer({"y": found})

    def log_message(self, *_arguments: Any) -> None:
        pass


if __name__ == "__main__":
    if MODE == "exits":
        print("this model cannot be loaded: no such tree", flush=True)  # noqa: T201
        sys.exit(3)
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
