"""A GTO registry whose tags have the dates that they are given, and all refs of a repository at a glance."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gitmodel.git.refs import list_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from tests.conftest import commit_all, make_repository
from tests.exchange.elsewhere import Elsewhere, Stores

START = 1_700_000_000
DVC_YAML = """\
artifacts:
  churn: {path: model.pkl, type: model, desc: Who leaves, labels: [risk]}
metrics: [metrics.json]
"""


@dataclass
class Gto:
    """Writes the tags that GTO writes, a minute after each other."""

    repo: Repository
    at: int = START
    counts: dict[str, int] = field(default_factory=dict)

    def commit(self, auc: float, **files: str) -> Oid:
        """Commit another model."""
        named = {name.replace("__", "/"): text for name, text in files.items()}
        texts = {"model.pkl": f"model {auc}\n", "metrics.json": f'{{"auc": {auc}}}', "dvc.yaml": DVC_YAML}
        return Oid(commit_all(self.repo, {".dvc/config": "", **texts, **named}, f"Reach {auc}"))

    def tag(self, name: str, commit: str = "HEAD", *, by: str = "Grace", message: str = "as agreed") -> str:
        """Tag a commit; ``#`` at the end stands for the counter that is next."""
        self.at += 60
        if name.endswith("#"):
            model = name.replace("@", "#").partition("#")[0]
            self.counts[model] = self.counts.get(model, 0) + 1
            name += str(self.counts[model])
        who = {"GIT_COMMITTER_NAME": by, "GIT_COMMITTER_EMAIL": f"{by.lower()}@example.org"}
        date = {"GIT_COMMITTER_DATE": f"{self.at} +0000"}
        self.repo.run("tag", "-a", "-m", message, name, f"{commit}^{{commit}}", env={**who, **date})
        return name


@pytest.fixture
def gto(tmp_path: Path) -> Gto:
    """Return an empty GTO registry."""
    return Gto(make_repository(tmp_path / "registry"))


@pytest.fixture
def churn(gto: Gto) -> Gto:
    """Return a registry with two versions, the first of which came back after the second."""
    first = gto.commit(0.7)
    gto.tag("churn@v1.0.0", message="First")
    gto.tag("churn#prod#", by="Ada", message="go live")
    second = gto.commit(0.8)
    gto.tag("churn@v1.1.0")
    gto.tag("churn#staging#", second)
    gto.tag("churn#prod#", second)
    gto.tag("churn#prod!#", second, message="too many false alarms")
    gto.tag("churn#staging!#", second)
    assert first != second
    return gto


def refs(repo: Repository) -> dict[str, Oid]:
    """Return every ref."""
    return list_refs(repo, "refs/")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database without anything, which takes seconds to make."""
    folder = tmp_path_factory.mktemp("empty")
    place = Elsewhere(f"sqlite:///{folder}/mlflow.db", folder)
    assert place.store.models() == []
    return folder / "mlflow.db"


@pytest.fixture
def stores(tmp_path: Path, empty_database: Path) -> Stores:
    """Return what makes an empty store of a kind."""

    def make(kind: str, name: str = "elsewhere") -> Elsewhere:
        folder = tmp_path / name
        folder.mkdir()
        if kind == "files":
            return Elsewhere(str(folder / "mlruns"), folder)
        shutil.copyfile(empty_database, folder / "mlflow.db")
        return Elsewhere(f"sqlite:///{folder}/mlflow.db", folder)

    return make
