"""Models that only dvc.yaml declares, as in a GTO registry."""

import pytest

from gitmodel.errors import GitmodelError, UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef
from gitmodel.reports.complete import complete
from gitmodel.spec import load_model
from gitmodel.spec.dvc_yaml import declared_model, metrics_files
from gitmodel.spec.model import ArtifactSpec, DeploySpec
from tests.conftest import commit_all

DVC = """\
artifacts:
  churn: {path: out/model.pkl, type: model, desc: Who leaves, labels: [risk]}
  folder: {path: out}
metrics: [metrics.json]
stages:
  train:
    cmd: python train.py
    wdir: out
    metrics: [{scores.json: {cache: false}}, more.yaml]
"""


def test_it_is_a_model_that_automation_leaves_alone(repo: Repository) -> None:
    commit_all(repo, {"dvc.yaml": DVC})
    spec = load_model(repo, "HEAD", "churn")
    assert (spec.name, spec.file, spec.folder, spec.description) == ("churn", "dvc.yaml", "", "Who leaves")
    assert spec.artifact == ArtifactSpec("out/model.pkl", "joblib")
    assert spec.metrics == ("metrics.json", "out/scores.json", "out/more.yaml")
    assert spec.deploy == DeploySpec(environments=())
    assert load_model(repo, "HEAD", "folder").artifact == ArtifactSpec("out", "python")


def test_a_model_file_counts_more(repo: Repository) -> None:
    commit_all(repo, {"dvc.yaml": DVC, "model.yaml": "name: churn\n"})
    assert load_model(repo, "HEAD", "churn").file == "model.yaml"
    with pytest.raises(UsageError, match='there is no model "other"'):
        load_model(repo, "HEAD", "other")


def test_the_older_file_is_read_too(repo: Repository) -> None:
    commit_all(repo, {"artifacts.yaml": "churn: {type: model, path: model.onnx}\n"})
    spec = load_model(repo, "HEAD", "churn")
    assert (spec.file, spec.artifact) == ("artifacts.yaml", ArtifactSpec("model.onnx", "onnx"))


@pytest.mark.parametrize(
    "text",
    [
        "artifacts: {churn: {path: ../../etc/passwd}}",
        "artifacts: {churn: {path: /etc/passwd}}",
        "artifacts: {churn: {type: model}}",
        "artifacts: {churn: model.pkl}",
        "artifacts: [churn]",
        "artifacts: {churn: {path: a}}\nmetrics: [../../x]",
        "- churn",
        "{",
        "artifacts: &a {churn: *a}",
        "",
    ],
)
def test_what_declares_nothing_is_none(repo: Repository, text: str) -> None:
    commit_all(repo, {"dvc.yaml": text + "\n"})
    assert declared_model(repo, "HEAD", "churn") is None


@pytest.mark.parametrize(
    "pipeline", [None, [], {"metrics": 7}, {"stages": [1]}, {"stages": {"a": {"metrics": "x"}}}]
)
def test_pipelines_of_any_shape_name_no_metrics(pipeline: object) -> None:
    assert list(metrics_files(pipeline)) == []


def test_a_version_is_completed_from_it(repo: Repository) -> None:
    outs = "    outs:\n    - {path: out/model.pkl, md5: abcd, size: 3}\n"
    lock = f"schema: '2.0'\nstages:\n  train:\n    cmd: x\n{outs}"
    files = {"dvc.yaml": DVC, "dvc.lock": lock, "metrics.json": '{"auc": 0.9}', "params.yaml": "depth: 4\n"}
    commit_all(repo, files)
    repo.git("tag", "-a", "-m", "Registering artifact churn version v1.0.0", "churn@v1.0.0")
    facts = complete(repo, Registry(repo).version("churn:1.0.0")).facts
    assert facts.metrics == {"auc": 0.9}
    assert facts.parameters == {"depth": 4}
    assert facts.artifact == ArtifactRef("out/model.pkl", "abcd", size=3)
    assert facts.encoding == "joblib"


def test_a_broken_model_file_is_told_before(repo: Repository) -> None:
    commit_all(repo, {"dvc.yaml": DVC, "model.yaml": "name: [\n"})
    with pytest.raises(GitmodelError, match=r"model\.yaml"):
        load_model(repo, "HEAD", "churn")
