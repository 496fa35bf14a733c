"""Verdicts of figures, without any data."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gitmodel.evaluation import Estimate
from gitmodel.evaluation.intervals import share
from gitmodel.monitoring.conditions import judge
from gitmodel.monitoring.measurement import Counts, Measured
from gitmodel.spec.model import QualityCondition
from tests.monitoring.live import NOW

CONDITION = QualityCondition("roc_auc", timedelta(days=7), min_samples=100)
MEASURED = Measured(
    "credit-risk",
    "production",
    "4",
    NOW - timedelta(days=7),
    NOW,
    Counts(predictions=500, labelled=200, failed=20),
    {"roc_auc": Estimate(0.7, 0.65, 0.75), "error_rate": Estimate(0.04, 0.02, 0.06)},
)


@pytest.mark.parametrize(
    ("least", "most", "verdict", "reason"),
    [
        (0.60, None, "passed", "roc_auc 0.7 (95 %: 0.65 to 0.75) is at least 0.6"),
        (0.65, 0.75, "passed", "roc_auc 0.7 (95 %: 0.65 to 0.75) is at least 0.65 and at most 0.75"),
        (
            0.66,
            None,
            "inconclusive",
            "roc_auc 0.7 (95 %: 0.65 to 0.75) lies across 0.66: more rows would tell",
        ),
        (
            0.75,
            None,
            "inconclusive",
            "roc_auc 0.7 (95 %: 0.65 to 0.75) lies across 0.75: more rows would tell",
        ),
        (0.76, None, "failed", "roc_auc 0.7 (95 %: 0.65 to 0.75) is below 0.76"),
        (
            None,
            0.70,
            "inconclusive",
            "roc_auc 0.7 (95 %: 0.65 to 0.75) lies across 0.7: more rows would tell",
        ),
        (None, 0.60, "failed", "roc_auc 0.7 (95 %: 0.65 to 0.75) is above 0.6"),
    ],
)
def test_bounds(least: float | None, most: float | None, verdict: str, reason: str) -> None:
    found = judge(replace(CONDITION, min=least, max=most), MEASURED)
    assert (found.verdict, found.reason, found.samples) == (verdict, reason, 200)


def test_too_few_rows_do_not_fail() -> None:
    found = judge(replace(CONDITION, min=0.99, min_samples=201), MEASURED)
    assert found.verdict == "inconclusive"
    assert found.reason == "200 labelled predictions; at least 201 are needed"


def test_failed_requests_count_for_the_error_rate() -> None:
    assert (
        judge(replace(CONDITION, metric="error_rate", max=0.1, min_samples=520), MEASURED).verdict == "passed"
    )
    assert judge(replace(CONDITION, metric="error_rate", max=0.1, min_samples=521), MEASURED).verdict == (
        "inconclusive"
    )


def test_what_is_not_measured_is_an_error() -> None:
    found = judge(replace(CONDITION, metric="rmse", max=1), MEASURED)
    assert found.verdict == "error"
    assert found.reason == "rmse could not be measured: known are error_rate, roc_auc"
    told = judge(
        replace(CONDITION, metric="rmse", max=1), replace(MEASURED, problem="the model predicts NaN")
    )
    assert told.reason == "rmse could not be measured: the model predicts NaN"


def test_unbounded_intervals_tell_nothing() -> None:
    blind = replace(MEASURED, metrics={"roc_auc": Estimate(0.5, float("-inf"), float("inf"))})
    assert judge(replace(CONDITION, min=0.9), blind).verdict == "inconclusive"


def test_shares_hold_for_none_and_all() -> None:
    assert (share(0, 10).low, share(10, 10).high) == (0, 1)
    assert share(0, 10).high == pytest.approx(0.2775, abs=1e-4)  # Wilson, as statsmodels has it
    assert share(3, 10).low == pytest.approx(0.1078, abs=1e-4)
    assert share(3, 10).high == pytest.approx(0.6032, abs=1e-4)
