"""The site at this machine's own address."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from gitmodel.errors import ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.site.serving import Shown, make_server
from tests.cli.conftest import tag


@contextmanager
def serving(shown: Shown, *, watch: bool) -> Iterator[ThreadingHTTPServer]:
    with make_server(shown, "127.0.0.1", 0, watch=watch) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


def get(server: ThreadingHTTPServer, path: str, host: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def shown(repo: Repository, tmp_path: Path) -> Shown:
    tag(repo, "a@v1", "First", "2026-11-01T08:00:00+0000")
    made = Shown(repo, tmp_path / "site", lambda _line: None)
    made.build()
    return made


def test_it_serves_the_folder_and_nothing_above(shown: Shown) -> None:
    (shown.folder.parent / "secret.txt").write_text("secret")
    with serving(shown, watch=False) as server:
        assert get(server, "/") == (200, (shown.folder / "index.html").read_text())
        assert get(server, "/data/index.js")[0] == 200
        assert get(server, "/.stamp.js")[0] == 404
        for path in ("/data/", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt"):
            assert get(server, path)[0] == 404


def test_a_page_of_somebody_else_cannot_read_it_by_a_name_of_its_own(shown: Shown) -> None:
    with serving(shown, watch=True) as server:
        port = server.server_address[1]
        assert get(server, "/data/index.js", f"evil.example:{port}")[0] == 403
        assert get(server, "/data/index.js", "evil.example")[0] == 403
        assert get(server, "/data/index.js", f"localhost:{port}")[0] == 200


def test_pages_follow_only_where_it_is_watched(shown: Shown) -> None:
    with serving(shown, watch=True) as server:
        assert '<script src=".follow.js" defer></script>' in get(server, "/")[1]
        first = get(server, "/.stamp.js")[1]
        tag(shown._repo, "a@v2", "Second", "2026-11-02T08:00:00+0000")
        shown.build()
        assert get(server, "/.stamp.js")[1] != first
    assert ".follow.js" not in (shown.folder / "index.html").read_text()


def test_an_error_is_told_once_and_building_goes_on(repo: Repository, tmp_path: Path) -> None:
    told: list[str] = []
    shown = Shown(repo, tmp_path / "site", told.append)
    shown.build()
    marker = tmp_path / "site" / "gitmodel-site.txt"
    text = marker.read_bytes()
    marker.unlink()
    tag(repo, "a@v1", "First", "2026-11-01T08:00:00+0000")
    stamp = shown.stamp
    thread = threading.Thread(target=shown.follow, daemon=True)
    thread.start()
    _wait(lambda: any("not built" in line for line in told))
    assert shown.stamp == stamp
    marker.write_bytes(text)
    _wait(lambda: shown.stamp != stamp)
    shown.end()
    thread.join(10)
    assert sum("not built" in line for line in told) == 1


def _wait(condition: object) -> None:
    assert callable(condition)
    pause = threading.Event()
    for _ in range(200):
        if condition():
            return
        pause.wait(0.1)
    pytest.fail("it did not happen")


def test_a_port_that_is_taken(shown: Shown) -> None:
    with serving(shown, watch=False) as server, pytest.raises(ToolFailed, match="cannot listen") as caught:
        make_server(shown, "127.0.0.1", server.server_address[1], watch=False)
    assert "--port" in caught.value.hint
