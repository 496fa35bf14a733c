"""`gitmodel monitor` on a real repository, a real model and what its service kept."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from gitmodel.cli.main import program
from gitmodel.delivery import materials
from gitmodel.delivery.collecting import live_folder
from gitmodel.delivery.promotion import promote
from gitmodel.git.repository import Repository
from gitmodel.monitoring.incidents import read_incidents
from gitmodel.packaging.serving.answers import answers
from gitmodel.pipelines.healing import Healing
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.watching import watch
from gitmodel.registry.desired import read_desired
from gitmodel.spec import load_model
from tests.conftest import commit_all
from tests.delivery.models import FOLDER, MODEL, SPEC, add_version, loans
from tests.monitoring.live import NOW, label, prediction, write

ROWS = 400


def served(repo: Repository, *, moved: float = 0.0, flipped: float = 0.0) -> None:
    """Promote a version, and leave what it would have kept of real answers to rows whose labels came back."""
    version = add_version(repo, 4)
    promote(repo, version, "production", by="ada")
    spec = load_model(repo, version.commit, MODEL)
    frame = loans(77, ROWS)
    frame["amount"] += moved
    rows = frame.drop(columns=["Class"])
    given = answers(materials.predictor(repo, spec, version), rows)
    random = np.random.default_rng(0)
    other = {"good": "bad", "bad": "good"}
    truth = [other[each] if random.random() < flipped else each for each in frame["Class"]]
    inputs = rows.to_dict("records")
    lines = [prediction(n, given[n], input=inputs[n]) for n in range(ROWS)]
    failed = {"id": "f" * 16, "at": lines[0]["at"], "model": MODEL, "status": 422, "version": "1", "ms": 1.0}
    write(live_folder(repo, "production"), "predictions", [*lines, failed])
    write(live_folder(repo, "production"), "feedback", [label(n, truth[n]) for n in range(ROWS // 2)])


def conditions(repo: Repository, *lines: str) -> None:
    quality = "quality:\n" + "".join(f"  - {{{line}, window: 7d}}\n" for line in lines)
    commit_all(repo, {f"{FOLDER}/model.yaml": SPEC + quality}, "Conditions")


def test_a_good_version_passes(repo: Repository) -> None:
    served(repo)
    conditions(
        repo,
        "metric: roc_auc, min: 0.7, min_samples: 100",
        "metric: accuracy, min: 0.6, min_samples: 5000",
        "metric: nonsense, min: 0.6",
        "metric: error_rate, max: 0.5",
        "metric: drift, max: 0.2",
    )
    (found,) = watch(repo, "production", by="ada", now=NOW)
    assert [each.verdict for each in found.judged] == ["passed", "inconclusive", "error", "passed", "passed"]
    assert not found.is_broken
    counts = found.live.counts
    assert (counts.predictions, counts.labelled, counts.failed, counts.broken) == (ROWS, ROWS // 2, 1, 0)
    assert found.live.metrics["error_rate"].value == pytest.approx(1 / (ROWS + 1))
    assert found.live.metrics["latency_p95"].value == 3.0
    assert set(found.live.drift) == {"amount", "income", "output"}
    # The same figure as the evaluation gives for the same rows.
    from gitmodel.evaluation import score
    from gitmodel.evaluation.datasets import Dataset
    from gitmodel.registry.registry import Registry

    version = Registry(repo).version("credit-risk:1")
    frame = loans(77, ROWS)[: ROWS // 2]
    data = Dataset("rows", "", frame.drop(columns=["Class"]), frame["Class"], "Class")
    expected = score(
        "classification", data, materials.predictor(repo, load_model(repo, version.commit, MODEL), version)
    )
    for name, value in expected.metrics.items():
        assert found.live.metrics[name].value == pytest.approx(value), name
    assert (
        found.live.metrics["roc_auc"].low < expected.metrics["roc_auc"] < found.live.metrics["roc_auc"].high
    )


def test_a_bad_version_fails_and_is_noted(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    served(repo, moved=1.0, flipped=0.9)
    conditions(repo, "metric: roc_auc, min: 0.7, min_samples: 100", "metric: drift, max: 0.25")
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    (found,) = watch(repo, "production", MODEL, by="ada", now=NOW)
    assert [each.verdict for each in found.judged] == ["failed", "failed"]
    assert found.live.drift["amount"] > 1
    assert found.live.metrics["drift_ks"].value > 0.8
    done = run("log", "--live", MODEL, "--json")
    (record,) = json.loads(done.stdout)
    assert (record["kind"], record["version"], record["at"]) == ("live", "1", "2026-11-27T12:00:00Z")
    assert record["dataset"] == {"name": "live/production", "rows": ROWS}
    assert record["metrics"]["roc_auc"] == found.live.metrics["roc_auc"].value
    assert "2026-11-27T12:00:00Z  v1       400" in run("log", "--live", MODEL).stdout


def test_rows_of_a_new_version_have_a_whole_window_to_come(repo: Repository) -> None:
    served(repo)
    conditions(repo, "metric: accuracy, min: 0.6, min_samples: 5000")
    promoted = read_desired(repo, "production")[MODEL].promoted
    assert promoted is not None
    assert promoted.moment is not None
    told: list[str] = []
    for days in (0.1, 6.9, 7, 8):
        now = promoted.moment + timedelta(days=days)
        found = watch(repo, "production", by="ada", now=now)
        assert [each.verdict for row in found for each in row.judged] == ["inconclusive"]
        Healing(Job(repo), "production", "ada", told.append, now, {}).heal(found)
        assert len(read_incidents(repo)) == (days >= 7)
    assert told == [
        f"[heal] {MODEL} v1 in production: opened: 0 labelled predictions; at least 5000 are needed"
    ]


def run(*args: str) -> Result:
    return CliRunner().invoke(program, args)


def test_nothing_was_collected(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    promote(repo, add_version(repo, 2), "production", by="ada")
    conditions(repo, "metric: roc_auc, min: 0.7, min_samples: 1")
    done = run("monitor", "production", "--no-record", "--no-collect")
    assert done.exit_code == 0, done.stderr
    assert "0 predictions, 0 labelled" in done.stdout
    assert "inconclusive  0 labelled predictions; at least 1 are needed" in done.stdout
    assert "nothing was collected from production" in run("monitor", "production", "--no-collect").stderr
    assert json.loads(run("log", "--live", MODEL, "--json").stdout) == []
    assert (
        "no version of nobody was promoted" in run("monitor", "nobody", "production", "--no-collect").stderr
    )


def test_what_cannot_be_compared_is_no_drift(repo: Repository) -> None:
    served(repo, moved=1.0)
    spec = SPEC + "monitor: {hash: [amount]}\nquality:\n  - {metric: drift, max: 0.25, window: 7d}\n"
    commit_all(repo, {f"{FOLDER}/model.yaml": spec}, "Amounts are kept as digests")
    (found,) = watch(repo, "production", by="ada", record=False, now=NOW)
    assert "amount" not in found.live.drift
    assert found.live.drift["income"] < 0.25


def test_the_same_measurement_is_noted_once(repo: Repository) -> None:
    served(repo)
    for _ in range(2):
        watch(repo, "production", by="ada", now=NOW)
    assert repo.git("notes", "--ref", "metrics", "show", "credit-risk@v1^{}").count('"live"') == 1


def test_services_are_told_and_rules_are_printed(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    served(repo)
    conditions(repo, "metric: roc_auc, min: 0.7, min_samples: 100")
    commit_all(
        repo, {"environments/production.yaml": f"name: production\nroot: {json.dumps(str(tmp_path))}\n"}
    )
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    assert run("monitor", "production", "--no-collect", "--no-record").exit_code == 0
    assert not (tmp_path / "state").exists()
    done = run("monitor", "production", "--no-collect")
    assert (done.exit_code, done.stderr) == (0, "")
    written = json.loads((tmp_path / f"state/live/{MODEL}.json").read_text())
    assert (written["model"], written["version"], written["environment"]) == (MODEL, "1", "production")
    for words in ((), ("production",), (MODEL, "production")):
        (group,) = yaml.safe_load(run("monitor", "--rules", *words).stdout)["groups"]
        assert group["rules"][0]["labels"]["metric"] == "roc_auc"
    assert "no version of nobody was promoted" in run("monitor", "--rules", "nobody", "production").stderr
    assert "expected [MODEL] ENV, found nothing" in run("monitor").stderr
    assert "--act notes what it does" in run("monitor", "production", "--act", "--no-record").stderr


def test_a_life_is_drawn(repo: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served(repo)
    conditions(repo, "metric: roc_auc, min: 0.7, min_samples: 100")
    for hours in (0, 1, 2):
        watch(repo, "production", by="ada", now=NOW - timedelta(hours=hours))
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    shown = run("log", "--live", MODEL, "--chart", "--metric", "roc_auc").stdout
    assert "credit-risk in production" in shown
    assert "roc_auc (bound 0.7)" in shown
    assert "accuracy" not in shown
    assert "promoted     v1, by Ada" in shown
    file = tmp_path / "life.svg"
    assert run("log", "--live", MODEL, "--svg", str(file)).exit_code == 0
    slip = run("log", "--live", MODEL, "--svg", str(file / "no/life.svg"))
    assert (slip.exit_code, "there is no folder" in slip.stderr) == (2, True)
    assert "there is no version of nope" in run("log", "--live", "nope").stderr
    assert "latency_p95" in file.read_text("utf-8")
    assert "'recal' was not measured" in run("log", MODEL, "--chart", "--metric", "recal").stderr
