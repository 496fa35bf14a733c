"""A tiny model whose training writes plots of every kind, trained for real by DVC."""

import base64
from pathlib import Path

from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.reports.plots import Side
from gitmodel.spec import load_model
from gitmodel.training import train
from tests.conftest import commit_all, make_repository

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
MODEL = """\
name: tiny
artifact: {path: model.joblib, encoding: joblib}
metrics: [metrics.json]
"""
PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [power]
    outs: [model.joblib]
    metrics:
      - metrics.json: {cache: false}
    plots:
      - plots/roc.csv
      - plots/tree.png
      - loss.json: {cache: false, x: step, y: loss}
plots:
  - ROC:
      x: fpr
      y: {plots/roc.csv: tpr}
  - plots/confusion.csv: {template: confusion, x: actual, y: predicted, title: Confusion}
"""
TRAIN = """\
import base64, json, os, re
power = float(re.search(r"power: ([\\d.]+)", open("params.yaml").read())[1])
os.makedirs("plots", exist_ok=True)
open("model.joblib", "w").write(f"a model of power {power}")
json.dump({"accuracy": power}, open("metrics.json", "w"))
with open("plots/roc.csv", "w") as out:
    out.write("fpr,tpr\\n")
    out.writelines(f"{i / 20},{(i / 20) ** power}\\n" for i in range(21))
with open("plots/confusion.csv", "w") as out:
    out.write("actual,predicted\\n")
    out.writelines("good,good\\n" for _ in range(round(90 * power)))
    out.writelines("good,bad\\nbad,bad\\nbad,bad\\n" for _ in range(10))
open("plots/tree.png", "wb").write(base64.b64decode("PNG"))
json.dump([{"step": i, "loss": 1 / (i + power)} for i in range(5)], open("loss.json", "w"))
"""
FILES = {
    ".gitignore": "/model.joblib\n/plots\n",
    ".dvc/config": "[core]\n    analytics = false\n",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    "model.yaml": MODEL,
    "dvc.yaml": PIPELINE.replace("- plots/tree.png", "- plots/tree.png\n      - plots/confusion.csv"),
    "params.yaml": "power: 0.5\n",
    "train.py": TRAIN.replace("PNG", base64.b64encode(PNG).decode()),
}


def train_side(repo: Repository, name: str) -> Side:
    """Train what is committed."""
    commit = resolve(repo, "HEAD")
    assert commit is not None
    spec = load_model(repo, commit, "tiny")
    run = train(repo, spec, commit, by="ada@example.org", sink=lambda _: None)
    return Side.of(name, run.commit, spec)


def make_painted(folder: Path) -> tuple[Repository, list[Side]]:
    """Return a repository with two trained commits."""
    repo = make_repository(folder / "painted")
    commit_all(repo, FILES, "A tiny model")
    first = train_side(repo, "v1")
    commit_all(repo, {"params.yaml": "power: 0.25\n"}, "Less power")
    return repo, [first, train_side(repo, "v2")]


def committed(repo: Repository, files: dict[str, str], name: str = "head") -> Side:
    """Commit files that git itself keeps, and return the side of that commit."""
    return Side(name, Oid(commit_all(repo, files)), "")
