"""Notebooks of versions: of classes, numbers and rankings, run from their first cell to their last."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.tree import DecisionTreeRegressor

import gitmodel
from gitmodel import process
from gitmodel.api import Missing
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.notebooks.executing import execute
from gitmodel.notebooks.of_version import version_notebook
from gitmodel.registry.register import register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, Facts
from tests.conftest import commit_all, make_repository
from tests.delivery.models import FOLDER, add_version
from tests.notebooks.conftest import outputs, sources

PRICES = """\
name: prices
artifact: {path: model.skops, encoding: skops}
data: {train: train.csv, test: test.csv, target: price}
evaluate: {kind: regression}
gates: [{metric: mae, max: 10}]
"""


def prices(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"area": random.uniform(20, 200, 300), "noise": random.random(300)})
    return frame.assign(price=frame["area"] * 3 + random.normal(0, 5, 300))


def add_prices(repo: Repository) -> None:
    """Register a version of a model that predicts numbers."""
    assert repo.root is not None
    folder = repo.root / "models/prices"
    folder.mkdir(parents=True)
    train, test = prices(0), prices(1)
    tree = DecisionTreeRegressor(max_depth=6, random_state=0).fit(train[["area", "noise"]], train["price"])
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    skops.io.dump(tree, folder / "model.skops")
    commit = Oid(commit_all(repo, {"models/prices/model.yaml": PRICES}, "Prices"))
    sha256 = hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest()
    artifact = ArtifactRef("models/prices/model.skops", sha256=sha256)
    register(repo, "prices", commit=commit, facts=Facts("Prices", encoding="skops", artifact=artifact))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return a repository with two versions of a classifier, and one version of a model of numbers."""
    made = make_repository(tmp_path_factory.mktemp("models") / "repo")
    add_version(made, 2)
    add_version(made, 4, gates="  - {metric: recall, min: 0.1}\n")
    add_prices(made)
    return made


def gitmodel_here(repo: Repository, *args: str) -> process.Completed:
    return process.run([sys.executable, "-m", "gitmodel", *args], cwd=repo.root, check=False)


@pytest.mark.system
def test_the_notebook_of_a_classifier_runs_to_its_end(models: Repository) -> None:
    done = gitmodel_here(models, "notebook", "credit-risk:2", "--execute", "--html")
    assert done.code == 0, done.stdout + done.stderr
    assert models.root is not None
    folder = models.root / "gitmodel-runs"
    told = outputs(folder / "credit-risk-2.ipynb")
    for part in ("before: credit-risk:1", "accuracy", "error", "<svg", "psi", "credit-risk:1", "Depth"):
        assert part in told + sources(folder / "credit-risk-2.ipynb"), part
    tree = Repository.open(folder / "credit-risk-2")
    assert tree.git("rev-parse", "HEAD") == Registry(models).version("credit-risk:2").commit
    assert models.changed_files() == []
    assert "accuracy" in (folder / "credit-risk-2.html").read_text()
    again = gitmodel_here(models, "notebook", "credit-risk:2")
    assert "stays as it is" in again.text
    assert "before: credit-risk:1" in outputs(folder / "credit-risk-2.ipynb")


@pytest.mark.system
def test_the_notebook_of_numbers_runs_to_its_end(models: Repository, tmp_path: Path) -> None:
    file = tmp_path / "prices.ipynb"
    done = gitmodel_here(models, "notebook", "prices", "-o", str(file), "--execute")
    assert done.code == 0, done.stdout + done.stderr
    told = outputs(file)
    for part in ("rmse", "residual", "<svg", "mae", "area"):
        assert part in told, part


@pytest.mark.system
def test_the_notebook_of_rankings_runs_to_its_end(tmp_path: Path) -> None:
    made = make_repository(tmp_path / "ranked")
    version = add_version(made, 3, ranked=True)
    file = tmp_path / "ranked.ipynb"
    file.write_bytes(version_notebook(made, version, repository="ranked"))
    said: list[str] = []
    assert execute(file, said.append) is None
    told = outputs(file)
    for part in ("ndcg", "branch", "rank", "<svg", "hit_rate"):
        assert part in told, part
    assert said[0] == "[2/20] repository = 'ranked'"


@pytest.mark.system
def test_a_cell_that_fails_is_told_and_the_file_is_there(models: Repository, tmp_path: Path) -> None:
    file = tmp_path / "broken.ipynb"
    version = Registry(models).version("credit-risk:1")
    text = version_notebook(models, version, repository="nowhere").decode()
    file.write_text(text)
    failed = execute(file, lambda _line: None)
    assert failed is not None
    assert failed.cell == 4
    assert failed.error.startswith("UsageError")
    assert "UsageError" in outputs(file)


def test_text_of_others_is_no_code(models: Repository) -> None:
    add_version(models, 5)
    tag = Registry(models).version("credit-risk:latest")
    hostile = '"""\n```\n<script>alert(1)</script>\nimport os'
    made = tag.__class__(**{**vars(tag), "facts": Facts(hostile, "# a title\n%%bash\n")})
    written = version_notebook(models, made, repository='it\'s "here"').decode()
    assert written.count("alert(1)") == 1
    assert "````text" in written
    assert "repository = 'it\\\\'s \\\"here\\\"'" in written
    models.git("tag", "-d", tag.tag)


def test_worst_rows_confusions_and_importance(models: Repository) -> None:
    registry = gitmodel.open(models.workdir)
    version = registry["credit-risk"][2]
    evaluation = version.evaluate()
    assert evaluation.metric == "recall"  # of the first gate
    worst = evaluation.worst(5)
    assert list(worst["error"]) == sorted(worst["error"], reverse=True)
    assert (worst["truth"] != worst["prediction"]).all()
    table = evaluation.confusion()
    wrong = int(table.to_numpy().sum() - np.trace(table.to_numpy()))
    predictions = evaluation.predictions()
    assert wrong == int((predictions["truth"] != predictions["prediction"]).sum())
    assert list(table.columns) == ["bad", "good"]
    importance = evaluation.importance()
    assert set(importance.index) == {"amount", "income"}
    assert (importance["worse"] > 0.05).all()
    assert importance.equals(evaluation.importance())  # the same seed
    compared = evaluation.compared()
    assert list(compared.columns) == ["credit-risk:2", "before: credit-risk:1"]
    before = registry["credit-risk"][1].evaluate(evaluation.rows.frame.assign(Class=evaluation.rows.labels))
    assert compared["before: credit-risk:1"]["accuracy"] == before.scores.metrics["accuracy"]
    with pytest.raises(UsageError, match="is a classification"):
        evaluation.rankings()


def test_a_column_of_noise_does_not_matter(models: Repository) -> None:
    evaluation = gitmodel.open(models.workdir)["prices"][1].evaluate()
    importance = evaluation.importance()
    assert list(importance.index) == ["area", "noise"]
    assert importance["worse"]["area"] > 50
    assert abs(importance["worse"]["noise"]) < 5
    worst = evaluation.worst(3)
    assert list(worst["residual"].abs()) == sorted(worst["residual"].abs(), reverse=True)


def test_rankings_have_their_worst_first(tmp_path: Path) -> None:
    made = make_repository(tmp_path / "ranked")
    add_version(made, 3, ranked=True)
    evaluation = gitmodel.open(made.workdir)["credit-risk"][1].evaluate()
    table = evaluation.rankings()
    assert len(table) == 40
    assert table["ndcg"].dropna().is_monotonic_increasing
    assert abs(table["ndcg"].mean() - evaluation.scores.metrics["ndcg"]) < 1e-9
    worst = evaluation.worst(7)
    assert len(worst) == 7
    assert (worst["truth"] > 0).all()
    share = worst["rank"] / worst["of"]
    assert list(share) == sorted(share, reverse=True)
    assert "branch" not in evaluation.importance().index


def test_a_folder_with_changes_is_left_alone(models: Repository, tmp_path: Path) -> None:
    version = gitmodel.open(models.workdir)["credit-risk"][1]
    folder = version.checkout(tmp_path / "first")
    assert (folder / FOLDER / "model.skops").is_file()
    assert version.checkout(tmp_path / "first") == folder
    (folder / "depth").write_text("mine")
    with pytest.raises(gitmodel.errors.Refused, match="depth"):
        version.checkout(tmp_path / "first")
    assert (folder / "depth").read_text() == "mine"


def test_what_nobody_trained_is_told(models: Repository) -> None:
    models.git("commit", "-q", "--allow-empty", "-m", "Nothing")
    commit_all(models, {f"{FOLDER}/dvc.yaml": "stages:\n  train: {cmd: 'true', outs: [x]}\n"})
    with pytest.raises(Missing, match="nobody has trained"):
        gitmodel.open(models.workdir).result("credit-risk", "HEAD")
    models.git("reset", "-q", "--hard", "HEAD~2")


@pytest.mark.parametrize("wanted", ["credit-risk:9", "nothing", "20261127T154631-001", "credit-risk@staging"])
def test_what_is_not_there_is_told(models: Repository, wanted: str) -> None:
    done = gitmodel_here(models, "notebook", wanted)
    assert done.code == 2
    assert b"error: " in done.stderr
    assert b"Traceback" not in done.stderr
