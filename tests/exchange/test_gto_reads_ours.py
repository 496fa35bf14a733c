"""What gitmodel registers under semantic versions is valid for GTO and for DVC's own commands."""

import json
import sys
from pathlib import Path

import gto.api
import joblib
import pytest

from gitmodel import process
from gitmodel.delivery.promotion import promote
from gitmodel.git.repository import Repository
from gitmodel.pipelines.steps import register_model
from gitmodel.registry.registry import Registry
from tests.conftest import clone, commit_all, make_repository
from tests.training.tiny import FILES, PIPELINE

pytestmark = pytest.mark.system
ARTIFACTS = "artifacts:\n  tiny: {path: model.joblib, type: model, desc: Says how deep it is}\n"

TRAIN = """\
import json, re
import joblib
from sklearn.tree import DecisionTreeClassifier
depth = int(re.search(r"depth: (\\d+)", open("params.yaml").read())[1])
joblib.dump(DecisionTreeClassifier(max_depth=depth).fit([[1], [3], [5]], [2, 4, 6]), "model.joblib")
json.dump({"accuracy": depth / 10}, open("metrics.json", "w"))
"""


def dvc(repo: Repository, *args: str) -> str:
    done = process.run([sys.executable, "-m", "dvc", *args], cwd=repo.workdir)
    return done.text


@pytest.fixture
def registered(tmp_path: Path, bare: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a clone in which two versions were trained and registered, under semantic versions."""
    monkeypatch.setenv("TRAININGS", str(tmp_path / "trainings"))
    repo = make_repository(tmp_path / "models")
    repo.git("remote", "add", "origin", str(bare.git_dir))
    (tmp_path / "server.dvc").mkdir()
    files = FILES | {
        "dvc.yaml": PIPELINE + ARTIFACTS,
        "gitmodel.yaml": "versions: semver\n",
        "train.py": TRAIN,
    }
    commit_all(repo, files, "A tiny model")
    repo.git("push", "-q", "origin", "HEAD:main")
    register_model(repo, "tiny", rev="HEAD", message="First", say=lambda _: None)
    commit_all(repo, {"params.yaml": "depth: 5\n"}, "Deeper")
    repo.git("push", "-q", "origin", "HEAD:main")
    register_model(repo, "tiny", rev="HEAD", message="Deeper", say=lambda _: None)
    return repo


def test_gto_and_dvc_read_what_was_registered(registered: Repository, tmp_path: Path) -> None:
    versions = Registry(registered).versions("tiny")
    assert [version.tag for version in versions] == ["tiny@v0.2.0", "tiny@v0.1.0"]
    root = str(registered.root)
    assert gto.api.show(root)["tiny"]["version"] == "v0.2.0"
    events = gto.api.history(root, ascending=True)
    assert [(event["event"], event["version"], event["commit"]) for event in events] == [
        ("registration", version.tag.removeprefix("tiny@"), version.commit) for version in reversed(versions)
    ]
    shown = process.run(
        [str(Path(sys.executable).with_name("gto")), "show", "tiny", "--json"], cwd=registered.workdir
    ).text
    assert [version["version"] for version in json.loads(shown)] == ["v0.2.0", "v0.1.0"]

    consumer = clone(registered, tmp_path / "elsewhere")
    for number, depth in (("0.1.0", 3), ("0.2.0", 5)):
        dvc(consumer, "artifacts", "get", root, "tiny", "--rev", f"v{number}", "--out", number)
        assert joblib.load(consumer.workdir / number).max_depth == depth

    promote(registered, versions[1], "prod", by="ada@example.org")
    after = gto.api.show(root)["tiny"]
    assert (after["version"], after["stage"]) == ("v0.2.0", {})  # branches of environments are nothing to GTO
