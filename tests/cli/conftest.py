"""A models repository whose object ids never change, and a way to run commands in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from gitmodel.cli.main import program
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.desired import Desired, format_desired
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef, format_version
from tests.conftest import commit_all
from tests.registry.test_desired import promote

MODEL = """\
name: credit-risk
artifact: {path: model.skops, encoding: skops}
metrics: [metrics.json]
data: {train: data/loans.csv, target: Class}
"""
FACTS = Facts(
    "Updated model with August data",
    "More loans.",
    "skops",
    "DecisionTreeClassifier",
    {"accuracy": 0.85, "roc_auc": 0.9123456789},
    {"max_depth": 4, "train": {"criterion": "gini", "weights": None}},
    ArtifactRef("models/credit-risk/model.skops", "aa" * 16, "bb" * 32, 3145),
    {"data/loans.csv": DataRef("1f3c" + "0" * 28, 9857, 812345)},
    RunRef("c" * 40, "digest"),
)


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def models(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository with two versions of credit-risk, one of hello-world, and one model without any."""
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-11-27T15:40:00+0000")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-11-27T15:40:00+0000")
    files = {"models/credit-risk/model.yaml": MODEL, "models/spam-filter/model.yaml": "name: spam-filter\n"}
    commit_all(repo, files, "Add models")
    orphan = repo.git("commit-tree", "-m", "Models", "HEAD^{tree}")
    repo.git("update-ref", "HEAD", orphan)
    tag(
        repo,
        "credit-risk@v3",
        format_version("credit-risk", "3", Facts("First\x1b[2J try")),
        "2026-10-01T08:00:00+0200",
    )
    tag(repo, "credit-risk@v4", format_version("credit-risk", "4", FACTS), "2026-11-27T15:46:31+0000")
    tag(repo, "hello-world@v1", "It works\n", "2026-11-01T00:00:00+0000")
    for env in ("staging", "production"):
        desired = Desired("credit-risk", "4", "credit-risk@v4", repo.git("rev-parse", "credit-risk@v4"))
        promote(repo, env, {"credit-risk.yaml": format_desired(desired)})
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    return repo


def tag(repo: Repository, name: str, message: str, date: str) -> Oid:
    """Make an annotated tag of HEAD at a date."""
    repo.run(
        "tag",
        "-a",
        "--cleanup=verbatim",
        "-F",
        "-",
        name,
        stdin=message.encode(),
        env={"GIT_COMMITTER_DATE": date},
    )
    return Oid(repo.git("rev-parse", name))


@pytest.fixture
def run() -> Run:
    """Return what runs a command in this process."""

    def act(*args: str | Path) -> Ran:
        result = CliRunner().invoke(program, [str(arg) for arg in args])
        return Ran(result.exit_code, result.stdout, result.stderr)

    return act
