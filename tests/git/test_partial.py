"""Cached copies of remote repositories: what may be fetched from, what is kept, what a kill leaves."""

import base64
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.notes import append_notes, read_notes
from gitmodel.git.objects import read_file
from gitmodel.git.partial import Address, Mirror, file_lock, parse_address
from gitmodel.git.refs import list_refs, resolve
from gitmodel.git.repository import Repository

from ..conftest import commit_all, make_repository  # noqa: TID252

NOTES = "refs/notes/metrics"


@pytest.fixture
def models(tmp_path: Path) -> Repository:
    """Return a repository with a tag, an environment and notes, which lets copies filter."""
    made = make_repository(tmp_path / "models")
    made.git("config", "uploadpack.allowFilter", "true")
    for number in (1, 2, 3):
        commit_all(made, {"folder/file": f"{number}\n", "large": os.urandom(20_000).hex()})
        made.git("tag", "-a", "-m", f"v{number}", f"m@v{number}")
        _note(made, f'{{"number":{number}}}')
    made.git("branch", "env/production", made.git("commit-tree", "-m", "Promote", "HEAD:folder"))
    return made


def _note(repo: Repository, line: str) -> None:
    head = resolve(repo, "HEAD")
    assert head is not None
    append_notes(repo, NOTES, {head: [line]})


def mirror(url: str, cache: Path) -> Mirror:
    address = parse_address(url)
    assert address is not None
    return Mirror.of(address, cache)


@pytest.fixture
def copy(models: Repository, tmp_path: Path) -> Mirror:
    return mirror(f"file://{models.root}", tmp_path / "cache")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.org/a/models.git", "https://example.org/a/models.git"),
        ("https://ada:s3cret@example.org:8443/m.git", "https://example.org:8443/m.git"),
        ("https://t0ken@example.org/m.git", "https://example.org/m.git"),
        ("ssh://git:s3cret@example.org:2222/~/m", "ssh://git@example.org:2222/~/m"),
        ("git@example.org:risk/models.git", "git@example.org:risk/models.git"),
        ("file:///srv/models.git", "file:///srv/models.git"),
    ],
)
def test_addresses_keep_no_secret(text: str, url: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert address.url == url
    for shown in (repr(address), address.folder, address.hide(f"fatal: {text} is away")):
        assert "s3cret" not in shown
        assert "t0ken" not in shown


def test_folders_are_harmless_names_and_differ() -> None:
    urls = [
        "https://e.org/a",
        "https://e.org/b",
        "https://e.org/b/",
        "file:///..",
        "https://e.org/%2e%2e/…/Ä",
    ]
    folders = [address.folder for address in map(Address, urls)]
    assert len({*folders}) == len(urls)
    assert all(
        folder.replace("-", "").isalnum() and folder.isascii() and folder.islower() for folder in folders
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--upload-pack=touch x",
        "-oProxyCommand=x",
        "ext::sh -c 'touch x'",
        "fd::17",
        "https://-oProxyCommand=x/y",
        "ssh://git@-oProxyCommand=x/y",
        "git@-oProxyCommand=x:y",
        "https://example.org/a b",
        "https://example.org/a\nb",
        "https://[::1",
        "gopher://example.org/a",
        "javascript://x",
    ],
)
def test_what_is_not_fetched_from(text: str) -> None:
    with pytest.raises(UsageError):
        parse_address(text)


def test_paths_are_no_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git@here:models").mkdir()
    monkeypatch.chdir(tmp_path)
    assert [parse_address(text) for text in (".", "/nowhere", "git@here:models", "some/models")] == [None] * 4


def test_only_what_a_registry_is_made_of_is_brought(copy: Mirror, models: Repository) -> None:
    assert copy.fetched is None
    copy.fetch()
    assert copy.fetched == pytest.approx(time.time(), abs=60)
    assert [*list_refs(copy.repo)] == [
        "refs/heads/env/production",
        NOTES,
        *(f"refs/tags/m@v{number}" for number in (1, 2, 3)),
    ]
    kept = copy.repo.git("cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)")
    blobs = [line.split()[1] for line in kept.splitlines() if line.startswith("blob")]
    assert len(blobs) == 4  # three notes, and the file of the environment
    assert read_notes(copy.repo, NOTES) == read_notes(models, NOTES)


def test_the_rest_is_brought_when_it_is_asked_for(copy: Mirror) -> None:
    copy.fetch()
    assert read_file(copy.repo, "m@v2", "folder/file") == b"2\n"


def test_notes_and_environments_can_be_read_without_the_remote(copy: Mirror, models: Repository) -> None:
    copy.fetch()
    _note(models, '{"number":4}')
    models.git("branch", "-f", "env/production", models.git("commit-tree", "-m", "Next", "m@v1:folder"))
    models.git("tag", "-d", "m@v3")
    copy.fetch()
    expected = read_notes(models, NOTES)
    assert models.root is not None
    models.root.rename(models.root.with_name("away"))
    assert read_notes(copy.repo, NOTES) == expected
    assert read_file(copy.repo, "env/production", "file") == b"1\n"
    assert "refs/tags/m@v3" not in list_refs(copy.repo)
    with pytest.raises(ToolFailed, match="could not fetch from file://"):
        copy.fetch()
    assert copy.fetched is not None


@pytest.mark.parametrize(
    "settings",
    [{"uploadpack.allowFilter": "false"}, {"uploadpackfilter.tree.allow": "false"}],
    ids=["no filter", "no filter of trees"],
)
def test_servers_that_filter_less(settings: dict[str, str], models: Repository, copy: Mirror) -> None:
    for key, value in settings.items():
        models.git("config", key, value)
    _stays_in_line(copy, models)


def test_servers_of_the_older_protocol(
    models: Repository, copy: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There, copies can be partial where the server lets single objects be asked for, as forges do."""
    (tmp_path / "gitconfig").write_text("[protocol]\n\tversion = 0\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    models.git("config", "uploadpack.allowAnySHA1InWant", "true")
    _stays_in_line(copy, models)


def _stays_in_line(copy: Mirror, models: Repository) -> None:
    copy.fetch()
    _note(models, '{"number":4}')
    copy.fetch()
    assert read_notes(copy.repo, NOTES) == read_notes(models, NOTES)
    assert read_file(copy.repo, "m@v2", "folder/file") == b"2\n"


def test_an_empty_repository_can_be_copied(tmp_path: Path, bare: Repository) -> None:
    empty = mirror(f"file://{bare.git_dir}", tmp_path / "cache")
    empty.fetch()
    assert list_refs(empty.repo) == {}


def test_openers_at_once_make_one_copy(copy: Mirror, models: Repository) -> None:
    errors: list[BaseException] = []

    def open_it() -> None:
        try:
            Mirror.of(copy.address, copy.repo.git_dir.parent).fetch()
            assert len(list_refs(copy.repo, "refs/tags/")) == 3
        except BaseException as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    openers = [threading.Thread(target=open_it) for _ in range(6)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join()
    assert errors == []
    assert read_notes(copy.repo, NOTES) == read_notes(models, NOTES)


def test_what_a_killed_fetch_leaves_is_mended(copy: Mirror) -> None:
    folder = copy.repo.git_dir
    folder.with_name(f"{folder.name}.new").mkdir(parents=True)
    (folder.with_name(f"{folder.name}.new") / "HEAD").write_text("half")
    folder.mkdir()  # without HEAD
    copy.fetch()
    for name in ("packed-refs.lock", "refs/tags/m@v1.lock", "refs/notes/metrics.lock"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    copy.fetch()
    assert not list(folder.rglob("*.lock"))


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1])
def test_killed_at_any_moment_the_next_one_succeeds(copy: Mirror, models: Repository, after: float) -> None:
    program = f"""
from pathlib import Path
from gitmodel.git.partial import Mirror, parse_address
mirror = Mirror.of(parse_address({copy.address.url!r}), Path({str(copy.repo.git_dir.parent)!r}))
print("ready", flush=True)
mirror.fetch()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True
    ) as fetching:
        assert fetching.stdout is not None
        fetching.stdout.readline()
        time.sleep(after)
        os.killpg(fetching.pid, signal.SIGKILL)
    copy.fetch()
    assert read_notes(copy.repo, NOTES) == read_notes(models, NOTES)
    assert len(list_refs(copy.repo, "refs/tags/")) == 3


def test_a_lock_is_held_among_threads(tmp_path: Path) -> None:
    inside: list[int] = []

    def enter() -> None:
        with file_lock(tmp_path / "lock"):
            inside.append(1)
            assert len(inside) == 1
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == []


# ---- over http, with a password


class _Server(BaseHTTPRequestHandler):
    """git's own http backend, behind a password."""

    root = ""
    heard: list[str]
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(self.rfile.read(length) if length else self._chunks())

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def _answer(self, body: bytes) -> None:
        wanted = "Basic " + base64.b64encode(b"ada:s3cret/x").decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="models"')
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        environment = {
            "GIT_PROJECT_ROOT": self.root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "ada",
        }
        done = process.run(["git", "http-backend"], env=process.clean_environment(environment), stdin=body)
        head, _, rest = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        self.send_response(int(dict(fields).get("Status", "200").split()[0]))
        for key, value in fields:
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(rest)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def port(models: Repository) -> Iterator[int]:
    assert models.root is not None
    handler = type("Handler", (_Server,), {"root": str(models.root.parent)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_password_in_the_url_serves_and_is_kept_nowhere(
    port: int, tmp_path: Path, models: Repository
) -> None:
    copy = mirror(f"http://ada:s3cret%2Fx@127.0.0.1:{port}/models/.git", tmp_path / "cache")
    copy.fetch()
    assert read_notes(copy.repo, NOTES) == read_notes(models, NOTES)
    assert read_file(copy.repo, "m@v2", "folder/file") == b"2\n"
    kept = [copy.repo.git_dir, *copy.repo.git_dir.rglob("*")]
    assert not [
        path for path in kept if "s3cret" in path.name or (path.is_file() and b"s3cret" in path.read_bytes())
    ]


def test_a_wrong_password_is_not_told(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_ASKPASS", "false")
    copy = mirror(f"http://ada:wr0ng@127.0.0.1:{port}/models/.git", tmp_path / "cache")
    with pytest.raises(ToolFailed) as caught:
        copy.fetch()
    said = f"{caught.value} {caught.value.detail} {caught.value.hint}"
    assert "Authentication failed" in said
    assert "wr0ng" not in said


def test_a_redirect_to_a_transport_that_runs_things_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: Repository
) -> None:
    """Also where the user's own settings lead there."""
    trap = tmp_path / "trap"
    rewriting = f'[url "ext::touch {trap} "]\n\tinsteadOf = https://example.org/\n'
    (tmp_path / "gitconfig").write_text(f'{rewriting}[protocol "ext"]\n\tallow = always\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    with pytest.raises(ToolFailed) as caught:
        mirror("https://example.org/models", tmp_path / "cache").fetch()
    assert "transport 'ext' not allowed" in caught.value.detail
    assert not trap.exists()
