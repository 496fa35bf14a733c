"""Show the site at this machine's own address, and build it again when git moves."""

import hashlib
import json
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from gitmodel.errors import GitmodelError, ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.site.build import build_site

Say = Callable[[str], None]
_PAUSE = 1.0
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
# The page asks by a script, which needs no leave to connect.
_FOLLOW = """\
(function () {
  "use strict";
  var seen = null;
  window.gitmodelStamp = function (stamp) {
    if (seen !== null && seen !== stamp) { location.reload(); }
    seen = stamp;
  };
  window.setInterval(function () {
    var script = document.createElement("script");
    script.src = ".stamp.js?" + Date.now();
    script.onload = script.onerror = function () { script.remove(); };
    document.head.appendChild(script);
  }, 1000);
}());
"""


class Shown:
    """What the server shows: the folder, and a stamp that changes when it was built again."""

    def __init__(self, repo: Repository, folder: Path, say: Say) -> None:
        self.folder = folder
        self.stamp = ""
        self._repo, self._say = repo, say
        self._over = threading.Event()

    def build(self) -> None:
        """Build it now."""
        moved = self._state()
        build_site(self._repo, self.folder, self._say)
        self.stamp = moved

    def _state(self) -> str:
        """Return a digest of all that refs point to."""
        refs = self._repo.git("for-each-ref", "--format=%(objectname) %(refname)")
        head = self._repo.run("rev-parse", "--quiet", "--verify", "HEAD", check=False).text
        return hashlib.sha256(f"{head}{refs}".encode("utf-8", "surrogateescape")).hexdigest()

    def follow(self) -> None:
        """Build again whenever a ref has moved, until `end`; an error is told, and tried again after."""
        told = ""
        while not self._over.wait(_PAUSE):
            try:
                if self._state() != self.stamp:
                    self.build()
                told = ""
            except (GitmodelError, OSError) as error:
                if str(error) != told:
                    told = str(error)
                    self._say(f"[site] not built: {told}")

    def end(self) -> None:
        """Let `follow` return."""
        self._over.set()


class _Handler(SimpleHTTPRequestHandler):
    """Serves the folder to who names this machine: no page of others reads it by a trick of DNS."""

    def __init__(self, *args: object, shown: Shown, names: frozenset[str], watch: bool) -> None:
        self._shown, self._names, self._watch = shown, names, watch
        super().__init__(*args, directory=str(shown.folder))  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if not self._is_for_us():
            self.send_error(403, "this address is not known here")
            return
        path = self.path.partition("?")[0]
        if self._watch and path in ("/", "/index.html"):
            page = (self._shown.folder / "index.html").read_text("utf-8")
            follow = '<script src=".follow.js" defer></script>\n</head>'
            self._answer("text/html", page.replace("</head>", follow, 1))
        elif self._watch and path == "/.follow.js":
            self._answer("text/javascript", _FOLLOW)
        elif self._watch and path == "/.stamp.js":
            self._answer("text/javascript", f"gitmodelStamp({json.dumps(self._shown.stamp)});")
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        if self._is_for_us():
            super().do_HEAD()
        else:
            self.send_error(403)

    def _is_for_us(self) -> bool:
        host = self.headers.get("Host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return not self._names or name in self._names

    def _answer(self, kind: str, text: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: object) -> None:
        del path
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the terminal is for what is built."""


class _Server(ThreadingHTTPServer):
    """A browser asks for all that a page needs at once."""

    request_queue_size = 64


def make_server(shown: Shown, host: str, port: int, *, watch: bool) -> ThreadingHTTPServer:
    """Return a server of the folder, listening.

    Raises:
        ToolFailed: If it cannot listen there.
    """
    is_local = host in _LOCAL or host == "::1"
    handler = partial(_Handler, shown=shown, names=_LOCAL if is_local else frozenset(), watch=watch)
    try:
        return _Server((host, port), handler)
    except OSError as error:
        raise ToolFailed(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            hint="end what listens there, or choose another with --port",
        ) from error


def serve(repo: Repository, folder: Path, host: str, port: int, say: Say, *, watch: bool) -> None:
    """Build and serve until Ctrl-C.

    Raises:
        ToolFailed: If it cannot listen there.
        UsageError: If the folder holds files of others.
    """
    shown = Shown(repo, folder, say)
    shown.build()
    with make_server(shown, host, port, watch=watch) as server:
        say(f"http://{host}:{server.server_address[1]}/ shows {folder} (Ctrl-C ends it)")
        follower = threading.Thread(target=shown.follow, daemon=True)
        if watch:
            follower.start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("ended")
        finally:
            shown.end()
