"""The check-up."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gitmodel.git.notes import append_notes
from gitmodel.git.refs import list_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Record, format_record, now
from gitmodel.monitoring.incidents import INCIDENTS_REF, format_step
from gitmodel.reports.findings import Finding, findings_text, guarded
from tests.cli.conftest import Run, tag
from tests.conftest import clone, commit_all
from tests.monitoring.test_alerts import OPENED
from tests.registry.test_desired import promote


def findings(run: Run, *argv: str | Path) -> dict[str, dict[str, Any]]:
    return {item["subject"]: item for item in json.loads(run(*argv, "doctor", "--json").out)}


def test_a_machine_and_a_repository_that_are_well(models: Repository, run: Run) -> None:
    done = run("doctor")
    assert done.code == 0
    found = findings(run)
    for name in ("git", "python", "dvc", "papermill", "bentoml", "ansible", "supervisor", "traefik"):
        assert found[name]["status"] == "ok"
        assert found[name]["found"][0].isdigit()
    assert found["version tags"]["found"] == "3 readable"
    assert found["environments"]["found"] == "production, staging"
    assert found["specifications"] == {
        "subject": "specifications",
        "status": "ok",
        "found": "2 valid",
        "todo": "",
        "each": [],
    }
    for name in ("remote", "DVC remote", "hooks"):
        assert found[name]["status"] == "warn"
        assert found[name]["todo"]


def test_what_is_broken_is_named_with_what_to_do(models: Repository, run: Run) -> None:
    commit = Oid(commit_all(models, {"models/credit-risk/model.yaml": "nam: x\n"}))
    tag(models, "credit-risk@v5", "Bad\n\nMetrics: {\n", "2026-11-28T00:00:00+0000")
    append_notes(models, METRICS_REF, {commit: ["broken", "[]"]})
    promote(models, "staging", {"credit-risk.yaml": b"- a"})
    done = run("doctor")
    assert done.code == 1
    found = findings(run)
    status = {name: item["status"] for name, item in found.items() if item["status"] != "ok"}
    assert status == {
        "remote": "warn", "DVC remote": "warn", "hooks": "warn", "specifications": "fail",
        "version tags": "fail", "metrics notes": "warn", "environments": "fail",
    }  # fmt: skip
    assert "models/credit-risk/model.yaml:1" in found["specifications"]["found"]
    assert found["version tags"]["found"].startswith("credit-risk@v5: the trailer Metrics")
    assert found["metrics notes"]["each"] == [
        f"{commit.short} line 1: not a record of metrics: '[]'",
        f"{commit.short} line 2: not JSON: 'broken'",
    ]
    assert "env/staging: credit-risk.yaml" in found["environments"]["found"]


def test_broken_lines_are_set_aside_and_good_ones_stay(models: Repository, run: Run) -> None:
    commit = Oid(models.git("rev-parse", "HEAD"))
    good = format_record(Record("credit-risk", "live", {"auc": 0.5}, now(), "me"))
    append_notes(models, METRICS_REF, {commit: ["broken", good]})
    done = run("doctor", "--repair", "--json")
    assert done.err == "1 unreadable line moved to refs/notes/metrics-unreadable\n"
    assert {item["subject"]: item["found"] for item in json.loads(done.out)}["metrics notes"] == "1 records"
    assert models.git("notes", "--ref=metrics", "show", commit) == good
    assert models.git("notes", "--ref=metrics-unreadable", "show", commit) == "broken"
    before = list_refs(models)
    assert run("doctor", "--repair").err.startswith("no unreadable lines moved")
    assert list_refs(models) == before


def test_incidents_that_cannot_be_read_are_set_aside_and_stuck_ones_are_named(
    models: Repository, run: Run
) -> None:
    assert findings(run)["incident notes"]["found"] == "0 steps"
    commit = Oid(models.git("rev-parse", "HEAD"))
    stuck = replace(OPENED, kind="stuck", severity="critical")
    append_notes(models, INCIDENTS_REF, {commit: ["{}", format_step(OPENED), format_step(stuck)]})
    found = findings(run)["incident notes"]
    assert (found["status"], found["found"]) == (
        "warn",
        f"{commit.short} line 3: not a step of an incident: '{{}}'",
    )
    done = run("doctor", "--repair")
    assert done.err.splitlines()[1:] == ["1 unreadable line moved to refs/notes/incidents-unreadable"]
    found = findings(run)["incident notes"]
    assert found["found"] == "stuck: spam in live: recall at least 0.6"
    assert models.git("notes", "--ref=incidents-unreadable", "show", commit) == "{}"


def test_locks_of_a_killed_git_are_named_and_removed(models: Repository, run: Run) -> None:
    commit = Oid(models.git("rev-parse", "HEAD"))
    append_notes(models, METRICS_REF, {commit: ["broken"]})
    old, young = (models.git_dir / f"{name}.lock" for name in (METRICS_REF, "refs/heads/x"))
    for lock in (old, young):
        lock.touch()
    os.utime(old, (0, 0))
    found = findings(run)["locks"]
    assert (found["status"], found["found"]) == ("fail", f"{old} is left by a git that was killed")
    done = run("doctor", "--repair")
    assert done.err.splitlines() == [
        f"removed {old}", "1 unreadable line moved to refs/notes/metrics-unreadable",
    ]  # fmt: skip
    assert not old.exists()
    assert young.exists()
    assert findings(run)["locks"]["status"] == "ok"


def test_tags_that_were_meant_as_versions_are_named(models: Repository, run: Run) -> None:
    for name in ("Credit-Risk@v1", "credit-risk@v01", "modèle@v1", "credit-risk@5", "notes-for@home"):
        models.git("tag", name)
    found = findings(run)["version tags"]
    assert found["status"] == "warn"
    assert [words.split(" ")[0] for words in found["each"]] == [
        "Credit-Risk@v1", "credit-risk@5", "credit-risk@v01", "modèle@v1",
    ]  # fmt: skip


def test_a_remote_that_does_not_answer(models: Repository, run: Run) -> None:
    models.git("remote", "add", "origin", "/nowhere/at/all")
    found = findings(run)["remote"]
    assert found["status"] == "fail"
    assert found["found"]


def test_remotes_of_which_none_is_chosen(models: Repository, run: Run) -> None:
    for name in ("one", "two"):
        models.git("remote", "add", name, "/nowhere/at/all")
    assert findings(run)["remote"]["found"] == "none of one, two is `origin`"


def test_a_shallow_clone(models: Repository, run: Run, tmp_path: Path) -> None:
    commit_all(models, {"x": "y"})
    models.git("clone", "-q", "--depth=1", f"file://{models.git_dir}", str(tmp_path / "shallow"))
    found = findings(run, "-C", tmp_path / "shallow")
    assert found["history"]["status"] == "fail"
    assert "--unshallow" in found["history"]["todo"]
    assert found["remote"]["status"] == "ok"


def test_a_server(models: Repository, bare: Repository, run: Run) -> None:
    for name in ("pre-receive", "post-receive"):
        (bare.git_dir / "hooks" / name).write_text("#!/bin/sh\nexec gitmodel\n")
    found = findings(run, "-C", bare.git_dir)
    assert found["history"]["status"] == "warn"
    assert {found[name]["status"] for name in ("remote", "hooks", "specifications", "environments")} == {"ok"}


@pytest.mark.parametrize(
    ("config", "status", "words"),
    [
        ("[core]\n    remote = store\n['remote \"store\"']\n    url = /srv/dvc\n", "ok", "store: /srv/dvc"),
        ("[core]\n    remote = store\n", "warn", "none is configured"),
        ("['remote \"store\"']\n    url = /srv/dvc\n", "warn", "none is configured"),
        ("nonsense\n", "fail", ".dvc/config cannot be read"),
    ],
)
def test_the_dvc_remote(models: Repository, run: Run, config: str, status: str, words: str) -> None:
    commit_all(models, {".dvc/config": config})
    found = findings(run)["DVC remote"]
    assert found["status"] == status
    assert found["found"].startswith(words)


def test_the_dvc_remote_beside_a_server(models: Repository, run: Run, tmp_path: Path) -> None:
    models.git("clone", "-q", "--bare", str(models.git_dir), str(tmp_path / "server.git"))
    copy = clone(Repository.open(tmp_path / "server.git"), tmp_path / "copy")
    (tmp_path / "server.dvc").mkdir()
    for folder in (copy.root or "", tmp_path / "server.git"):
        found = findings(run, "-C", folder)["DVC remote"]
        assert (found["status"], found["found"].split(" ")[0]) == ("ok", str(tmp_path / "server.dvc"))


def test_outside_a_repository(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("doctor").code == 0
    assert findings(run)["repository"]["status"] == "warn"


def test_hooks_in_another_folder(models: Repository, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "hooks"
    folder.mkdir()
    for name in ("pre-push", "post-merge", "post-checkout"):
        (folder / name).write_text("gitmodel\n")
    models.git("config", "core.hooksPath", str(folder))
    assert findings(run)["hooks"]["status"] == "ok"


def test_a_program_that_is_missing(
    models: Repository, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    found = findings(run)["traefik"]
    assert found["status"] == "fail"
    assert "`traefik` is not there" in found["found"]


def test_a_check_that_cannot_be_made_has_failed() -> None:
    from gitmodel.errors import ToolFailed

    def check() -> Finding:
        raise ToolFailed("no\x1b", detail="a\nb", hint="do")

    assert findings_text([guarded("x", check)]) == ["fail  x  no\\x1b: b", "      -> do"]


def test_a_clone_is_well(models: Repository, run: Run, tmp_path: Path) -> None:
    found = findings(run, "-C", clone(models, tmp_path / "copy").root or "")
    assert found["remote"]["found"].startswith("origin answers")
