"""Feedback of files, posted to a real service of HTTP that keeps it as the generated one does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.monitoring.adding import Added, add_feedback
from gitmodel.packaging.serving.feedback import take_feedback
from gitmodel.packaging.serving.keeping import Keeper
from gitmodel.packaging.serving.segments import Segments, line
from tests.packaging.conftest import forget_metrics

KEPT = {"sample": 1.0, "exclude": [], "hash": [], "keep": 86_400.0, "max_size": 10**9}
ID = "0123456789abcde"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def url(state: Path) -> Iterator[str]:
    """Return where the feedback of a model with whole numbers as its classes is taken."""
    forget_metrics()
    keeper = Keeper({"model": "risk", "version": "1"}, KEPT, state)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kind = {"properties": {"prediction": {"type": "integer"}}}
            self._say(200, {"components": {"schemas": {"Answer": kind}}})

        def do_POST(self) -> None:
            self._say(*take_feedback(keeper, self.rfile.read(int(self.headers["Content-Length"]))))

        def _say(self, status: int, answer: object) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/risk"
    server.shutdown()
    server.server_close()
    keeper.close()


def labels(state: Path) -> list[tuple[str, object]]:
    files = sorted((state / "feedback" / "risk").glob("*.jsonl"))
    found = [json.loads(each) for file in files for each in file.read_bytes().splitlines()]
    return [(each["prediction"], each["label"]) for each in found]


def test_lines_are_posted_and_counted(state: Path, url: str, tmp_path: Path) -> None:
    made = Segments(state / "predictions" / "risk")
    made.append([line({"id": f"{ID}1-{row}", "at": "", "input": {}, "output": {}}) for row in range(2)])
    made.close()
    file = tmp_path / "labels.csv"
    file.write_text(f"prediction,label,origin\n{ID}1,1,audit\n{ID}1-1,0,\n{ID}2-0,1,\n{ID}2-0,1,\n")
    assert add_feedback(file, url, "risk", state) == Added(taken=4, unknown=2, repeated=1)
    assert labels(state) == [(f"{ID}1-0", 1), (f"{ID}1-1", 0), (f"{ID}2-0", 1), (f"{ID}2-0", 1)]
    assert add_feedback(file, url, "risk", state) == Added(taken=4, unknown=2, repeated=4)


def test_lines_of_json(state: Path, url: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(f'{{"id": "{ID}1-7", "label": 3}}\n\n{{"prediction": "{ID}1", "signal": "click"}}\n')
    assert add_feedback(file, url, "risk", tmp_path / "elsewhere") == Added(2, None, None)
    assert labels(state) == [(f"{ID}1-7", 3), (f"{ID}1-0", True)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"prediction,label\n{ID}1,1\nnone,1\n", "line 3: `prediction` must be"),
        (f"prediction,lable\n{ID}1,1\n", "line 2: has the unknown field 'lable'"),
        (f"prediction,label\n{ID}1,\n", "line 2: `label` must be"),
        (f"prediction,label\n{ID}1,1,2\n", "line 2: has the unknown field"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_posted(
    state: Path, url: str, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "labels.csv"
    file.write_text(text)
    with pytest.raises(InvalidFile, match=words):
        add_feedback(file, url, "risk", state)
    assert labels(state) == []


def test_a_file_that_is_no_text(state: Path, url: str, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidFile, match="cannot be read"):
        add_feedback(file, url, "risk", state)
    file.write_text("{")
    with pytest.raises(InvalidFile, match="line 1: not JSON"):
        add_feedback(file, url, "risk", state)


def test_nobody_answers(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text("")
    with pytest.raises(ToolFailed, match="does not answer") as caught:
        add_feedback(file, "http://127.0.0.1:9/risk", "risk", tmp_path)
    assert "gitmodel status" in caught.value.hint
