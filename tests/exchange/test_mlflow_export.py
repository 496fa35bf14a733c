"""Models leave for MLflow and come back the same."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from gitmodel.cli.main import program
from gitmodel.delivery.materials import predictor
from gitmodel.exchange.mlflow_aliases import import_aliases
from gitmodel.exchange.mlflow_export import Exported, export_mlflow
from gitmodel.exchange.mlflow_import import Imported, import_mlflow
from gitmodel.git.notes import append_notes
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.git.tags import write_tag_object
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, Record, format_record
from gitmodel.registry.desired import Desired, format_desired
from gitmodel.registry.environments import env_branch
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, Facts, format_version
from gitmodel.spec import load_model
from tests.conftest import commit_all, make_repository
from tests.exchange.conftest import refs
from tests.exchange.elsewhere import Elsewhere, Stores, content, fill
from tests.registry.test_desired import promote

pytestmark = pytest.mark.system


def quiet(_line: str) -> None:
    """Take a line and do nothing."""


def send(repo: Repository, place: Elsewhere, *wanted: str) -> Exported:
    return export_mlflow(repo, place.store, wanted, say=quiet)


@pytest.mark.parametrize(("source", "target"), [("files", "database"), ("database", "files")])
def test_there_and_back_nothing_is_lost(repo: Repository, stores: Stores, source: str, target: str) -> None:
    there = fill(stores(source))
    there.version("Credit Risk", there.run({"auc": 0.5}), "Of another team")
    there.client.delete_model_version("risk", "2")
    there.client.set_registered_model_alias("risk", "champion", "3")
    wanted = ("risk", "Credit Risk=credit-risk")
    import_mlflow(repo, there.store, wanted, incomplete=False, say=quiet)
    import_aliases(repo, there.store, wanted, say=quiet)
    back = stores(target, "back")
    done = send(repo, back)
    assert done == Exported(("credit-risk@v1", "risk@v1", "risk@v3"), 0, ())
    before, after = content(there), content(back)
    metrics = before["risk"][1][2]
    assert "loss" in metrics
    del metrics["loss"]  # no number, so it did not come in
    assert after == before


def test_a_second_export_adds_nothing(repo: Repository, stores: Stores) -> None:
    there = fill(stores("database"))
    import_mlflow(repo, there.store, (), incomplete=False, say=quiet)
    before = refs(repo)
    here = content(there)
    assert send(repo, there) == Exported((), 3, ())
    assert content(there) == here
    back = stores("database", "back")
    send(repo, back)
    there_now = content(back)
    assert send(repo, back) == Exported((), 3, ())
    assert content(back) == there_now
    assert refs(repo) == before
    assert import_mlflow(repo, back.store, (), incomplete=False, say=quiet) == Imported((), 3, (), ())


@pytest.fixture
def native(repo: Repository, tmp_path: Path) -> Repository:
    """Return a repository with versions 1 and 4 that were made here, the second one promoted."""
    import skops.io
    from sklearn.dummy import DummyClassifier

    assert repo.root is not None
    (repo.root / "m").mkdir()
    model = DummyClassifier(strategy="constant", constant=7).fit([[1], [2]], [7, 8])
    skops.io.dump(model, repo.root / "m" / "model.skops")
    model_file = "name: risk\ndescription: Who pays back\n"
    commit = Oid(commit_all(repo, {"models/risk/model.yaml": model_file}, "A model"))
    for number in ("1", "4"):
        parameters: dict[str, Any] = {"depth": 4, "nested": {"a": None}, "text": "4", "long": "y" * 7000}
        facts = Facts(
            f"Version {number}", "", "skops", None, {"auc": 0.5}, parameters, ArtifactRef("m/model.skops")
        )
        tag = f"risk@v{number}"
        made = write_tag_object(
            repo, commit=commit, name=tag, message=format_version("risk", number, facts), at=1_700_000_000
        )
        records = [
            Record("risk", "training", {"auc": 0.5}, "2026-11-27T15:46:31Z", "ada", number),
            Record("risk", "live", {"auc": 0.4, "../x": 1.0}, "2026-11-28T15:46:31Z", "monitor", number),
            Record("risk", "evaluation", {"auc": 0.3}, "some day", "anybody", number),
        ]
        publish(repo, [RefUpdate(f"refs/tags/{tag}", made, None)])
        append_notes(repo, METRICS_REF, {commit: map(format_record, records)})
    desired = Desired("risk", "4", "risk@v4", repo.git("rev-parse", "risk@v4"))
    promote(repo, "production", {"risk.yaml": format_desired(desired)})
    promote(repo, "latest", {"risk.yaml": format_desired(desired)})
    assert env_branch("production") in refs(repo)
    return repo


def test_what_was_made_here_is_whole_there(
    native: Repository, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stores("database")
    lines: list[str] = []
    done = export_mlflow(native, place.store, (), say=lines.append)
    assert done.versions == ("risk@v1", "risk@v4")
    assert done.skipped == ("risk in latest: MLflow can have no alias of that name, or lacks the version",)
    assert any(
        "left out, since MLflow does not take the name or so long a value: 'long'" in line for line in lines
    )
    assert any("'live/../x'" in line for line in lines)
    (model,) = place.store.models()
    assert (model.name, model.description, model.aliases) == ("risk", "Who pays back", {"production": 4})
    versions = place.store.versions()["risk"]
    assert [version.number for version in versions] == [1, 4]
    run = place.store.run(versions[1])
    assert run is not None
    assert run.metrics == {"auc": 0.5, "live/auc": 0.4, "evaluation/auc": 0.3}
    assert run.params == {"depth": "4", "nested": '{"a": null}', "text": "4"}
    assert versions[1].description == "Version 4"

    import mlflow.sklearn

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")
    mlflow.set_tracking_uri(place.uri)
    mlflow.set_registry_uri(place.uri)
    loaded = mlflow.sklearn.load_model("models:/risk@production")
    assert loaded.predict([[5]]).tolist() == [7]
    assert import_mlflow(native, place.store, (), incomplete=False, say=quiet) == Imported((), 2, (), ())


@pytest.mark.filterwarnings("ignore")  # of onnx and its converter
def test_onnx_goes_there_and_elsewhere(repo: Repository, stores: Stores, tmp_path: Path) -> None:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    rows = np.array([[1.0], [2.0], [5.0], [6.0]], dtype=np.float32)
    made = to_onnx(LogisticRegression().fit(rows, [0, 0, 1, 1]), rows[:1], options={"zipmap": False})
    assert repo.root is not None
    (repo.root / "model.onnx").write_bytes(made.SerializeToString())
    commit = Oid(commit_all(repo, {"model.yaml": "name: risk\n"}))
    facts = Facts("As ONNX", encoding="onnx", artifact=ArtifactRef("model.onnx"))
    text = format_version("risk", "1", facts)
    tag = write_tag_object(repo, commit=commit, name="risk@v1", message=text)
    publish(repo, [RefUpdate("refs/tags/risk@v1", tag, None)])
    place = stores("files")
    assert send(repo, place).versions == ("risk@v1",)

    import mlflow.onnx

    assert mlflow.onnx.load_model("models:/risk/1").SerializeToString() == made.SerializeToString()
    other = make_repository(tmp_path / "other")
    assert import_mlflow(other, place.store, (), incomplete=False, say=quiet).tags == ("risk@v1",)
    version = Registry(other).version("risk:1")
    assert version.facts.encoding == "onnx"
    loaded = predictor(other, load_model(other, version.commit, "risk"), version)
    assert loaded.predict(pd.DataFrame({"X": [1.0, 6.0]}, dtype="float32")).tolist() == [0, 1]


def test_an_export_that_was_killed_is_finished_by_the_next(
    native: Repository, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stores("database")
    client = type(place.client)

    def killed(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    for step in ("log_artifacts", "create_model_version"):
        with monkeypatch.context() as patch:
            patch.setattr(client, step, killed)
            with pytest.raises(KeyboardInterrupt):
                send(native, place)
    assert send(native, place).versions == ("risk@v1", "risk@v4")
    experiment = place.client.get_experiment_by_name("risk")
    runs = place.client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]
    assert [version.number for version in place.store.versions()["risk"]] == [1, 4]


def test_under_another_name(native: Repository, stores: Stores) -> None:
    place = stores("database")
    assert send(native, place, "risk=Credit Risk").versions == ("risk@v1", "risk@v4")
    assert [model.name for model in place.store.models()] == ["Credit Risk"]
    assert send(native, place, "risk=Credit Risk").known == 2


def test_a_name_that_mlflow_does_not_take_is_told(native: Repository, stores: Stores) -> None:
    native.git("tag", "-a", "-m", "x", "team/risk@v1", "risk@v1^{commit}")
    assert send(native, stores("database")).skipped[0] == (
        "'team/risk' is no name that a model can get: take it with --model 'team/risk=team-risk'"
    )


def test_the_command_makes_the_store(
    native: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(native.workdir)
    target = os.path.relpath(tmp_path / "runs")
    for words in ("2 versions are new there, 0 were there", "0 versions are new there, 2 were there"):
        ran = CliRunner().invoke(program, ["export", "mlflow", target], catch_exceptions=False)
        assert (ran.exit_code, ran.output.splitlines()[-1]) == (0, words)
    assert native.changed_files() == []
