"""A version that was imported starts nothing where its tag arrives."""

import pickle
from pathlib import Path

import pytest

from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.pipelines.engine import execute
from gitmodel.pipelines.pushed import Pushed
from tests.conftest import commit_all

IMPORTED = "name: churn\nartifact: {path: model.pkl, encoding: joblib}\ndeploy: {environments: []}\n"
DECLARED = "artifacts:\n  churn: {path: models/churn/model.pkl}\n"


class Bomb:
    """Leaves a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "files", [{"models/churn/model.yaml": IMPORTED}, {"dvc.yaml": DECLARED}], ids=["mlflow", "gto"]
)
def test_its_artifact_is_not_even_loaded(repo: Repository, files: dict[str, str], tmp_path: Path) -> None:
    assert repo.root is not None
    bomb = repo.root / "models" / "churn" / "model.pkl"
    bomb.parent.mkdir(parents=True)
    bomb.write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    commit_all(repo, files | {"environments/production.yaml": "name: production\n"})
    repo.git("tag", "-a", "-m", "First", "churn@v1.0.0")
    said: list[str] = []
    pushed = [Pushed("refs/tags/churn@v1.0.0", None, resolve(repo, "churn@v1.0.0"))]
    assert execute(repo, pushed, said.append) == 0
    assert said[-1] == "[release] churn:1.0.0: its model names no environment; a person promotes it"
    assert not (tmp_path / "exploded").exists()
    pickle.loads(bomb.read_bytes())
    assert (tmp_path / "exploded").exists()
