"""The commands that follow data: `lineage`, and `gc` for what nothing needs any more."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.monitoring.incidents import INCIDENTS_REF, format_step
from tests.cli.conftest import Run
from tests.conftest import commit_all
from tests.monitoring.test_alerts import OPENED


def test_text_is_the_default(models: Repository, run: Run) -> None:
    ran = run("lineage", "credit-risk:4")
    assert (ran.code, ran.err) == (0, "")
    headings = [line for line in ran.out.splitlines() if line and not line.startswith(" ")]
    assert headings == ["Data", "Run", "Version", "Deployments"]
    assert "data/loans.csv  md5:1f3c…  9857 rows" in ran.out
    assert "parameters max_depth=4;train.criterion=gini;train.weights=null" in ran.out


def test_what_a_tag_holds_does_no_harm_on_a_terminal(models: Repository, run: Run) -> None:
    ran = run("lineage", "credit-risk:3")
    assert "First\\x1b[2J try" in ran.out
    assert "the tag names no run" in ran.out


def test_every_form(models: Repository, run: Run) -> None:
    assert run("lineage", "credit-risk:4", "--format", "mermaid").out.startswith("flowchart LR\n")
    document = json.loads(run("lineage", "credit-risk:production", "--json").out)
    assert document == json.loads(run("lineage", "credit-risk:4", "--format", "json").out)
    assert [stay["env"] for stay in document["stays"]] == ["production", "staging"]
    (event,) = map(json.loads, run("lineage", "credit-risk:4", "--format", "openlineage").out.splitlines())
    assert (event["eventType"], event["job"]["name"]) == ("COMPLETE", "credit-risk")
    assert event["eventTime"] == "2026-11-27T15:46:31Z"


def test_when_quality_broke_is_part_of_it(models: Repository, run: Run) -> None:
    opened = replace(OPENED, model="credit-risk", version="4", env="production")
    later = replace(opened, kind="resolved", verdict="passed", version="5", at="2026-11-02T00:00:00Z")
    other = replace(opened, model="other", incident="2e")
    commit = Oid(models.git("rev-parse", "HEAD"))
    lines = [format_step(step) for step in (opened, replace(opened, kind="retrain"), later, other)]
    append_notes(models, INCIDENTS_REF, {commit: lines})
    (found,) = json.loads(run("lineage", "credit-risk:4", "--json").out)["incidents"]
    assert found == {
        "env": "production",
        "kind": "quality",
        "at": "2026-11-01T00:00:00Z",
        "by": "ci",
        "reason": "recall at least 0.6: recall 0.4 is below 0.6",
        "until": "2026-11-02T00:00:00Z",
    }
    text = run("lineage", "credit-risk:4").out
    assert "production: quality 2026-11-01T00:00:00Z by ci, until 2026-11-02T00:00:00Z: recall at" in text
    assert json.loads(run("lineage", "credit-risk:3", "--json").out)["incidents"] == []


def test_wrong_use(models: Repository, run: Run) -> None:
    assert run("lineage", "credit-risk:9").code == 2
    assert "which model?" in run("lineage").err
    assert run("lineage", "credit-risk:4", "--format", "dot").code == 2


def test_gc_where_all_is_needed(models: Repository, run: Run) -> None:
    ran = run("gc")
    assert (ran.code, ran.out) == (0, "everything here is needed\n")


def test_gc_tells_what_goes_and_deletes_only_when_told(models: Repository, run: Run) -> None:
    assert models.root is not None
    commit_all(models, {".dvc/config": "", ".dvc/.gitignore": "/cache\n/tmp\n/config.local\n"}, "Use DVC")
    stray = models.root / ".dvc/cache/files/md5/ab" / ("c" * 30)
    stray.parent.mkdir(parents=True)
    stray.write_text("12345")
    assert (
        run("gc").out == "everything here is needed\n1 other not needed either, but too young (see --grace)\n"
    )
    assert run("gc", "--grace", "0s").out == (
        "cache  abcccccccccc  of no commit  5 bytes  0h\n"
        "\n"
        "1 item not needed, 5 bytes\n"
        "nothing was deleted: --delete does it\n"
    )
    assert stray.exists()
    document = json.loads(run("gc", "--grace", "0s", "--delete", "--json").out)
    assert (document["deleted"], document["bytes"], len(document["items"])) == (True, 5, 1)
    assert not stray.exists()


@pytest.mark.parametrize("option", [("--keep-runs", "soon"), ("--keep-versions", "0"), ("--grace", "-1h")])
def test_gc_wrong_use(models: Repository, run: Run, option: tuple[str, str]) -> None:
    assert run("gc", *option).code == 2


@pytest.mark.system
def test_hello_world(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init", "--example", "hello-world").code == 0
    repo = Repository.open(tmp_path)
    parameters = (tmp_path / "params.yaml").read_text()
    for number, value in enumerate(("1.0", "0.3", "0.02"), 1):
        if number > 1:
            commit_all(repo, {"params.yaml": parameters.replace("C: 1.0", f"C: {value}")}, f"C is {value}")
        assert f"registered as v{number}" in run("register").out
    assert run("promote", "hello-world:1", "local").code == 0
    packages = [run("package", f"hello-world:{number}") for number in (1, 2)]
    assert [ran.code for ran in packages] == [0, 0]

    text = run("lineage", "hello-world:1").out
    for words in ("<- dvc.yaml:train", "train.py -> data/test.csv", "local: promoted", "passed: accuracy"):
        assert words in text

    ran = run("gc", "--keep-versions", "1", "--grace", "0s", "--delete")
    assert "package of hello-world:2" in ran.out
    assert "the artifact of hello-world:2 is gone\n" in ran.out
    assert run("gc", "--keep-versions", "1", "--grace", "0s").out == "everything here is needed\n"
    gone = run("package", "hello-world:2")
    assert gone.code == 3
    assert "the artifact of hello-world:2 was collected by `gitmodel gc`" in gone.err
    assert "the artifact of hello-world:2 was collected" in run("show", "hello-world:2").err
    assert "the artifact of hello-world:2 was collected" in run("lineage", "hello-world:2").out
    assert run("show", "hello-world:1").err == ""
    shutil.rmtree(repo.state / "packages")
    shutil.rmtree(repo.state / "files")
    assert [run("package", f"hello-world:{number}").code for number in (1, 3)] == [0, 0]
