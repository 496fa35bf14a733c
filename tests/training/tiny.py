"""A model that trains at once: its pipeline needs nothing but Python."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from gitmodel import process
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.spec import load_model
from gitmodel.training import Run, train
from tests.conftest import commit_all

MODEL = """\
name: tiny
artifact: {path: model.joblib, encoding: joblib}
metrics: [metrics.json]
data: {train: data.csv, target: y}
"""
PIPELINE = """\
stages:
  data:
    cmd: python make.py
    deps: [make.py]
    outs: [data.csv]
  train:
    cmd: python train.py
    deps: [train.py, data.csv]
    params: [depth]
    outs: [model.joblib]
    metrics:
      - metrics.json: {cache: false}
"""
MAKE = 'open("data.csv", "w").write("x,y\\n1,2\\n3,4\\n5,6\\n")\n'
TRAIN = """\
import json, os, re
depth = int(re.search(r"depth: (\\d+)", open("params.yaml").read())[1])
with open(os.environ["TRAININGS"], "a") as log:
    log.write("x")
print("training at depth", depth)
open("model.joblib", "w").write(f"a model of depth {depth}")
json.dump({"accuracy": depth / 10}, open("metrics.json", "w"))
"""
FILES = {
    ".gitignore": "/data.csv\n/model.joblib\n",
    ".dvc/config": "[core]\n    analytics = false\n",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    "model.yaml": MODEL,
    "dvc.yaml": PIPELINE,
    "params.yaml": "depth: 3\n",
    "make.py": MAKE,
    "train.py": TRAIN,
}


@dataclass
class Trainer:
    """Trains the tiny model and counts how often its stage really ran."""

    log: Path
    said: list[str] = field(default_factory=list)

    @property
    def trainings(self) -> int:
        """How often the stage `train` ran."""
        return len(self.log.read_text()) if self.log.exists() else 0

    def __call__(
        self, repo: Repository, rev: str = "HEAD", *, name: str = "tiny", force: bool = False
    ) -> Run:
        """Train a model at a revision."""
        commit = commit_of(repo, rev)
        spec = load_model(repo, commit, name)
        return train(repo, spec, commit, force=force, by="ada@example.org", sink=self.said.append)


def commit_of(repo: Repository, rev: str = "HEAD") -> Oid:
    """Return a commit that must be there."""
    found = resolve(repo, rev)
    assert found is not None
    return found


def in_folder(folder: str) -> dict[str, str]:
    """Return the model's files below a folder, DVC's own at the top."""
    top = {path: text for path, text in FILES.items() if path.startswith(".dvc")}
    return top | {f"{folder}/{path}": text for path, text in FILES.items() if path not in top}


def commit(repo: Repository, **changes: str) -> Oid:
    """Commit changes of the tiny model: its files by their stem, such as ``params``."""
    names = {Path(path).stem: path for path in FILES if "/" not in path}
    return Oid(commit_all(repo, {names[stem]: text for stem, text in changes.items()}))


def dvc(repo: Repository, *args: str) -> None:
    """Run DVC in the work tree, as a person would."""
    env = process.clean_environment()
    subprocess.run([sys.executable, "-m", "dvc", *args, "-q"], cwd=repo.root, env=env, check=True)


def push(repo: Repository, url: Path) -> None:
    """Push ``main`` somewhere."""
    subprocess.run(["git", "push", "-q", str(url), "HEAD:refs/heads/main"], cwd=repo.root, check=True)
