"""Models of MLflow come in, and go back, through real stores of files and databases."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from gitmodel.cli.main import program
from gitmodel.delivery.materials import predictor
from gitmodel.delivery.promotion import promote
from gitmodel.errors import GitmodelError, InvalidFile, ToolFailed, UsageError
from gitmodel.exchange import mlflow_import
from gitmodel.exchange.document import make_document
from gitmodel.exchange.mlflow_aliases import import_aliases
from gitmodel.exchange.mlflow_export import export_mlflow
from gitmodel.exchange.mlflow_import import Imported, import_mlflow
from gitmodel.exchange.mlflow_opening import open_store
from gitmodel.git.notes import read_notes
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, parse_record
from gitmodel.registry.desired import read_desired
from gitmodel.registry.registry import Registry
from gitmodel.spec import load_model
from gitmodel.training import fetch_file
from tests.conftest import clone, commit_all
from tests.exchange.conftest import refs
from tests.exchange.elsewhere import SKOPS, Elsewhere, Stores, content, fill

pytestmark = pytest.mark.system
KINDS = ("files", "database")


@pytest.fixture(params=KINDS)
def there(request: pytest.FixtureRequest, stores: Stores) -> Elsewhere:
    """Return a store of each kind, with three versions of a model."""
    return fill(stores(request.param))


@pytest.fixture
def database(stores: Stores) -> Elsewhere:
    """Return a database with three versions of a model."""
    return fill(stores("database"))


def bring(repo: Repository, place: Elsewhere, *wanted: str, incomplete: bool = False) -> Imported:
    lines: list[str] = []
    done = import_mlflow(repo, place.store, wanted, incomplete=incomplete, say=lines.append)
    told[:] = lines
    return done


told: list[str] = []


def test_models_come_in_with_all_that_is_known(repo: Repository, there: Elsewhere) -> None:
    done = bring(repo, there)
    assert done == Imported(("risk@v1", "risk@v2", "risk@v3"), 0, (), ())
    first = Registry(repo).version("risk:1")
    assert (first.facts.subject, first.facts.body) == ("First try", "With all loans.")
    assert first.facts.metrics == {"auc": 0.7}
    assert first.facts.parameters == {"depth": 4, "rate": "1e-3", "kind": "tree"}
    assert "[import] risk version 1: metrics that are no finite numbers are left out: loss" in told
    notes = [parse_record(line) for line in read_notes(repo, METRICS_REF)[first.commit]]
    assert [(note.kind, note.version, note.metrics, note.at) for note in notes] == [
        ("training", "1", {"auc": 0.7}, "2023-11-14T22:15:00Z")
    ]
    assert not repo.git("branch", "--contains", first.commit)
    stored = there.store.versions()["risk"][0]
    assert repo.git("for-each-ref", "--format=%(taggerdate:unix)", "refs/tags/risk@v1") == str(
        stored.created // 1000
    )


def test_files_are_the_same_and_can_be_loaded(repo: Repository, there: Elsewhere) -> None:
    bring(repo, there)
    for version, encoding, answer in zip(
        reversed(Registry(repo).versions("risk")), ("joblib", "joblib", "skops"), (1, 2, 3), strict=True
    ):
        assert version.facts.encoding == encoding
        artifact = version.facts.artifact
        assert artifact is not None
        file = fetch_file(repo, version.commit, artifact.path)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == artifact.sha256
        loaded = predictor(repo, load_model(repo, version.commit, "risk"), version)
        assert loaded.predict(pd.DataFrame({"income": [1.0]})).tolist() == [answer]


def test_a_second_run_does_nothing(repo: Repository, there: Elsewhere) -> None:
    bring(repo, there)
    before = refs(repo)
    assert bring(repo, there) == Imported((), 3, (), ())
    assert refs(repo) == before
    there.version("risk", there.run({"auc": 0.95}))
    assert bring(repo, there).tags == ("risk@v4",)
    after = refs(repo)
    assert all(after[ref] == oid for ref, oid in before.items() if ref.startswith("refs/tags/"))


def test_a_type_that_only_the_artifact_trusts_is_refused(repo: Repository, database: Elsewhere) -> None:
    import skops.io
    from sklearn.dummy import DummyClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    run = database.run(saved=None)
    folder = database.save(SKOPS.replace("builtins.exec", "shutil.rmtree"), 1)
    model = make_pipeline(FunctionTransformer(shutil.rmtree), DummyClassifier())
    skops.io.dump(model, folder / "model.skops")
    database.client.log_artifacts(run, str(folder), "model")
    database.version("evil", run)
    bring(repo, database, "evil")
    version = Registry(repo).version("evil:1")
    with pytest.raises(InvalidFile, match=r"types that are not trusted: shutil\.rmtree"):
        predictor(repo, load_model(repo, version.commit, "evil"), version)


def test_a_flavor_that_cannot_be_served_is_kept_whole(
    repo: Repository, database: Elsewhere, stores: Stores
) -> None:
    folder = database.save(SKOPS, 1)
    (folder / "data").mkdir()
    (folder / "MLmodel").write_text("flavors:\n  pytorch: {model_data: data}\n  python_function: {}\n")
    (folder / "data" / "model.pth").write_bytes(b"weights")
    run = database.run(saved=None)
    database.client.log_artifacts(run, str(folder), "model")
    database.version("net", run)
    assert bring(repo, database, "net").tags == ("net@v1",)
    assert "[import] net version 1: its flavor pytorch is kept, but cannot be served here" in told
    version = Registry(repo).version("net:1")
    assert version.facts.encoding is None
    with pytest.raises(GitmodelError):
        predictor(repo, load_model(repo, version.commit, "net"), version)
    back = stores("database", "back")
    export_mlflow(repo, back.store, ("net",), say=told.append)
    assert content(back)["net"] == content(database)["net"]


def test_a_deleted_version_leaves_its_gap_and_a_taken_number_is_passed_over(
    repo: Repository, database: Elsewhere
) -> None:
    database.client.delete_model_version("risk", "2")
    repo.git("tag", "-a", "-m", "ours", "risk@v3")
    assert bring(repo, database).tags == ("risk@v1", "risk@v4")
    assert any("the number 3 is taken by another version, so it becomes 4" in line for line in told)
    assert bring(repo, database) == Imported((), 2, (), ())


def test_a_version_deleted_later_stays_here(repo: Repository, database: Elsewhere) -> None:
    bring(repo, database)
    database.client.delete_model_version("risk", "2")
    assert bring(repo, database) == Imported((), 2, (), ())
    assert [version.version for version in Registry(repo).versions()] == ["3", "2", "1"]


def test_semantic_versions_get_major_numbers(repo: Repository, database: Elsewhere) -> None:
    commit_all(repo, {"gitmodel.yaml": "versions: semver\n"})
    assert bring(repo, database).tags == ("risk@v1.0.0", "risk@v2.0.0", "risk@v3.0.0")


def test_missing_files_keep_a_version_out_until_they_are_back(
    repo: Repository, database: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = database.store.versions()["risk"][1].run_id
    assert run is not None
    place = database.files(run).resolve()
    place.rename(tmp_path / "aside")
    monkeypatch.chdir(repo.workdir)
    ran = CliRunner().invoke(program, ["import", "mlflow", database.uri])
    assert ran.exit_code == 1
    assert "risk version 2 stays out: its files are gone" in ran.output
    assert [version.version for version in Registry(repo).versions()] == ["3", "1"]
    (tmp_path / "aside").rename(place)
    ran = CliRunner().invoke(program, ["import", "mlflow", database.uri])
    assert (ran.exit_code, ran.output.splitlines()[-1]) == (0, "1 versions are new, 2 were here")
    assert [version.version for version in Registry(repo).versions()] == ["3", "2", "1"]


def test_a_version_can_come_in_without_its_files(repo: Repository, database: Elsewhere) -> None:
    database.version("risk", None)
    done = bring(repo, database, incomplete=True)
    assert done.failed == ()
    version = Registry(repo).version("risk:4")
    assert version.facts.artifact is None
    assert bring(repo, database) == Imported((), 4, (), ())


def test_a_run_that_is_gone_takes_only_its_metrics_with_it(repo: Repository, stores: Stores) -> None:
    there = fill(stores("files"))
    run = there.store.versions()["risk"][0].run_id
    assert run is not None
    shutil.rmtree(next((there.folder / "mlruns").glob(f"*/{run}")))
    done = bring(repo, there)
    assert "risk version 1 stays out" in done.failed[0]
    bring(repo, there, incomplete=True)
    assert Registry(repo).version("risk:1").facts.metrics == {}
    assert any("its run is gone" in line for line in told)


def test_files_that_lie_elsewhere_stay_there(repo: Repository, database: Elsewhere) -> None:
    run = database.run()
    (database.files(run).resolve() / "extra").symlink_to("/etc/passwd")
    database.version("risk", run)
    climbing = database.run()
    database.client.create_model_version("risk", f"runs:/{climbing}/model/../../../../saved", climbing)
    database.client.create_model_version("risk", str(Path("/etc")), None)
    failed = bring(repo, database).failed
    assert len(failed) == 3
    assert "extra is a link" in failed[0]
    assert "leads out of the files of its run" in failed[1]
    assert "it is no model of MLflow" in failed[2]


NAME = "../../Ev il\x1b[2J\nname'\"; rm -rf $(x)"
HOSTILE = "fine\x1b[2J\n\n-----BEGIN PGP SIGNATURE-----\nModel-Name: other"


def test_hostile_texts_come_in_as_texts(repo: Repository, database: Elsewhere) -> None:
    run = database.run(
        {"a/b c": 1e308, "tiny": 5e-324},
        {"x": "y" * 6000, "big": "9" * 5000, "nan": "NaN", "line": "a\nb\x00c"},
        {"key": HOSTILE},
    )
    database.version("plain", run, HOSTILE, note=HOSTILE)
    database.rename("plain", NAME)
    assert bring(repo, database).skipped[0].startswith(f"{NAME!r} is no name that a model can get")
    assert bring(repo, database, f"{NAME}=evil").tags == ("evil@v1",)
    version = Registry(repo).version("evil:1")
    assert version.facts.metrics == {"a/b c": 1e308, "tiny": 5e-324}
    assert version.facts.parameters == {
        "x": "y" * 6000,
        "big": "9" * 5000,
        "nan": "NaN",
        "line": "a\nb\N{REPLACEMENT CHARACTER}c",
    }
    assert "\x1b" not in repo.git("cat-file", "tag", "evil@v1")
    assert bring(repo, database, f"{NAME}=evil") == Imported((), 1, (), ())
    assert load_model(repo, version.commit, "evil").description == "Who pays back"
    assert make_document(repo)["models"][0]["versions"][0]["trailers"]["Imported-From"]["model"] == NAME


@pytest.mark.parametrize(
    ("date", "year"), [(2**62, "9999"), (-5, "1970"), (0, "1970")], ids=["late", "early", "none"]
)
def test_a_date_that_there_is_not_is_one_that_there_is(
    repo: Repository, database: Elsewhere, date: int, year: str
) -> None:
    database.date("risk", date)
    assert bring(repo, database).tags == ("risk@v1", "risk@v2", "risk@v3")
    assert Registry(repo).version("risk:1").date.startswith(year)
    assert bring(repo, database).known == 3


def test_aliases_become_environments_only_when_asked_and_move(repo: Repository, database: Elsewhere) -> None:
    bring(repo, database)
    assert not [ref for ref in refs(repo) if "env/" in ref]
    assert import_aliases(repo, database.store, (), say=told.append) == []
    assert told[-1] == "[import] champion: Promote risk v2"
    before = refs(repo)
    assert import_aliases(repo, database.store, (), say=told.append) == []
    assert refs(repo) == before
    for number in ("3", "2", "3"):
        database.client.set_registered_model_alias("risk", "champion", number)
        import_aliases(repo, database.store, (), say=told.append)
        assert read_desired(repo, "champion")["risk"].version == number
    promote(repo, Registry(repo).version("risk:1"), "champion", by="ada@example.org")
    assert import_aliases(repo, database.store, (), say=told.append) == [
        "risk in champion is left alone: its history goes on here"
    ]
    assert read_desired(repo, "champion")["risk"].version == "1"


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_stages_of_old_are_read_as_aliases(repo: Repository, database: Elsewhere) -> None:
    for number, stage in (("1", "Production"), ("2", "Archived"), ("3", "Staging")):
        database.client.transition_model_version_stage("risk", number, stage)
    database.client.set_registered_model_alias("risk", "No_Dots", "1")
    database.client.set_registered_model_alias("risk", "ümlaut", "1")
    bring(repo, database)
    (skipped,) = import_aliases(repo, database.store, (), say=told.append)
    assert "the alias 'ümlaut' of 'risk'" in skipped
    desired = {env: read_desired(repo, env)["risk"].version for env in ("production", "staging", "no-dots")}
    assert desired == {"production": "1", "staging": "3", "no-dots": "1"}
    assert "refs/heads/env/archived" not in refs(repo)


def test_an_import_that_was_killed_is_finished_by_the_next(
    repo: Repository, database: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_arguments: object) -> Iterator[None]:
        raise KeyboardInterrupt

    assert bring(repo, database, "risk").tags
    whole = {version.tag: version.facts for version in Registry(repo).versions()}
    for tag in whole:
        repo.git("tag", "-d", tag)
    repo.git("update-ref", "-d", METRICS_REF)
    with monkeypatch.context() as patch:
        patch.setattr(mlflow_import, "share_file", killed)
        with pytest.raises(KeyboardInterrupt):
            bring(repo, database)
    assert not [ref for ref in refs(repo) if ref.startswith("refs/tags/")]
    bring(repo, database)
    assert {version.tag: version.facts for version in Registry(repo).versions()} == whole
    assert len(read_notes(repo, METRICS_REF)) == 3


def test_files_reach_the_dvc_remote_before_the_tag(
    bare: Repository, database: Elsewhere, tmp_path: Path
) -> None:
    (tmp_path / "server.dvc").mkdir()
    here = clone(bare, tmp_path / "here")
    commit_all(here, {".dvc/config": "", ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n"})
    here.git("push", "-q", "origin", "HEAD:main")
    bring(here, database)
    assert {"refs/tags/risk@v1", "refs/tags/risk@v3", METRICS_REF} <= refs(bare).keys()
    other = clone(bare, tmp_path / "other")
    other.git("checkout", "-q", "main")
    version = Registry(other).version("risk:2")
    assert version.facts.artifact is not None
    file = fetch_file(other, version.commit, version.facts.artifact.path)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == version.facts.artifact.sha256


def test_another_import_of_the_same_at_the_same_time_adds_nothing(
    bare: Repository, database: Elsewhere, tmp_path: Path
) -> None:
    here = clone(bare, tmp_path / "here")
    commit_all(here, {"README": "x"})
    here.git("push", "-q", "origin", "HEAD:main")
    other = clone(bare, tmp_path / "other")
    bring(here, database)
    before = refs(bare)
    assert bring(other, database) == Imported((), 3, (), ())
    assert refs(bare) == before


def test_names_that_are_none_here_are_told(repo: Repository, database: Elsewhere) -> None:
    database.version("Credit Risk", database.run())
    done = bring(repo, database)
    assert done.skipped == (
        "'Credit Risk' is no name that a model can get: take it with --model 'Credit Risk=credit-risk'",
    )
    assert bring(repo, database, "Credit Risk=credit-risk").tags == ("credit-risk@v1",)


@pytest.mark.parametrize("uri", ["sqlite:///nowhere.db", "nowhere", "file:///nowhere"])
def test_a_missing_store_is_not_made(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"there is no database|is no store of MLflow"):
        open_store(uri)
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ToolFailed) as caught:
        open_store("nonsense+nothing://ada:s3cr3t@127.0.0.1/models")
    assert "s3cr3t" not in f"{caught.value} {caught.value.detail} {capfd.readouterr()}"
