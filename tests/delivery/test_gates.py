"""Gates of real models on real rows."""

import pytest

from gitmodel.delivery.gates import GateResult, evaluate_gates
from gitmodel.delivery.promotion import promote
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.spec import load_model
from tests.delivery.models import MODEL, add_version, forged

VERSUS = "  - {metric: roc_auc, versus: production, max_drop: 0.01}\n"


def judge(repo: Repository, version: Version) -> list[GateResult]:
    return evaluate_gates(repo, load_model(repo, version.commit, MODEL), version)


def test_bounds(repo: Repository) -> None:
    gates = (
        "  - {metric: roc_auc, min: 0.7}\n  - {metric: accuracy, min: 0.99}\n"
        "  - {metric: val_auc, min: 0.5}\n  - {metric: nonsense, min: 0.5}\n"
    )
    results = judge(repo, add_version(repo, 3, gates=gates))
    assert [result.verdict for result in results] == ["passed", "failed", "passed", "error"]
    assert "on 400 rows of models/credit-risk/test.csv is at least 0.7" in results[0].reason
    assert "as training reported it" in results[2].reason
    assert "nonsense is no metric of credit-risk:1; known are: accuracy," in results[3].reason


def test_versus(repo: Repository) -> None:
    good = add_version(repo, 4, gates=VERSUS)
    (result,) = judge(repo, good)
    assert (result.verdict, result.reason) == (
        "passed",
        "nothing to compare with: no version was promoted to production",
    )
    promote(repo, good, "production", by="ada")
    (result,) = judge(repo, good)
    assert "production has this very version" in result.reason
    poor = add_version(repo, 1, gates=VERSUS)
    (result,) = judge(repo, poor)
    assert result.verdict == "failed"
    assert result.value is not None
    assert result.reference is not None
    assert result.value < result.reference - 0.01
    assert "of v1 in production on 400 rows of models/credit-risk/test.csv" in result.reason


@pytest.mark.parametrize(
    ("depth", "max_drop", "verdict"), [(1, 0.01, "failed"), (3, 0.001, "inconclusive"), (3, 0.2, "passed")]
)
def test_versus_with_confidence(repo: Repository, depth: int, max_drop: float, verdict: str) -> None:
    promote(repo, add_version(repo, 4), "production", by="ada")
    gate = f"  - {{metric: roc_auc, versus: production, max_drop: {max_drop}, confidence: 0.95}}\n"
    (result,) = judge(repo, add_version(repo, depth, gates=gate))
    assert result.verdict == verdict, result.reason
    assert result.interval is not None


@pytest.mark.parametrize(
    ("depth", "max_drop", "verdict"), [(1, 0.02, "failed"), (4, 0.02, "inconclusive"), (4, 0.3, "passed")]
)
def test_rankings_are_compared_by_group(repo: Repository, depth: int, max_drop: float, verdict: str) -> None:
    promote(repo, add_version(repo, 4, ranked=True), "production", by="ada")
    gates = (
        "  - {metric: ndcg, min: 0.4}\n  - {metric: hit_rate, min: 0.5}\n"
        f"  - {{metric: ndcg, versus: production, max_drop: {max_drop}, confidence: 0.95}}\n"
    )
    results = judge(repo, add_version(repo, depth, gates=gates, ranked=True, seed=depth // 4))
    assert [result.verdict for result in results] == ["passed", "passed", verdict]
    assert "ndcg" in results[2].reason
    assert results[2].interval is not None


def test_what_cannot_be_measured_is_an_error(repo: Repository) -> None:
    version = add_version(repo, 3, gates="  - {metric: roc_auc, min: 0.1}\n")
    (result,) = judge(repo, forged(version))
    assert result.verdict == "error"
    assert "is not the file that was registered" in result.reason
