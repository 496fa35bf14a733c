"""What a tag made by hand lacks comes from its commit."""

import pytest

from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef, Version
from gitmodel.reports.complete import complete
from tests.conftest import commit_all

MODEL = """\
name: credit-risk
artifact: {path: model.onnx, encoding: onnx}
metrics: [metrics.json, more.yaml]
data: {train: data/train.csv, test: data/test.csv, target: Class}
"""
LOCK = """\
schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - {path: data/train.csv, hash: md5, md5: aaaa, size: 10}
    - {path: ../../shared.py, hash: md5, md5: cccc, size: 1}
    outs:
    - {path: model.onnx, hash: md5, md5: bbbb, size: 20}
"""
FILES = {
    "model.yaml": MODEL,
    "dvc.lock": LOCK,
    "params.yaml": "train: {max_depth: 4}\n",
    "metrics.json": '{"auc": 0.9}',
    "more.yaml": "loss: {test: 0.5}\n",
    "data/test.csv.dvc": "outs:\n- {md5: dddd, size: 5, hash: md5, path: test.csv}\n",
}
FULL = Facts(
    "It works",
    "",
    "onnx",
    None,
    {"auc": 0.9, "loss.test": 0.5},
    {"train": {"max_depth": 4}},
    ArtifactRef("FOLDERmodel.onnx", "bbbb", size=20),
    {"FOLDERdata/train.csv": DataRef("aaaa", size=10), "FOLDERdata/test.csv": DataRef("dddd", size=5)},
)


def version(repo: Repository, files: dict[str, str], folder: str, *tag: str) -> Version:
    commit_all(repo, {folder + name: text for name, text in files.items()}, "Train it\n\nWith care.")
    repo.git("tag", *tag, "credit-risk@v1")
    return complete(repo, Registry(repo).version("credit-risk:1"))


def placed(facts: Facts, folder: str) -> str:
    return repr(facts).replace("FOLDER", folder)


@pytest.mark.parametrize("folder", ["", "models/credit-risk/"])
def test_everything_is_found(repo: Repository, folder: str) -> None:
    found = version(repo, FILES, folder, "-a", "-m", "It works").facts
    assert repr(found) == placed(FULL, folder)


def test_a_lightweight_tag_takes_the_message_of_the_commit(repo: Repository) -> None:
    found = version(repo, FILES, "").facts
    assert (found.subject, found.body) == ("Train it", "With care.")
    assert found.encoding == "onnx"


def test_what_the_tag_says_counts(repo: Repository) -> None:
    message = 'It works\n\nAlgo: Tree\nContent-Encoding: skops\nMetrics: {"auc":0.1}\nParameters: {"a":1}'
    found = version(repo, FILES, "", "-a", "-m", message).facts
    assert (found.algo, found.encoding, found.metrics, found.parameters) == (
        "Tree",
        "skops",
        {"auc": 0.1},
        {"a": 1},
    )


def test_a_registered_version_is_left_as_it_is(repo: Repository) -> None:
    message = f"It works\n\nRun: {'a' * 40} digest"
    found = version(repo, FILES, "", "-a", "-m", message).facts
    assert found == Facts("It works", run=RunRef("a" * 40, "digest"))


@pytest.mark.parametrize(
    "files",
    [
        {"metrics.json": '{"auc": NaN}', "more.yaml": ": ["},
        {"metrics.json": "[]", "more.yaml": "3", "params.yaml": "- a", "dvc.lock": "stages: [train]"},
        {
            "dvc.lock": "stages: {train: 3, b: {outs: 4, deps: [5, {path: 7, md5: 8}]}}",
            "data/test.csv.dvc": "outs: {}",
        },
        {"dvc.lock": "\x00", "params.yaml": "a: &a {b: *a}", "data/test.csv.dvc": "outs: [1]"},
    ],
)
def test_files_that_are_broken_are_passed_over(repo: Repository, files: dict[str, str]) -> None:
    found = version(repo, {**FILES, **files}, "", "-a", "-m", "It works").facts
    assert found.encoding == "onnx"
    assert found.artifact is not None
    assert "NaN" not in repr(found.metrics)


@pytest.mark.parametrize("model", ["name: other\n", "name: [", "name: credit-risk\nmetrics: [../x.json]\n"])
def test_a_commit_without_the_model(repo: Repository, model: str) -> None:
    found = version(repo, {**FILES, "model.yaml": model}, "", "-a", "-m", "It works").facts
    assert found == Facts("It works")


def test_a_tag_on_a_tree(repo: Repository) -> None:
    repo.git("tag", "credit-risk@v1", "HEAD^{tree}")
    assert complete(repo, Registry(repo).version("credit-risk:1")).facts == Facts("")
