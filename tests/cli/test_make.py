"""The commands that make a version and use it, on a real example."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gitmodel import process, resources
from gitmodel.git.repository import Repository
from tests.cli.conftest import Run


@pytest.fixture
def hello(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository that holds the smallest example."""
    shutil.copytree(resources.folder("examples") / "hello-world", tmp_path / "hello")
    process.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path / "hello")
    repo = Repository.open(tmp_path / "hello")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "Tell wines apart")
    monkeypatch.chdir(tmp_path / "hello")
    return repo


def test_what_cannot_be_trained_is_told(hello: Repository, run: Run) -> None:
    assert run("train", "hello").err.startswith(
        'error: there is no model "hello" at HEAD\nhint: did you mean'
    )
    assert run("train", "--commit", "nowhere").code == run("register", "--commit", "no").code == 2
    assert hello.root is not None
    (hello.root / "params.yaml").write_text("C: 2\n")
    done = run("train")
    assert done.code == 2
    assert "changes that are not committed: params.yaml" in done.err


def test_nothing_is_registered_yet(hello: Repository, run: Run) -> None:
    for argv in (["package"], ["show"], ["serve", "hello-world:1"], ["promote", "local"]):
        done = run(*argv)
        assert (done.code, done.err.splitlines()[0][:7]) == (2, "error: ")
    assert run("list").out == "hello-world  -\n"


@pytest.mark.system
def test_from_a_commit_to_a_prediction(hello: Repository, run: Run, tmp_path: Path) -> None:
    assert "hello-world: trained: accuracy" in run("train").out
    assert "registered as v1" in run("register", "-m", "First: it works").out
    assert "is the same result as v1" in run("register").out
    shown = run("show").out
    assert "Algo: LogisticRegression\nAccuracy: 0." in shown
    assert shown.endswith("\n    First: it works\n")

    folder = tmp_path / "package"
    assert run("package", "--output", folder).out.endswith(f"{folder}\n")
    assert "is not empty" in run("package", "--output", folder).err
    (smoke,) = folder.rglob("smoke.json")
    rows = [row["input"] for row in json.loads(smoke.read_text())]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    answers = json.loads(run("predict", "hello-world:1", "--input", tmp_path / "rows.json", "--json").out)
    lines = run("predict", "--input", tmp_path / "rows.json").out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [answer["prediction"] for answer in answers]
    assert _served(hello, rows) == answers


def _served(repo: Repository, rows: list[dict[str, float]]) -> object:
    """Serve the model for one request, end it as Ctrl-C does, and return the answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "gitmodel", "serve", "--port", str(port)]
    with subprocess.Popen(argv, cwd=repo.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as served:
        try:
            return _ask(f"http://127.0.0.1:{port}/predict", json.dumps(rows).encode())
        finally:
            served.send_signal(signal.SIGTERM)
            out = served.communicate(timeout=20)[0].decode()
            assert f"hello-world:1 answers at http://127.0.0.1:{port}" in out


def _ask(url: str, body: bytes) -> object:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            time.sleep(0.2)
    raise AssertionError("the service does not answer")
