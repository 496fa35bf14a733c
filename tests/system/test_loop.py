"""The whole loop by real pushes: what the demo shows, asserted on refs, notes, answers and lost requests."""

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitmodel.git.repository import Repository
from gitmodel.pipelines.demo import BETTER, MODEL, WORSE, Demo, run_demo, stop_demo
from gitmodel.registry.desired import read_desired
from gitmodel.registry.registry import Registry

pytestmark = pytest.mark.system


@dataclass
class Shown:
    """A demo that ran, and what it said."""

    demo: Demo
    lines: list[str]
    server: Repository

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def get(self, path: str, body: bytes | None = None) -> Any:
        url = f"{self.demo.target.url(MODEL)}/{path}"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("demo") / "a demo"
    lines: list[str] = []
    try:
        demo = run_demo(folder, say=lines.append, port=free_port())
        yield Shown(demo, lines, Repository.open(demo.server))
    except BaseException:
        sys.stderr.write("\n".join(lines))
        raise
    finally:
        stop_demo(folder, say=lines.append)


def test_each_push_made_a_version_at_its_commit(shown: Shown) -> None:
    versions = {version.version: version for version in Registry(shown.server).versions(MODEL)}
    assert list(versions) == ["3", "2", "1"]
    for number, wanted in (("2", BETTER), ("3", WORSE)):
        parameters = versions[number].facts.parameters
        assert {key: value for key, value in flat(parameters).items() if key in wanted} == wanted
    assert versions["2"].facts.metrics["roc_auc"] > versions["1"].facts.metrics["roc_auc"]
    assert versions["1"].facts.subject == "Predict which loans go bad"
    for version in versions.values():
        assert version.facts.encoding == "skops"
        assert version.facts.algo == "DecisionTreeClassifier"
        assert version.facts.artifact is not None
        assert version.facts.artifact.sha256
        assert version.facts.data


def flat(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return parameters by the last part of their names."""
    result: dict[str, Any] = {}
    for key, value in parameters.items():
        result.update(flat(value) if isinstance(value, dict) else {key.rpartition(".")[2]: value})
    return result


def test_metrics_are_notes_that_plain_git_reads(shown: Shown) -> None:
    for version in Registry(shown.server).versions(MODEL):
        note = shown.server.git("notes", "--ref=metrics", "show", version.commit)
        records = [json.loads(line) for line in note.splitlines()]
        assert version.version in {record.get("version") for record in records}
        assert all(record["model"] == MODEL for record in records)


def test_the_environment_branch_tells_the_story(shown: Shown) -> None:
    subjects = shown.server.git("log", "--reverse", "--format=%s", "env/local").splitlines()
    assert subjects[0].startswith(f"Promote {MODEL}")
    assert subjects[1] == f"Promote {MODEL} v1 -> v2"
    assert subjects[2] == f"Roll back {MODEL} v2 -> v1"
    assert len(subjects) == 3
    desired = read_desired(shown.server, "local")[MODEL]
    assert desired.version == "1"
    assert desired.hold is not None
    assert desired.hold.bad_version == "2"


def test_each_rollout_left_a_note(shown: Shown) -> None:
    outcomes = []
    for commit in shown.server.git("rev-list", "--reverse", "env/local").splitlines():
        note = shown.server.git("notes", "--ref=deployments", "show", commit)
        outcomes += [(record["version"], record["outcome"]) for record in map(json.loads, note.splitlines())]
    assert outcomes == [("1", "deployed"), ("2", "deployed"), ("1", "deployed")]


def test_version_1_answers_again_and_predicts(shown: Shown) -> None:
    answer = shown.get("version")
    assert (answer["model"], answer["version"]) == (MODEL, "1")
    assert answer["model_id"] == Registry(shown.server).version(f"{MODEL}:1").model_id
    row = (shown.demo.folder / "loan.json").read_bytes()
    one = shown.get("predict", row)
    many = shown.get("predict", b"[" + row + b"," + row + b"]")
    assert many == [one, one]
    assert one["prediction"] in {"good", "bad"}


def test_no_request_was_lost_and_the_pusher_was_told(shown: Shown) -> None:
    (requests,) = [line for line in shown.lines if line.startswith("requests during the push:")]
    answered, lost = (int(word) for word in requests.split() if word.isdigit())
    assert answered > 100
    assert lost == 0
    assert any("REFUSED" in line and line.startswith("remote:") for line in shown.lines)


def test_the_commands_show_it(shown: Shown) -> None:
    assert f"{MODEL}  v3" in shown.lines
    assert "Model-Version: 2" in shown.lines
    assert "Content-Encoding: skops" in shown.lines


def test_the_worse_version_is_refused_by_hand_too(shown: Shown) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gitmodel", "promote", f"{MODEL}:3", "local"],
        cwd=shown.demo.clone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "roc_auc" in done.stdout + done.stderr
    assert read_desired(shown.server, "local")[MODEL].version == "1"


def test_the_same_push_again_trains_and_makes_nothing(shown: Shown) -> None:
    clone = shown.demo.clone
    before = shown.server.git("for-each-ref")
    (clone / "README.md").write_text("Other words.\n")
    subprocess.run(["git", "commit", "-qam", "Words"], cwd=clone, check=True)
    subprocess.run(["git", "push", "-q"], cwd=clone, check=True, capture_output=True)
    after = shown.server.git("for-each-ref")
    changed = set(before.splitlines()) ^ set(after.splitlines())
    assert {line.split("\t")[1] for line in changed} == {"refs/heads/main"}


def test_a_tag_of_a_person_is_deployed_and_stopping_leaves_nothing(shown: Shown) -> None:
    clone = shown.demo.clone
    subprocess.run(
        [sys.executable, "-m", "gitmodel", "hold", MODEL, "local", "--lift"],
        cwd=clone,
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["git", "tag", "-a", "-m", "By hand", f"{MODEL}@v4", f"{MODEL}@v2^{{commit}}"], cwd=clone, check=True
    )
    pushed = subprocess.run(
        ["git", "push", "origin", f"{MODEL}@v4"], cwd=clone, capture_output=True, text=True, check=False
    )
    assert pushed.returncode == 0, pushed.stderr
    assert shown.get("version")["version"] == "4", pushed.stderr
    root = shown.demo.target.root
    assert stop_demo(shown.demo.folder, say=shown.lines.append)
    assert not running_below(root)


def running_below(root: Path) -> list[str]:
    """Return the command lines of processes that run out of a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(root) in line:
            found.append(line)
    return found
