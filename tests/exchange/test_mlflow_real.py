"""What MLflow's own logging saves, DVC's own commands on what came of it, and a server's hooks between."""

import json
import math
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from gitmodel import process
from gitmodel.cli.main import program
from gitmodel.exchange.gto_import import import_gto
from gitmodel.exchange.mlflow_import import import_mlflow
from gitmodel.git.repository import Repository
from gitmodel.pipelines.setup import init_server
from gitmodel.registry.registry import Registry
from tests.conftest import clone, commit_all
from tests.exchange.conftest import Gto, refs
from tests.exchange.elsewhere import Elsewhere, Stores, fill

pytestmark = pytest.mark.system
ROWS = pd.DataFrame({"income": [1.0, 2.0, 5.0, 6.0], "age": [20, 30, 50, 60]})


@pytest.fixture
def logged(stores: Stores) -> Elsewhere:
    """Return a store into which MLflow logged a model with an example of its rows."""
    import mlflow.sklearn
    from sklearn.linear_model import LogisticRegression

    place = stores("database")
    assert place.store.models() == []  # it is the default one from now on
    experiment = mlflow.create_experiment("real", artifact_location=(place.folder / "real").as_uri())
    with mlflow.start_run(experiment_id=experiment):
        mlflow.log_params({"C": 1.0, "solver": "lbfgs"})
        mlflow.log_metrics({"auc": 0.75, "loss": math.nan})
        mlflow.sklearn.log_model(
            LogisticRegression().fit(ROWS, [0, 0, 1, 1]),
            name="model",
            registered_model_name="credit",
            input_example=ROWS.head(2),
            serialization_format="skops",
            pip_requirements=["scikit-learn"],
        )
    return place


def bring(repo: Repository, place: Elsewhere) -> tuple[str, ...]:
    return import_mlflow(repo, place.store, (), incomplete=False, say=lambda _: None).tags


@pytest.mark.filterwarnings("ignore")  # of MLflow's, about what it would rather have logged
def test_what_mlflow_logged_can_be_served(
    repo: Repository, logged: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bring(repo, logged) == ("credit@v1",)
    facts = Registry(repo).version("credit:1").facts
    assert facts.metrics == {"auc": 0.75}
    assert facts.parameters == {"C": 1.0, "solver": "lbfgs"}
    assert facts.encoding == "skops"
    rows = tmp_path / "rows.csv"
    ROWS.to_csv(rows, index=False)
    monkeypatch.chdir(repo.workdir)
    ran = CliRunner().invoke(program, ["predict", "credit:1", "--input", str(rows), "--json"])
    assert [answer["prediction"] for answer in json.loads(ran.stdout)] == [0, 0, 1, 1]


def test_dvc_brings_the_files_of_an_imported_version(
    bare: Repository, stores: Stores, tmp_path: Path
) -> None:
    there = fill(stores("database"))
    (tmp_path / "server.dvc").mkdir()
    here = clone(bare, tmp_path / "here")
    remote = f"[core]\n    remote = shared\n['remote \"shared\"']\n    url = {tmp_path / 'server.dvc'}\n"
    files = {".dvc/config": remote, ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n"}
    commit_all(here, files | {"gitmodel.yaml": "versions: semver\n"})
    here.git("push", "-q", "origin", "HEAD:main")
    bring(here, there)
    other = clone(bare, tmp_path / "other")
    other.git("checkout", "-q", "risk@v2.0.0")
    dvc = [sys.executable, "-m", "dvc"]
    process.run([*dvc, "pull"], cwd=other.root)
    version = there.store.versions()["risk"][1]
    with there.store.folder(version, there.store.run(version)) as folder:
        for file in folder.iterdir():
            assert (other.workdir / "models/risk/mlflow" / file.name).read_bytes() == file.read_bytes()
    assert "up to date" in process.run([*dvc, "status"], cwd=other.root).text
    assert other.changed_files() == []
    url = str(here.root)
    process.run([*dvc, "artifacts", "get", url, "risk", "--rev", "v2.0.0", "--out", "got"], cwd=tmp_path)
    assert (tmp_path / "got").read_bytes() == (other.workdir / "models/risk/mlflow/model.pkl").read_bytes()
    pointer = (other.workdir / "models/risk/mlflow.dvc").read_text()
    process.run([*dvc, "add", "-f", "models/risk/mlflow"], cwd=other.root)
    assert (other.workdir / "models/risk/mlflow.dvc").read_text() == pointer


def test_hooks_of_a_server_take_what_was_imported(stores: Stores, churn: Gto, tmp_path: Path) -> None:
    server = init_server(tmp_path / "server.git", port=8599)
    (server.git_dir / "hooks" / "post-receive").write_text("#!/bin/sh\ncat > /dev/null\n")
    work = clone(server, tmp_path / "work")
    commit_all(work, {"README": "x"})
    work.git("push", "-q", "-u", "origin", "HEAD:main")
    there = fill(stores("database"))
    assert bring(work, there) == ("risk@v1", "risk@v2", "risk@v3")
    import_gto(work, str(churn.repo.root), (), say=lambda _: None)
    found = refs(server)
    assert {"refs/tags/risk@v3", "refs/tags/churn@v1.1.0", "refs/heads/env/prod"} <= found.keys()
