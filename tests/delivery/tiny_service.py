"""A service with the interface of a generated one: starts at once, misbehaves on demand.

``version.json`` beside it may hold ``mode``: ``exits``, ``never-ready`` or ``wrong``; and ``sleep`` (seconds
that a prediction takes). A prediction doubles numbers and echoes text.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = json.loads(Path("version.json").read_text("utf-8"))
MODE = VERSION.get("mode", "")


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
        time.sleep(VERSION.get("sleep", 0))
        self.answer({"y": "wrong" if MODE == "wrong" else value if isinstance(value, str) else value * 2})

    def log_message(self, *_arguments: Any) -> None:
        pass


if __name__ == "__main__":
    if MODE == "exits":
        print("this model cannot be loaded: no such tree", flush=True)  # noqa: T201
        sys.exit(3)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
