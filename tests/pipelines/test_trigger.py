"""What somebody asks for, a person or an alert manager."""

import json
from pathlib import Path
from typing import Any

import pytest

from gitmodel import process
from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.runs import Runs
from gitmodel.pipelines.trigger import Wish, known_wishes, read_alerts, trigger
from tests.conftest import commit_all
from tests.forges.github_api import needs_description
from tests.forges.github_server import github
from tests.pipelines.test_timetable import STAND_IN, done, files

FILES = {**files("wine", ""), "environments/staging.yaml": "name: staging\n"}
WATCH = Wish("monitor", "wine", "staging")


def alert(status: str = "firing", **labels: Any) -> dict[str, Any]:
    return {"status": status, "labels": {"alertname": "Quality", **labels}, "annotations": {}}


def notification(*alerts: Any) -> str:
    return json.dumps({"version": "4", "status": "firing", "receiver": "gitmodel", "alerts": list(alerts)})


def test_alerts_that_fire_are_watched_once_each() -> None:
    text = notification(
        alert(model="wine", environment="staging"),
        alert(model="wine", environment="staging", condition="recall"),
        alert("resolved", model="beer", environment="staging"),
        alert(model="beer"),
        alert(instance="node-1"),
        alert(model=3),
        {"status": "firing", "labels": None},
        "x",
    )
    assert read_alerts(text) == [WATCH, Wish("monitor", "beer")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"alerts": {}}', "[" * 100_000, " " * 10_000_001])
def test_what_is_no_notification_is_refused(text: str) -> None:
    with pytest.raises(InvalidFile):
        read_alerts(text)


def test_what_is_not_of_this_repository_is_passed_over(repo: Repository) -> None:
    commit_all(repo, FILES)
    said: list[str] = []
    odd = [Wish("monitor", name) for name in ("cider", "../wine", "wine\x1b[2J", "$(touch x)", "")]
    found = known_wishes(repo, [*odd, Wish("monitor", "wine", "moon"), WATCH], said.append)
    assert found == [WATCH]
    assert len(said) == 6
    assert not any("\x1b" in line for line in said)


def test_it_is_done_here(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit_all(repo, FILES)
    (tmp_path / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said: list[str] = []
    wishes = [WATCH, Wish("retrain", "wine")]
    assert trigger(repo, wishes, {}, by="ada", here=False, say=said.append) == 0
    assert done(repo) == ["monitor wine in staging", "retrain wine"]
    assert {run.by for run in Runs(repo).all()} == {"ada"}
    (repo.git_dir / "fail-wine").touch()
    assert trigger(repo, [WATCH], {}, by="ada", here=False, say=said.append) == 3
    assert trigger(repo, [], {}, by="ada", here=False, say=said.append) == 0


@pytest.mark.parametrize("wish", [Wish("monitor", "cider"), Wish("monitor", "wine", "moon")])
def test_what_there_is_not_starts_nothing(repo: Repository, wish: Wish) -> None:
    commit_all(repo, FILES)
    with pytest.raises(UsageError, match="there is no"):
        trigger(repo, [WATCH, wish], {}, by="ada", here=True, say=lambda _line: None)
    assert Runs(repo).all() == []


@needs_description
def test_a_forge_does_it(repo: Repository) -> None:
    commit_all(repo, {**FILES, "gitmodel.yaml": "ci: {provider: github}\n"})
    repo.git("remote", "add", "origin", "https://github.com/acme/models.git")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    said: list[str] = []
    with pytest.raises(UsageError, match="no token"):
        trigger(repo, [WATCH], {}, by="ada", here=False, say=said.append)
    with github() as forge:
        environ = {**forge.environ(), "GITMODEL_TOKEN": "ghs_secretsecret"}
        assert (
            trigger(repo, [WATCH, Wish("retrain", "wine")], environ, by="a", here=False, say=said.append) == 0
        )
        sent = [each["client_payload"] for each in forge.dispatches]
        assert forge.server.problems == []
    assert sent == [
        {"action": "monitor", "model": "wine", "environment": "staging"},
        {"action": "retrain", "model": "wine"},
    ]
    assert said[0].startswith("monitor wine: GitHub has taken it: ")


def test_the_command(repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit_all(repo, FILES)
    (tmp_path / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(*words: str, text: str = "") -> process.Completed:
        argv = ["gitmodel", "-C", str(repo.root), "trigger", *words]
        return process.run(argv, check=False, stdin=text.encode())

    assert run("wine", "staging").code == 0
    assert run("wine", "--retrain").code == 0
    alerts = notification(alert(model="wine", environment="staging"), alert(model="cider"))
    told = run("--alertmanager", "-", text=alerts)
    assert told.code == 0
    assert b"passed over: there is no model" in told.stderr
    assert done(repo) == ["monitor wine in staging", "retrain wine", "monitor wine in staging"]
    assert run("wine", "staging", "--retrain").code == 2
    assert run("--alertmanager", "-", "wine").code == 2
    assert run("--alertmanager", "-", text="no").code == 2
