"""A real model and its package, made once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

from gitmodel.packaging import Declared, Package, VersionIdentity, package_version
from gitmodel.spec.model import ArtifactSpec, DataSpec, ModelSpec

VERSION = VersionIdentity("credit-risk", "4", "4fbe8871", "9a1b2c3d" * 5, "credit-risk@v4")
SPEC = ModelSpec(
    "credit-risk",
    "",
    "model.yaml",
    description="Probability that a loan goes bad",
    artifact=ArtifactSpec("model.skops", "skops"),
    data=DataSpec("train.parquet", "test.parquet", "Class"),
)


def loans(rows: int = 300) -> pd.DataFrame:
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "funded amount": (random.random(rows) * 1000).round(2),
            "term": random.integers(1, 60, rows),
            "grade": random.choice(list("ABC"), rows),
            "owner": random.random(rows) > 0.5,
            "income": np.where(random.random(rows) < 0.2, np.nan, random.random(rows)),
        }
    )


def labels(frame: pd.DataFrame) -> list[str]:
    return ["bad" if value > 500 else "good" for value in frame["funded amount"]]


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a trained pipeline as a skops file."""
    frame = loans()
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(
        make_column_transformer((encoder, ["grade"]), remainder="passthrough"),
        DecisionTreeClassifier(max_depth=3, random_state=0),
    )
    path = tmp_path_factory.mktemp("artifact") / "model.skops"
    skops.io.dump(model.fit(frame, labels(frame)), path)
    return path


@pytest.fixture(scope="session")
def package(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Return its package."""
    return package_version(
        SPEC,
        VERSION,
        tmp_path_factory.mktemp("packages"),
        artifact=lambda: artifact,
        rows=loans,
        declared=Declared(),
    )


def forget_metrics() -> None:
    """Let a second service be loaded in this process: its metrics have the names of the first one's."""
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml._internal.server.metrics.prometheus import PrometheusClient
    from prometheus_client import REGISTRY

    BentoMLContainer.metrics_client.set(PrometheusClient(multiproc=False))  # as `run.py` does
    for collector in list(REGISTRY._collector_to_names):
        REGISTRY.unregister(collector)
