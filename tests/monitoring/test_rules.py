"""Rules for Prometheus, checked and tried by its own program."""

import shutil
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitmodel import process
from gitmodel.monitoring.rules import Served, rules_document
from gitmodel.pipelines.alert_rules import rules_text
from gitmodel.spec import ModelSpec
from gitmodel.spec.model import QualityCondition

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
DAY = timedelta(days=1)
RECALL = QualityCondition("recall", 7 * DAY, min_samples=200, min=0.6)
LATENCY = QualityCondition("latency_p95", DAY, max=200)
ERRORS = QualityCondition("error_rate", DAY, min_samples=50, max=0.01)
SPEC = ModelSpec("team/spam", "", "model.yaml", quality=(RECALL, LATENCY, ERRORS))
OWN = 'model="team/spam",environment="live"'


def rules(*conditions: QualityCondition) -> dict[str, Any]:
    return rules_document([Served(replace(SPEC, quality=conditions), "live")])


def promtool(folder: Path, *args: str) -> str:
    assert PROMTOOL is not None
    done = process.run([PROMTOOL, *args], cwd=folder, check=False)
    assert done.code == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def test_each_condition_has_a_rule() -> None:
    (group,) = rules(RECALL, LATENCY, ERRORS)["groups"]
    assert group["name"] == "gitmodel/live/team/spam"
    assert [(rule["alert"], rule["labels"].get("metric")) for rule in group["rules"]] == [
        ("GitmodelQuality", "recall"),
        ("GitmodelQuality", "latency_p95"),
        ("GitmodelErrors", "error_rate"),
        ("GitmodelNotMeasured", None),
        ("GitmodelPredictionsDropped", None),
        ("GitmodelServiceDown", None),
    ]
    assert group["rules"][3]["for"] == "1d"  # the shortest window of what must be measured
    (none,) = rules()["groups"]
    assert [rule["alert"] for rule in none["rules"]] == ["GitmodelPredictionsDropped", "GitmodelServiceDown"]


@needs_promtool
def test_the_rules_are_valid(tmp_path: Path) -> None:
    odd = QualityCondition('{{ .Boom }}"\\é', DAY, min=1e-9, max=1e30)
    text = rules_text(rules(RECALL, LATENCY, ERRORS, odd))
    assert yaml.safe_load(text) == rules(RECALL, LATENCY, ERRORS, odd)
    (tmp_path / "rules.yml").write_text(text, "utf-8")
    assert "SUCCESS: 8 rules found" in promtool(tmp_path, "check", "rules", "rules.yml")


def live(name: str, values: str, *, metric: str = "recall", window: str = "7d", host: str = "a") -> Any:
    labels = f'{OWN},version="3",metric="{metric}",window="{window}",instance="{host}"'
    return {"series": f"gitmodel_live_{name}{{{labels}}}", "values": values}


def figures(high: float, samples: int, at: str, **labels: str) -> list[Any]:
    """Return an hour of what a host tells of a recall."""
    return [
        live("metric_high", f"{high}x60", **labels),
        live("samples", f"{samples}x60", **labels),
        live("measured_timestamp_seconds", at, **labels),
    ]


FRESH = "0x60"
WORKS = {"series": f'gitmodel_model_info{{{OWN},version="3"}}', "values": "1x60"}


RUNBOOK = "gitmodel monitor team/spam live; gitmodel status; gitmodel log --incidents team/spam"


def case(
    series: list[Any], alert: str, labels: dict[str, str] | None = None, *, at: str = "30m", **words: str
) -> dict[str, Any]:
    """Return a test of Prometheus: whether an alert fires, and with which labels and words."""
    own = {"model": "team/spam", "environment": "live", "severity": "warning"}
    told = {**words, "runbook": RUNBOOK}
    expected = [] if labels is None else [{"exp_labels": {**own, **labels}, "exp_annotations": told}]
    wanted = {"eval_time": at, "alertname": alert, "exp_alerts": expected}
    return {"interval": "1m", "input_series": series, "alert_rule_test": [wanted]}


def evaluate(folder: Path, *cases: dict[str, Any]) -> None:
    """Let Prometheus evaluate the rules over series."""
    (folder / "rules.yml").write_text(rules_text(rules(RECALL, LATENCY, ERRORS)), "utf-8")
    document = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": cases}
    (folder / "test.yml").write_text(yaml.safe_dump(document), "utf-8")
    promtool(folder, "test", "rules", "test.yml")


def recall(series: list[Any], *, is_broken: bool) -> dict[str, Any]:
    labels = {"version": "3", "metric": "recall", "window": "7d", "bound": "min"}
    return case(
        series,
        "GitmodelQuality",
        labels if is_broken else None,
        summary="recall of team/spam in live is not at least 0.6",
        description="the nearer end of its 95 % interval over 7d is 0.5",
    )


@needs_promtool
def test_quality_breaks_as_monitor_says(tmp_path: Path) -> None:
    evaluate(
        tmp_path,
        recall(figures(0.5, 200, FRESH), is_broken=True),
        recall(figures(0.6, 200, FRESH), is_broken=False),  # the interval reaches the bound
        recall(figures(0.5, 199, FRESH), is_broken=False),  # too few rows
        recall(figures(0.5, 200, "-604800x60"), is_broken=False),  # measured a window ago
        recall(figures(0.5, 200, FRESH, window="1d"), is_broken=False),
        recall([], is_broken=False),
    )


@needs_promtool
def test_the_newest_figures_of_several_hosts_count(tmp_path: Path) -> None:
    bad, good = partial(figures, 0.5, 200), partial(figures, 0.7, 200)
    evaluate(
        tmp_path,
        recall([*bad("-60x60"), *good(FRESH, host="b")], is_broken=False),
        recall([*good("-60x60"), *bad(FRESH, host="b")], is_broken=True),
        recall([*bad(FRESH), *bad(FRESH, host="b")], is_broken=True),  # one alert for both
    )


def counted(name: str, values: str, more: str = "") -> Any:
    return {"series": f"gitmodel_{name}{{{OWN}{more}}}", "values": values}


def errors(failed: int, answered: int, *, is_broken: bool) -> dict[str, Any]:
    series = [
        counted("predictions_total", f"0+{failed}x60", ',outcome="error"'),
        counted("predictions_total", "0x60", ',outcome="invalid"'),
        counted("predictions_total", f"0+{answered * 5}x60", ',outcome="ok"'),  # rows, five a request
        counted("prediction_seconds_count", f"0+{answered}x60"),
    ]
    return case(
        series,
        "GitmodelErrors",
        {"metric": "error_rate", "window": "1d", "bound": "max"} if is_broken else None,
        summary="team/spam in live refuses or fails too many requests",
        description="over 1d it is 10%, not at most 0.01",
    )


@needs_promtool
def test_errors_are_counted_by_the_services(tmp_path: Path) -> None:
    evaluate(
        tmp_path,
        errors(1, 9, is_broken=True),
        errors(1, 200, is_broken=False),
        errors(1, 0, is_broken=False),  # fewer than 50 requests
        errors(0, 0, is_broken=False),
    )


@needs_promtool
def test_what_is_missing_is_told(tmp_path: Path) -> None:
    down = {
        "summary": "team/spam does not serve in live",
        "description": "no service tells of it; a version of it should run there",
    }
    unmeasured = {
        "summary": "nobody measures team/spam in live",
        "description": "its figures are older than 1d, the window of its conditions, or there are none",
    }
    dropped = {
        "summary": "predictions of team/spam in live are not kept",
        "description": "60 rows in the last hour: disk",
    }
    lost = [counted("predictions_dropped_total", "0+1x60", ',reason="disk"')]
    evaluate(
        tmp_path,
        case([], "GitmodelServiceDown", {"severity": "critical"}, **down),
        case([], "GitmodelServiceDown", at="4m"),
        case([WORKS], "GitmodelServiceDown"),
        case([WORKS], "GitmodelNotMeasured", at="23h"),
        case([WORKS], "GitmodelNotMeasured", {}, at="25h", **unmeasured),
        case(lost, "GitmodelPredictionsDropped", {"reason": "disk"}, at="60m", **dropped),
    )
