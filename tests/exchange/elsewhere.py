"""A real store of MLflow that tests fill: registered models whose files a real scikit-learn wrote."""

import math
import os
import shutil
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from gitmodel.exchange.mlflow_opening import open_store
from gitmodel.exchange.mlflow_store import Store

# As `mlflow.sklearn` saves a model; what it trusts is what a model must not say of itself.
PICKLED = "flavors:\n  sklearn: {pickled_model: model.pkl, serialization_format: pickle}\n"
SKOPS = """\
flavors:
  sklearn:
    pickled_model: model.skops
    serialization_format: skops
    skops_trusted_types: [sklearn.tree._tree.Tree, builtins.exec]
signature:
  inputs: '[{"type": "double", "name": "income", "required": true}]'
"""
ROWS = [[1.0], [2.0], [3.0], [4.0]]


@dataclass
class Elsewhere:
    """A store of MLflow in a folder of its own."""

    uri: str
    folder: Path
    experiments: dict[str, str] = field(default_factory=dict)

    @cached_property
    def store(self) -> Store:
        return open_store(self.uri, create=True)

    @property
    def client(self) -> Any:
        return self.store.client

    def run(
        self,
        metrics: dict[str, float] | None = None,
        params: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        *,
        saved: str | None = PICKLED,
        constant: int = 1,
    ) -> str:
        """Log a run that ended at a fixed time, with the files of a model that always says ``constant``."""
        if "one" not in self.experiments:
            place = (self.folder / "artifacts").as_uri()
            self.experiments["one"] = self.client.create_experiment("one", artifact_location=place)
        run = self.client.create_run(self.experiments["one"], start_time=1_700_000_000_000, tags=tags)
        run_id: str = run.info.run_id
        for name, value in (metrics or {}).items():
            self.client.log_metric(run_id, name, 0.1, step=0)
            self.client.log_metric(run_id, name, value, step=1)
        for name, text in (params or {}).items():
            self.client.log_param(run_id, name, text)
        if saved is not None:
            self.client.log_artifacts(run_id, str(self.save(saved, constant)), "model")
        self.client.set_terminated(run_id, end_time=1_700_000_100_000)
        return run_id

    def save(self, description: str, constant: int) -> Path:
        """Save a model as MLflow does."""
        import joblib
        import skops.io
        from sklearn.dummy import DummyClassifier

        folder = self.folder / "saved"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        model = DummyClassifier(strategy="constant", constant=constant).fit(ROWS, [0, 1, 2, 3])
        (folder / "MLmodel").write_text(description)
        (folder / "requirements.txt").write_text("scikit-learn\n")
        if "model.pkl" in description:
            joblib.dump(model, folder / "model.pkl")
        else:
            skops.io.dump(model, folder / "model.skops")
        return folder

    def version(self, name: str, run_id: str | None = None, description: str = "", **tags: str) -> int:
        """Register a version of a model, which is made where it is new."""
        if name not in {model.name for model in self.store.models()}:
            self.client.create_registered_model(name, {"team": "risk"}, "Who pays back")
        source = f"runs:/{run_id}/model" if run_id else "ftp://127.0.0.1:1/model"
        made = self.client.create_model_version(
            name, source, run_id, tags=tags, description=description, await_creation_for=0
        )
        return int(made.version)

    def date(self, model: str, milliseconds: int) -> None:
        """Give the versions of a model of a database a date that MLflow itself would not."""
        self._execute("UPDATE model_versions SET creation_time = ? WHERE name = ?", milliseconds, model)

    def rename(self, old: str, new: str) -> None:
        """Give a model of a database a name that MLflow itself would refuse."""
        for table in ("registered_models", "model_versions", "model_version_tags"):
            self._execute(f"UPDATE {table} SET name = ? WHERE name = ?", new, old)

    def _execute(self, statement: str, *values: object) -> None:
        import sqlite3

        with sqlite3.connect(self.uri.removeprefix("sqlite:///")) as database:
            database.execute(statement, values)
        database.close()

    def files(self, run_id: str) -> Path:
        """Return where the files of a run are."""
        return Path(os.path.relpath(self.folder / "artifacts" / run_id / "artifacts" / "model"))


def fill(place: Elsewhere) -> Elsewhere:
    first = place.run(
        {"auc": 0.7, "loss": math.nan}, {"depth": "4", "rate": "1e-3", "kind": "tree"}, {"seen": "yes"}
    )
    place.version("risk", first, "First try\n\nWith all loans.", reviewed="no")
    place.version("risk", place.run({"auc": 0.8}, {"depth": "5"}, constant=2))
    place.version("risk", place.run({"auc": 0.9}, saved=SKOPS, constant=3), reviewed="yes")
    place.client.set_registered_model_alias("risk", "champion", "2")
    return place


class Stores(Protocol):
    """Makes an empty store, of files or as a database."""

    def __call__(self, kind: str, name: str = "elsewhere") -> Elsewhere:
        """Return a store in a folder of that name."""


def content(place: Elsewhere) -> dict[str, Any]:
    """Return all that a store knows of its models: what a way there and back must keep."""
    found: dict[str, Any] = {}
    versions = place.store.versions()
    for model in place.store.models():
        found[model.name] = {"about": (model.description, model.tags, model.aliases)}
        for version in versions.get(model.name, ()):
            run = place.store.run(version)
            assert run is not None
            tags = {key: value for key, value in version.tags.items() if not key.startswith("gitmodel.")}
            with place.store.folder(version, run) as folder:
                files = {
                    path.relative_to(folder).as_posix(): path.read_bytes()
                    for path in folder.rglob("*")
                    if path.is_file()
                }
            metrics = {name: repr(value) for name, value in run.metrics.items()}  # NaN is not equal to itself
            about = (version.description, tags, metrics, run.params, run.at, files)
            found[model.name][version.number] = about
    return found
