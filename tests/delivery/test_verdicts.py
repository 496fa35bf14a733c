"""Verdicts of gates: a table of cases, and laws that hold for all figures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.delivery.verdicts import GateResult, Measurement, decide_gate
from gitmodel.spec.model import Gate

FIGURES = st.floats(-1e6, 1e6)
VERSUS = Gate("roc_auc", versus="production", max_drop=0.01)
SURE = Gate("roc_auc", versus="production", max_drop=0.01, confidence=0.95)


@pytest.mark.parametrize(
    ("gate", "measured", "verdict", "words"),
    [
        (Gate("roc_auc", min=0.7), Measurement(0.71), "passed", "roc_auc 0.71 is at least 0.7"),
        (Gate("roc_auc", min=0.7), Measurement(0.7), "passed", "at least"),
        (Gate("roc_auc", min=0.7), Measurement(0.69, "on 5 rows"), "failed", "0.69 on 5 rows is below 0.7"),
        (Gate("rmse", max=3), Measurement(3.5), "failed", "above 3"),
        (Gate("rmse", min=1, max=3), Measurement(2.0), "passed", "at least 1 and at most 3"),
        (Gate("roc_auc", min=0.7), Measurement(math.nan), "error", "not a number"),
        (Gate("roc_auc", min=0.7), Measurement(), "error", "missing"),
        (Gate("roc_auc", min=0.7), Measurement(problem="no artifact"), "error", "no artifact"),
        (VERSUS, Measurement(unopposed="no version"), "passed", "nothing to compare with: no version"),
        (VERSUS, Measurement(0.85, "", 0.86, "v3"), "passed", "0.01 worse, 0.01 worse is allowed"),
        (VERSUS, Measurement(0.84, "", 0.86, "v3"), "failed", "0.02 worse"),
        (VERSUS, Measurement(0.9, "", 0.86, "v3"), "passed", "0.04 better"),
        (VERSUS, Measurement(0.9, "", math.nan, "v3"), "error", "of v3 is nan"),
        (
            Gate("rmse", versus="production", max_drop=0.5),
            Measurement(3.4, "", 3.0, "v3"),
            "passed",
            "0.4 worse, 0.5 worse is allowed",
        ),
        (
            Gate("rmse", versus="production", max_drop=0.5),
            Measurement(3.6, "", 3.0, "v3"),
            "failed",
            "0.6 worse",
        ),
        (SURE, Measurement(0.86, "", 0.86, "v3", (-0.009, 0.02)), "passed", "95% confidence"),
        (SURE, Measurement(0.86, "", 0.86, "v3", (-0.03, 0.02)), "inconclusive", "more test rows"),
        (SURE, Measurement(0.80, "", 0.86, "v3", (-0.08, -0.02)), "failed", "0.08 worse and 0.02 worse"),
        (SURE, Measurement(0.86, "", 0.86, "v3", (-math.inf, math.inf)), "inconclusive", "unknown"),
        (SURE, Measurement(0.86, "", 0.86, "v3"), "error", "no interval"),
        (
            Gate("rmse", versus="production", max_drop=0.5, confidence=0.9),
            Measurement(3.2, "", 3.0, "v3", (0.6, 0.9)),
            "failed",
            "worse",
        ),
        (
            Gate("f1", min=0.5, versus="production", max_drop=0.1),
            Measurement(0.4, "", 0.45, "v3"),
            "failed",
            "below",
        ),
        (
            Gate("f1", min=0.5, versus="production", max_drop=0.1),
            Measurement(0.6, unopposed="x"),
            "passed",
            "x",
        ),
        (
            Gate("f1", min=0.5, versus="production", max_drop=0.1),
            Measurement(0.4, unopposed="x"),
            "failed",
            "below",
        ),
    ],
)
def test_table(gate: Gate, measured: Measurement, verdict: str, words: str) -> None:
    result = decide_gate(gate, measured)
    assert result.verdict == verdict
    assert words in result.reason
    assert result.passed == (verdict == "passed")


@given(FIGURES, FIGURES, st.floats(0, 10))
def test_a_version_that_is_no_worse_always_passes(a: float, b: float, drop: float) -> None:
    for name in ("roc_auc", "rmse"):
        gate = Gate(name, versus="production", max_drop=drop)
        best, worst = (max(a, b), min(a, b)) if gate.higher_is_better else (min(a, b), max(a, b))
        assert decide_gate(gate, Measurement(best, "", worst, "v1")).verdict == "passed"


@given(FIGURES, FIGURES, FIGURES, FIGURES)
def test_an_interval_never_contradicts_the_figures(
    value: float, reference: float, a: float, b: float
) -> None:
    low, high = sorted((a, b, value - reference))[::2]
    sure = decide_gate(SURE, Measurement(value, "", reference, "v1", (low, high))).verdict
    plain = decide_gate(VERSUS, Measurement(value, "", reference, "v1")).verdict
    assert sure in (plain, "inconclusive")


def test_kept_figures_are_plain() -> None:
    kept = GateResult(SURE, "error", math.nan, None, None, "why").as_json()
    assert kept == {
        "metric": "roc_auc",
        "verdict": "error",
        "versus": "production",
        "max_drop": 0.01,
        "confidence": 0.95,
        "reason": "why",
    }
