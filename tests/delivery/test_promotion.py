"""Promotions, rollbacks and holds, in real repositories; with a remote, and with rivals."""

from pathlib import Path

import pytest

from gitmodel.delivery.branches import Edit, edit
from gitmodel.delivery.history import history
from gitmodel.delivery.promotion import hold, lift, promote, rollback
from gitmodel.delivery.verdicts import GateResult, Verdict
from gitmodel.errors import Refused, UsageError
from gitmodel.git.refs import read_ref
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.desired import Desired, read_desired
from gitmodel.registry.environments import env_branch
from gitmodel.registry.register import register
from gitmodel.registry.versions import ArtifactRef, Facts, Version
from gitmodel.spec.model import Gate
from tests.conftest import clone, commit_all

MODEL = "credit-risk"


def versions(repo: Repository, count: int, model: str = MODEL) -> list[Version]:
    made = []
    for number in range(1, count + 1):
        commit = Oid(commit_all(repo, {f"{model}.txt": str(number)}, f"Train {number}"))
        facts = Facts(f"Version {number}", artifact=ArtifactRef("model.skops", sha256=f"{number}" * 64))
        made.append(register(repo, model, commit=commit, facts=facts).version)
    return made


def result(verdict: Verdict) -> GateResult:
    return GateResult(Gate("roc_auc", min=0.7), verdict, 0.6, None, None, "roc_auc 0.6 is below 0.7")


def subjects(repo: Repository) -> list[str]:
    return [change.subject for change in history(repo, "production")]


def test_promote_writes_what_should_run(repo: Repository) -> None:
    first, second = versions(repo, 2)
    made = promote(repo, first, "production", by="ada", gates=[result("passed")], strategy="blue-green")
    assert (made.changed, made.subject) == (True, "Promote credit-risk v1")
    assert (
        promote(repo, second, "production", by="ada", reason="Better").subject
        == "Promote credit-risk v1 -> v2"
    )
    again = promote(repo, second, "production", by="ada")
    assert (again.changed, again.desired.version) == (False, "2")
    found = read_desired(repo, "production")[MODEL]
    assert (found.tag, found.object, found.artifact_sha256) == ("credit-risk@v2", second.object, "2" * 64)
    assert found.strategy == {"kind": "blue-green"}
    assert found.promoted is not None
    assert (found.promoted.by, found.promoted.previous, found.promoted.reason) == ("ada", "1", "Better")
    assert subjects(repo) == ["Promote credit-risk v1 -> v2", "Promote credit-risk v1"]
    newest, oldest = history(repo, "production")
    assert (newest.action, newest.previous, newest.version, newest.reason) == ("promote", "1", "2", "Better")
    assert "passed: roc_auc" in oldest.reason


@pytest.mark.parametrize("verdict", ["failed", "inconclusive", "error"])
def test_gates_refuse(repo: Repository, verdict: Verdict) -> None:
    (version,) = versions(repo, 1)
    with pytest.raises(Refused, match=f"credit-risk:1 is not promoted: {verdict}: roc_auc"):
        promote(repo, version, "production", by="ada", gates=[result("passed"), result(verdict)])
    assert read_ref(repo, env_branch("production")) is None


def test_rollback_and_its_hold(repo: Repository) -> None:
    first, second, third = versions(repo, 3)
    for version in (first, second, third):
        promote(repo, version, "production", by="ci", automatic=True)
    back = rollback(repo, MODEL, "production", reason="Too many complaints", by="ada")
    assert back.subject == "Roll back credit-risk v3 -> v2"
    found = read_desired(repo, "production")[MODEL]
    assert found.object == second.object
    assert found.hold is not None
    assert (found.hold.bad_version, found.hold.reason) == ("3", "Too many complaints")
    with pytest.raises(Refused, match=r"held at v2 in production since .* by ada: Too many complaints"):
        promote(repo, third, "production", by="ci", automatic=True)
    assert not promote(repo, second, "production", by="ci", automatic=True).changed
    assert rollback(repo, MODEL, "production", reason="Worse", by="ada").desired.version == "1"
    with pytest.raises(UsageError, match="no good version of credit-risk ran there before v1"):
        rollback(repo, MODEL, "production", reason="Worse still", by="ada")
    assert promote(repo, third, "production", by="ada").desired.hold is None
    assert [change.action for change in history(repo, "production")][:3] == [
        "promote",
        "rollback",
        "rollback",
    ]


def test_rollback_to_a_version(repo: Repository) -> None:
    first, second = versions(repo, 2)
    promote(repo, second, "production", by="ada")
    with pytest.raises(UsageError, match="no good version"):
        rollback(repo, MODEL, "production", reason="Bad", by="ada")
    with pytest.raises(UsageError, match="nothing to roll back"):
        rollback(repo, MODEL, "production", reason="Bad", by="ada", to="2")
    assert rollback(repo, MODEL, "production", reason="Bad", by="ada", to="1").desired.object == first.object
    with pytest.raises(UsageError, match="no version of spam was promoted"):
        rollback(repo, "spam", "production", reason="Bad", by="ada")


def test_hold_and_lift(repo: Repository) -> None:
    (version,) = versions(repo, 1)
    assert hold(repo, MODEL, "production", reason="Audit", by="ada").subject == "Hold credit-risk"
    assert not hold(repo, MODEL, "production", reason="Again", by="ada").changed
    with pytest.raises(Refused, match="held with no version"):
        promote(repo, version, "production", by="ci", automatic=True)
    assert lift(repo, MODEL, "production", by="ada").subject == "Lift the hold of credit-risk"
    assert not lift(repo, MODEL, "production", by="ada").changed
    promote(repo, version, "production", by="ci", automatic=True)
    assert hold(repo, MODEL, "production", reason="Audit", by="ada").subject == "Hold credit-risk at v1"
    held = history(repo, "production")[0]
    assert (held.action, held.version, held.reason) == ("hold", "1", "Audit")


def test_models_with_slashes_and_hostile_words(repo: Repository) -> None:
    (version,) = versions(repo, 1, "risk/eu")
    reason = "$(touch x) {{ 7*7 }}\n\nHold credit-risk"
    promote(repo, version, "production", by="Eve\nfoo", reason=reason)
    found = read_desired(repo, "production")["risk/eu"]
    assert found.promoted is not None
    assert (found.promoted.reason, found.promoted.by) == (reason, "Eve\nfoo")
    assert history(repo, "production")[0].model == "risk/eu"
    with pytest.raises(UsageError):
        promote(repo, version, "../production", by="eve")


def test_rivals_of_other_models_both_land(bare: Repository, tmp_path: Path) -> None:
    one = clone(bare, tmp_path / "one")
    (credit,) = versions(one, 1)
    (spam,) = versions(one, 1, "spam")
    one.git("push", "-q", "origin", "HEAD:main")
    two = clone(bare, tmp_path / "two")
    calls: list[str] = []

    def slow(before: Desired, _tip: Oid | None) -> Edit:
        if not calls:
            promote(two, spam, "production", by="bob")
        calls.append(before.model)
        return Edit(Desired(MODEL, "1", credit.tag, str(credit.object)), "Promote credit-risk v1\n")

    assert edit(one, "production", MODEL, slow).changed
    assert len(calls) == 2
    assert set(read_desired(bare, "production")) == {MODEL, "spam"}
    assert read_desired(one, "production") == read_desired(bare, "production")
    assert len(history(bare, "production")) == 2


def test_a_persons_own_commit_is_history_too(repo: Repository) -> None:
    (version,) = versions(repo, 1)
    promote(repo, version, "production", by="ada")
    repo.git("checkout", "-q", "env/production")
    commit_all(repo, {"README": "x"}, "Explain this branch")
    assert history(repo, "production")[0].action == "other"
    assert history(repo, "staging") == []
