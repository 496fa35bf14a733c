"""All that is known of models as one document, which its schema describes."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitmodel.cli.main import program
from gitmodel.delivery.outcomes import Outcome, format_outcome
from gitmodel.delivery.promotion import promote, rollback
from gitmodel.errors import UsageError
from gitmodel.exchange.document import make_document
from gitmodel.exchange.gto_import import import_gto
from gitmodel.exchange.mlflow_opening import open_store
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record
from gitmodel.registry.environments import DEPLOYMENTS_REF, env_tip
from gitmodel.registry.register import register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef
from gitmodel.spec.schemas import violations
from tests.exchange.conftest import Gto

FACTS = Facts(
    "More loans",
    "As asked.",
    "skops",
    "DecisionTreeClassifier",
    {"roc_auc": 0.9},
    {"max_depth": 4},
    ArtifactRef("model.skops", "aa" * 16, "bb" * 32, 3145),
    {"loans.csv": DataRef("cc" * 16, 10, 100)},
    RunRef("c" * 40, "digest"),
)


@pytest.fixture
def models(repo: Repository) -> Repository:
    """Return a repository with a version that was promoted, rolled out, and one that was rolled back."""
    for number in range(2):
        commit = repo.git("commit-tree", "-m", f"Train {number}", "HEAD^{tree}")
        record = Record("risk", "training", {"roc_auc": 0.9}, "2026-11-27T15:46:31Z", "ada")
        register(
            repo,
            "risk",
            commit=Oid(commit),
            facts=replace(FACTS, run=RunRef("c" * 40, f"digest{number}")),
            records=[record],
        )
        live = Record(
            "risk", "live", {"roc_auc": 0.8}, "2026-11-28T00:00:00Z", "monitor", str(number + 1), Dataset("x")
        )
        append_notes(repo, METRICS_REF, {Oid(commit): [format_record(live), "no record"]})
        promote(repo, Registry(repo).version(f"risk:{number + 1}"), "production", by="ada@example.org")
    outcome = Outcome("production", "risk", "2", "deployed", "2026-11-28T00:00:00Z", "ada", 1.5, "http://x")
    tip = env_tip(repo, "production")
    assert tip is not None
    append_notes(repo, DEPLOYMENTS_REF, {tip: [format_outcome(outcome)]})
    rollback(repo, "risk", "production", reason="worse", by="ada@example.org")
    repo.git("tag", "-a", "-m", "hand-made", "other@v1.2.0")
    repo.git("tag", "-a", "-m", "broken\n\nMetrics: {", "other@v1.3.0")
    return repo


def test_everything_is_in_it(models: Repository) -> None:
    document = make_document(models)
    assert [model["name"] for model in document["models"]] == ["other", "risk"]
    other, risk = document["models"]
    assert [version["version"] for version in risk["versions"]] == ["2", "1"]
    newest = risk["versions"][0]
    assert (newest["subject"], newest["body"]) == ("More loans", "As asked.")
    assert newest["trailers"]["Artifact"]["sha256"] == "bb" * 32
    assert newest["trailers"]["Run"] == f"{'c' * 40} digest1"
    assert newest["trailers"]["Content-Encoding"] == "skops"
    assert [(record["kind"], record["metrics"]) for record in newest["metrics"]] == [
        ("training", {"roc_auc": 0.9}),
        ("live", {"roc_auc": 0.8}),
    ]
    assert other["unreadable"] == [
        {"tag": "other@v1.3.0", "reason": "the trailer Metrics is not valid: '{'"},
    ]
    (production,) = document["environments"]
    assert production["models"]["risk"]["version"] == "1"
    assert production["models"]["risk"]["hold"]["bad_version"] == "2"
    assert [change["subject"] for change in production["history"]] == [
        "Roll back risk v2 -> v1",
        "Promote risk v1 -> v2",
        "Promote risk v1",
    ]
    assert [len(change["deployments"]) for change in production["history"]] == [0, 1, 0]
    assert production["history"][1]["deployments"][0]["outcome"] == "deployed"


def test_it_holds_to_its_schema(models: Repository, churn: Gto) -> None:
    import_gto(churn.repo, None, (), say=lambda _: None)
    for repo in (models, churn.repo):
        document = json.loads(json.dumps(make_document(repo)))
        assert violations("export", document) == []
        document["models"][0]["versions"][0]["more"] = 1
        assert violations("export", document) != []


def test_one_model_alone(models: Repository) -> None:
    document = make_document(models, ["other"])
    assert [model["name"] for model in document["models"]] == ["other"]
    assert document["environments"] == [{"name": "production", "models": {}, "history": []}]
    with pytest.raises(UsageError, match="there is no model 'riks'"):
        make_document(models, ["riks"])


def test_an_empty_repository_has_an_empty_document(repo: Repository) -> None:
    assert make_document(repo) == {"format": 1, "models": [], "environments": []}


def test_the_command_writes_it(models: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(models.workdir)
    printed = CliRunner().invoke(program, ["export", "json"], catch_exceptions=False)
    assert json.loads(printed.output) == make_document(models)
    file = tmp_path / "models.json"
    ran = CliRunner().invoke(program, ["export", "json", "--model", "risk", "--output", str(file)])
    assert (ran.exit_code, ran.output) == (0, "")
    assert json.loads(file.read_text()) == make_document(models, ["risk"])


def test_without_mlflow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    (tmp_path / "mlflow.db").touch()
    with pytest.raises(UsageError) as caught:
        open_store(f"sqlite:///{tmp_path}/mlflow.db")
    assert caught.value.hint == 'install it: `pip install "gitmodel[mlflow]"`'
