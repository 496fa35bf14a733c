"""A models repository with real, tiny models: scikit-learn trees of different depths, kept in git itself."""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import skops.io
from sklearn.tree import DecisionTreeClassifier

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.register import register
from gitmodel.registry.versions import ArtifactRef, Facts, Version
from tests.conftest import commit_all

MODEL = "credit-risk"
FOLDER = f"models/{MODEL}"
SPEC = f"""\
name: {MODEL}
artifact: {{path: model.skops, encoding: skops}}
data: {{train: train.csv, test: test.csv, target: Class}}
evaluate: {{kind: classification}}
"""


def loans(seed: int, rows: int = 400) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"amount": random.random(rows).round(4), "income": random.random(rows).round(4)})
    bad = (frame["amount"] - frame["income"] + random.normal(0, 0.2, rows)) > 0
    return frame.assign(Class=np.where(bad, "bad", "good"))


def ranked_loans(seed: int) -> pd.DataFrame:
    """Return loans of forty branches, of which the bad ones are to be found first."""
    frame = loans(seed)
    return frame.assign(Class=(frame["Class"] == "bad").astype(int), branch=np.arange(len(frame)) % 40)


def add_version(
    repo: Repository,
    depth: int,
    *,
    gates: str = "",
    seed: int = 0,
    ranked: bool = False,
    swapped: bool = False,
) -> Version:
    """Train a tree, commit everything, register it; one that was ``swapped`` takes good for bad."""
    assert repo.root is not None
    make = ranked_loans if ranked else loans
    train, test = make(seed), make(seed + 1000)
    tree = DecisionTreeClassifier(max_depth=depth, random_state=0)
    classes = train["Class"].map({"good": "bad", "bad": "good"}) if swapped else train["Class"]
    tree.fit(train[["amount", "income"]], classes)
    folder = repo.root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    skops.io.dump(tree, folder / "model.skops")
    spec = SPEC.replace("classification", "ranking, group: branch, k: 3") if ranked else SPEC
    spec += f"gates:\n{gates}" if gates else ""
    commit = commit_all(repo, {f"{FOLDER}/model.yaml": spec, "depth": str(depth)}, f"Depth {depth}")
    sha256 = hashlib.sha256((folder / "model.skops").read_bytes()).hexdigest()
    facts = Facts(
        f"Depth {depth}",
        encoding="skops",
        metrics={"val_auc": 0.6},
        artifact=ArtifactRef(f"{FOLDER}/model.skops", sha256=sha256),
    )
    return register(repo, MODEL, commit=Oid(commit), facts=facts).version


def forged(version: Version) -> Version:
    """Return a version whose tag names another artifact than its commit holds."""
    artifact = version.facts.artifact
    assert artifact is not None
    return replace(version, facts=replace(version.facts, artifact=artifact._replace(sha256="0" * 64)))
