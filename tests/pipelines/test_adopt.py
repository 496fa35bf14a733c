"""Adopting DVC projects: shapes of public examples, what can be guessed, what is told instead."""

import json
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.adopt import Adoption, Proposal, adopt, explain, propose, texts, valid_name
from gitmodel.pipelines.steps import register_model, train_model
from gitmodel.spec import load_models, validate_paths
from gitmodel.spec.model import ModelSpec
from gitmodel.spec.parsing import parse_model
from tests.cli.conftest import Run, run
from tests.conftest import commit_all
from tests.pipelines.test_setup import files

__all__ = ["run"]  # a fixture

# The shape of DVC's "get started" pipeline: folders between stages, metrics at the top level, nested.
GET_STARTED = """\
stages:
  prepare:
    cmd: python src/prepare.py data/data.xml
    deps: [data/data.xml, src/prepare.py]
    params: [prepare.seed, prepare.split]
    outs: [data/prepared]
  featurize:
    cmd: python src/featurization.py data/prepared data/features
    deps: [data/prepared, src/featurization.py]
    params: [featurize.max_features]
    outs: [data/features]
  train:
    cmd: python src/train.py data/features model.pkl
    deps: [data/features, src/train.py]
    params: [train.seed, train.n_est]
    outs: [model.pkl]
  evaluate:
    cmd: python src/evaluate.py model.pkl data/features
    deps: [data/features, model.pkl, src/evaluate.py]
    outs: [eval]
metrics: [eval/metrics.json]
artifacts:
  stackoverflow-dataset: {path: data/data.xml, type: dataset}
  text-classification: {path: model.pkl, type: model, desc: Which questions are about R}
"""
PARAMS = "prepare: {seed: 7, split: 0.25}\nfeaturize: {max_features: 30}\ntrain: {seed: 7, n_est: 5}\n"
SOURCES = {
    "src/prepare.py": """\
        import json, pathlib, random, yaml
        import xml.etree.ElementTree as tree

        given = yaml.safe_load(open("params.yaml"))["prepare"]
        rows = [(item.get("text"), int(item.get("about"))) for item in tree.parse("data/data.xml").getroot()]
        random.Random(given["seed"]).shuffle(rows)
        cut = int(len(rows) * (1 - given["split"]))
        pathlib.Path("data/prepared").mkdir(parents=True)
        for name, part in (("train", rows[:cut]), ("test", rows[cut:])):
            json.dump(part, open(f"data/prepared/{name}.json", "w"))
        """,
    "src/featurization.py": """\
        import json, pathlib, pickle, yaml
        from sklearn.feature_extraction.text import CountVectorizer

        words = CountVectorizer(max_features=yaml.safe_load(open("params.yaml"))["featurize"]["max_features"])
        pathlib.Path("data/features").mkdir(parents=True)
        for name, turn in (("train", words.fit_transform), ("test", lambda texts: words.transform(texts))):
            texts, labels = zip(*json.load(open(f"data/prepared/{name}.json")))
            pickle.dump((turn(texts), labels), open(f"data/features/{name}.pkl", "wb"))
        """,
    "src/train.py": """\
        import pickle, yaml
        from sklearn.ensemble import RandomForestClassifier

        given = yaml.safe_load(open("params.yaml"))["train"]
        features, labels = pickle.load(open("data/features/train.pkl", "rb"))
        forest = RandomForestClassifier(n_estimators=given["n_est"], random_state=given["seed"])
        pickle.dump(forest.fit(features, labels), open("model.pkl", "wb"))
        """,
    "src/evaluate.py": """\
        import json, pathlib, pickle
        from sklearn.metrics import roc_auc_score

        model, scores = pickle.load(open("model.pkl", "rb")), {}
        for name in ("train", "test"):
            features, labels = pickle.load(open(f"data/features/{name}.pkl", "rb"))
            scores[name] = roc_auc_score(labels, model.predict_proba(features)[:, 1])
        pathlib.Path("eval").mkdir()
        json.dump({"roc_auc": scores}, open("eval/metrics.json", "w"))
        """,
}
_ROWS = "".join(
    f'<row text="{"array" if number % 3 else "ggplot"} w{number % 7} why" about="{int(number % 3 == 0)}"/>'
    for number in range(80)
)
QUESTIONS = f"<rows>{_ROWS}</rows>\n"
OURS = {".dvc/config": "", ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n"}


def project(repo: Repository, dvc_yaml: str, **more: str) -> Repository:
    """Commit a DVC project; names of files have ``__`` for a slash and ``_dot_`` for a dot where needed."""
    commit_all(repo, {**OURS, "dvc.yaml": dvc_yaml, **more}, "Pipeline")
    return repo


def commit(repo: Repository, given: dict[str, str]) -> Repository:
    commit_all(repo, {**OURS, **given}, "Pipeline")
    return repo


def only(adoption: Adoption) -> Proposal:
    (proposal,) = adoption.proposals
    return proposal


def spec(repo: Repository) -> ModelSpec:
    """Return what is proposed for the only pipeline, as the specification's own reader takes it."""
    proposal = only(propose(repo))
    return parse_model(proposal.text, proposal.file)


def told(adoption: Adoption) -> str:
    return "\n".join(explain(adoption))


@pytest.fixture
def get_started(repo: Repository) -> Repository:
    sources = {name: dedent(text) for name, text in SOURCES.items()}
    ignored = {".gitignore": "/eval\n/model.pkl\n/data/prepared\n/data/features\n"}
    given = {"dvc.yaml": GET_STARTED, "params.yaml": PARAMS, "data/data.xml": QUESTIONS}
    return commit(repo, {**given, **sources, **ignored})


def test_the_shape_of_get_started(get_started: Repository) -> None:
    found = spec(get_started)
    assert found.name == "text-classification"
    assert found.description == "Which questions are about R"
    assert (found.artifact.path, found.artifact.encoding) == ("model.pkl", "joblib")
    assert found.metrics == ("eval/metrics.json",)
    text = only(propose(get_started)).text
    assert "# Stages: prepare -> featurize -> train -> evaluate\n" in text
    assert "params.yaml: prepare.seed, prepare.split," in text
    assert "# data: {train: data/train.csv" in text


def test_nothing_of_the_users_is_changed(get_started: Repository) -> None:
    assert get_started.root is not None
    before = files(get_started.root)
    said: list[str] = []
    adoption = propose(get_started)
    assert files(get_started.root).keys() == before.keys(), "proposing writes nothing"
    assert adopt(get_started, adoption, said.append) == ["model.yaml"]
    after = files(get_started.root)
    assert after.keys() - before.keys() == {"model.yaml"}
    assert {name: after[name] for name in before if not name.startswith(".git/")} == {
        name: content for name, content in before.items() if not name.startswith(".git/")
    }
    assert said == ["written: model.yaml"]
    report = validate_paths(get_started.root)
    assert (report.files, report.problems) == (("model.yaml",), ())
    again = propose(get_started)
    assert (again.proposals, again.kept) == ((), ("model.yaml",))
    adopt(get_started, again, said.append)
    assert said[1:] == ["kept as it was: model.yaml"]


def test_the_shape_of_the_experiments_example(repo: Repository) -> None:
    """Results in folders that are outputs, a model in two formats, top-level parameters of another file."""
    found = commit(
        repo,
        {
            "dvc.yaml": """\
params: [results/train/params.yaml]
metrics: [results/train/metrics.json, results/evaluate/metrics.json]
artifacts:
  pool-segmentation: {path: models/model.pkl, type: model}
stages:
  data_split:
    cmd: python src/data_split.py
    deps: [src/data_split.py]
    params: [base]
    outs: [data/test_data, data/train_data]
  train:
    cmd: python src/train.py
    deps: [data/train_data]
    params: [base, train]
    outs: [models/model.pth, models/model.pkl, results/train]
  evaluate:
    cmd: python src/evaluate.py
    deps: [data/test_data, models/model.pkl]
    outs: [results/evaluate]
""",
            "params.yaml": "base: {seed: 1}\ntrain: {lr: 0.1}\n",
            "src/data_split.py": "",
            "results/evaluate/dvc.yaml": "plots: [plots.json]\n",
        },
    )
    model = spec(found)
    assert model.name == "pool-segmentation"
    assert model.artifact.path == "models/model.pkl"
    assert model.metrics == ("results/evaluate/metrics.json", "results/train/metrics.json")
    assert "# or artifact: {path: models/model.pth, encoding: pytorch}" in only(propose(found)).text


def test_the_shape_of_one_stage_with_a_network(repo: Repository) -> None:
    """No artifacts section; metrics with ``cache: false``; parameters in a file of another name."""
    commit(
        repo,
        {
            "dvc.yaml": """\
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [conf/net.toml: [model.units]]
    outs: [models/model.h5]
    metrics: [metrics.json: {cache: false}]
    plots: [logs.csv: {cache: false}]
""",
            "conf/net.toml": "[model]\nunits = 16\n",
            "train.py": "",
            "metrics.json": json.dumps({"loss": 0.3, "acc": 0.9}),
        },
    )
    adoption = propose(repo)
    model = spec(repo)
    assert model.name == "repo"
    assert (model.artifact.path, model.artifact.encoding) == ("models/model.h5", "python")
    assert model.metrics == ("metrics.json",)
    assert "this release cannot load python" in told(adoption)
    assert "conf/net.toml: model.units" in only(adoption).text
    assert "#   - {metric: acc, min: 0.9}" in only(adoption).text
    assert model.data is None, "a plot is no data"


def test_the_shape_of_the_churn_demo(repo: Repository) -> None:
    """Names from parameters, halves of the data as pickles, a stage that always runs, no metrics."""
    dvc_yaml = """\
stages:
  check_packages:
    cmd: python check.py
    always_changed: true
    outs: ["${base.packages}"]
  data_split:
    cmd: python split.py
    deps: ["${base.packages}", "${base.folder}/${base.file}"]
    outs: [data/X_train.pkl, data/X_test.pkl, data/y_train.pkl, data/y_test.pkl]
  train:
    cmd: python train.py
    deps: [data/X_train.pkl, data/y_train.pkl]
    params: [base, train]
    outs: ["${train.folder}/${train.file}"]
"""
    base = "base: {packages: pkg_list.txt, folder: data, file: churn.csv}\n"
    params = f"{base}train: {{folder: models, file: pipe.joblib}}\n"
    found = commit(repo, {"dvc.yaml": dvc_yaml, "params.yaml": params})
    assert spec(found).artifact.path == "models/pipe.joblib"
    assert "X_test" not in only(propose(found)).text
    assert "depends on data/churn.csv, which nothing tracks" in told(propose(found))


@pytest.mark.system
def test_an_adopted_project_is_trained_and_registered(get_started: Repository) -> None:
    assert get_started.root is not None
    before = {name: (get_started.root / name).read_bytes() for name in ("dvc.yaml", "params.yaml")}
    adopt(get_started, propose(get_started), lambda _line: None)
    commit_all(get_started, {}, "Adopt the pipeline")
    run = train_model(get_started, None, say=lambda _line: None)
    assert run.trained
    assert set(run.metrics) == {"roc_auc.train", "roc_auc.test"}
    registered = register_model(get_started, None, say=lambda _line: None).version
    assert registered.tag == "text-classification@v1"
    assert registered.facts.algo == "RandomForestClassifier"
    assert registered.facts.parameters["n_est"] == 5
    assert {name: (get_started.root / name).read_bytes() for name in before} == before
    assert not (get_started.root / "dvc.lock").exists(), "the lock is in the run commit"


@pytest.mark.system
def test_an_adopted_project_with_a_remote_and_a_lock(get_started: Repository, tmp_path: Path) -> None:
    """As a colleague's clone is: reproduced before, its lock committed, its data on a DVC remote."""
    from dvc.repo import Repo

    assert get_started.root is not None
    (tmp_path / "storage").mkdir()
    config = f"[core]\n    remote = shared\n['remote \"shared\"']\n    url = {tmp_path / 'storage'}\n"
    (get_started.root / ".dvc" / "config").write_text(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(get_started.root)
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        with Repo() as dvc:
            dvc.reproduce()
            dvc.push()
    commit_all(get_started, {}, "Lock")
    lock = (get_started.root / "dvc.lock").read_bytes()
    adoption = propose(get_started)
    assert adoption.remarks == ()
    assert "roc_auc.test" in only(adoption).text, "a figure of today is shown where a gate could begin"
    assert parse_model(only(adoption).text, "model.yaml").evaluate is None
    assert "roc_auc.train is a metric of a classification" in told(adoption)
    adopt(get_started, adoption, lambda _line: None)
    commit_all(get_started, {}, "Adopt the pipeline")
    registered = register_model(get_started, None, say=lambda _line: None)
    assert registered.version.commit == get_started.git("rev-parse", "HEAD"), "nothing had to be trained"
    assert (get_started.root / "dvc.lock").read_bytes() == lock


TABLES = """\
stages:
  split:
    cmd: python split.py
    deps: [data/raw.csv]
    outs: [data/train.csv, data/test.csv]
  train:
    cmd: python fit.py
    deps: [data/train.csv]
    params: [target_column]
    outs: [model.joblib, scaler.joblib]
    metrics: [scores.yaml: {cache: false}]
"""


def test_tables_show_target_and_kind(repo: Repository) -> None:
    rows = "income,age,default\n" + "".join(f"{n},{n % 50},{'yes' if n % 3 else 'no'}\n" for n in range(40))
    given = {"data/raw.csv": rows, "data/train.csv": rows, "data/test.csv": rows, "scores.yaml": "f1: 0.8\n"}
    commit(repo, {"dvc.yaml": TABLES, "params.yaml": "target_column: default\n", **given})
    model = spec(repo)
    assert model.data is not None
    assert (model.data.train, model.data.test, model.data.target) == (
        "data/train.csv",
        "data/test.csv",
        "default",
    )
    assert model.evaluate is not None
    assert model.evaluate.kind == "classification"
    assert model.artifact.path == "model.joblib", "a scaler predicts nothing"
    assert "the parameter target_column names the column default" in told(propose(repo))


def test_what_tables_do_not_show_is_asked(repo: Repository) -> None:
    rows = "income,age,default\n1,2,3\n"
    given = {"data/raw.csv": rows, "data/train.csv": rows, "data/test.csv": rows}
    commit(repo, {"dvc.yaml": TABLES, "params.yaml": "target_column: gone\n", **given})
    model = spec(repo)
    assert model.data is not None
    assert model.data.target is None
    assert model.evaluate is None
    assert "to fill in: data: target: the column to predict, one of income, age, default" in told(
        propose(repo)
    )


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["0.5", "1.25", "2.5", "3.75"] * 5, None),
        ([str(n / 7) for n in range(30)], "regression"),
        (["0", "1"], "classification"),
    ],
)
def test_kind_from_the_values_of_the_target(repo: Repository, values: list[str], kind: str | None) -> None:
    rows = "a,target\n" + "".join(f"1,{value}\n" for value in values)
    pipeline = "stages:\n  train:\n    cmd: fit\n    deps: [train.csv, test.csv]\n    outs: [m.joblib]\n"
    commit(repo, {"dvc.yaml": pipeline, "train.csv": rows, "test.csv": rows})
    model = spec(repo)
    assert (model.evaluate.kind if model.evaluate else None) == kind


def test_features_and_labels_apart_are_no_rows(repo: Repository) -> None:
    pipeline = "stages:\n  train:\n    cmd: fit\n    deps: [X_train.csv, y_train.csv]\n    outs: [m.joblib]\n"
    commit(repo, {"dvc.yaml": pipeline, "X_train.csv": "a\n1\n", "y_train.csv": "y\n1\n"})
    assert spec(repo).data is None
    assert "X_train.csv holds features or labels alone" in told(propose(repo))


def test_a_notebook_that_papermill_runs(repo: Repository) -> None:
    pipeline = """\
stages:
  run_notebook:
    cmd: papermill notebooks/classify.ipynb outputs/done.ipynb
    deps: [notebooks/classify.ipynb]
    outs: [outputs/model.pckl]
  report:
    cmd: jupyter nbconvert --execute report.ipynb
    deps: [report.ipynb]
    outs: [report.html]
"""
    commit(repo, {"dvc.yaml": pipeline, "notebooks/classify.ipynb": "{}", "report.ipynb": "{}"})
    model = spec(repo)
    assert model.notebooks == ("notebooks/classify.ipynb",)
    assert (model.artifact.path, model.artifact.encoding) == ("outputs/model.pckl", "joblib")
    assert "to fill in: notebooks: report runs report.ipynb" in told(propose(repo))


def test_templates_are_resolved_by_dvc(repo: Repository) -> None:
    pipeline = """\
vars: [conf.yaml]
stages:
  prepare:
    foreach: [en, de]
    do:
      cmd: echo ${item}
      outs: ["data/${item}.txt"]
  train:
    matrix: {kind: [tree, line]}
    cmd: python ${source} ${item.kind}
    deps: ["${source}", data/en.txt]
    outs: ["${folder}/${item.kind}.skops"]
    metrics: ["scores-${item.kind}.json"]
"""
    commit(repo, {"dvc.yaml": pipeline, "conf.yaml": "source: fit.py\nfolder: out\n", "fit.py": ""})
    model = spec(repo)
    assert model.artifact.path == "out/line.skops", "of equals, the last one"
    assert set(model.metrics) == {"scores-tree.json", "scores-line.json"}
    text = only(propose(repo)).text
    assert "# or artifact: {path: out/tree.skops, encoding: skops}" in text
    assert "train@tree" in text


SMALL = "stages:\n  train:\n    cmd: fit\n    outs: [model.joblib]\n"


def test_a_model_for_each_folder_of_a_monorepo(repo: Repository) -> None:
    given = {
        "data/dvc.yaml": "stages:\n  load:\n    cmd: load\n    outs: [rows.csv]\n",
        "ml/churn/dvc.yaml": SMALL.replace("cmd: fit", "cmd: fit\n    deps: [../../data/rows.csv]"),
        "old/churn/dvc.yaml": SMALL,
        "models/Fraud Score/dvc.yaml": SMALL,
    }
    commit(repo, given)
    assert repo.root is not None
    adoption = propose(repo)
    names = {item.file: parse_model(item.text, item.file).name for item in adoption.proposals}
    assert names == {
        "ml/churn/model.yaml": "churn",
        "models/Fraud Score/model.yaml": "fraud-score",
        "old/churn/model.yaml": "old/churn",
    }
    assert "data/dvc.yaml makes no model: it stays a pipeline" in adoption.remarks
    adopt(repo, adoption, lambda _line: None)
    commit_all(repo, {}, "Adopt")
    assert [model.name for model in load_models(repo, "HEAD")] == ["churn", "fraud-score", "old/churn"]
    assert validate_paths(repo.root).problems == ()


def test_settings_of_the_user_are_kept(repo: Repository) -> None:
    settings = "versions: semver\n"
    commit(repo, {"ml/churn/dvc.yaml": SMALL, "gitmodel.yaml": settings, "ml/other/dvc.yaml": SMALL})
    adoption = propose(repo, "ml/churn")
    assert list(texts(adoption)) == ["ml/churn/model.yaml"], "only what is below the folder"
    assert "add to `models:` in gitmodel.yaml: ml/churn/model.yaml" in adoption.remarks


def test_one_broken_pipeline_is_named_and_the_others_adopted(repo: Repository) -> None:
    commit(repo, {"a/dvc.yaml": SMALL, "b/dvc.yaml": "stages:\n  train:\n    cmmd: fit\n"})
    adoption = propose(repo)
    assert [item.file for item in adoption.proposals] == ["a/model.yaml"]
    assert any(remark.startswith("b/dvc.yaml cannot be read: ") for remark in adoption.remarks)


@pytest.mark.parametrize("text", ["stages: [", "stages:\n  train:\n    cmd: ${gone}\n", "stages: 5\n"])
def test_a_pipeline_that_is_not_valid(repo: Repository, text: str) -> None:
    project(repo, text)
    with pytest.raises(InvalidFile, match=r"dvc\.yaml cannot be read"):
        propose(repo)


def test_pipelines_that_contradict_each_other(repo: Repository) -> None:
    twice = SMALL + "  again:\n    cmd: fit\n    outs: [model.joblib]\n"
    project(repo, twice)
    with pytest.raises(InvalidFile) as error:
        propose(repo)
    assert "model.joblib" in error.value.detail


def test_without_a_pipeline(repo: Repository) -> None:
    assert repo.root is not None
    with pytest.raises(UsageError, match=r"there is no dvc\.yaml in this repository"):
        propose(repo)
    (repo.root / "dvc.yaml").write_text(SMALL)
    with pytest.raises(UsageError, match="is not committed"):
        propose(repo)
    commit(repo, {"dvc.yaml": "plots: [a.csv]\n"})
    with pytest.raises(InvalidFile, match="has stages"):
        propose(repo)


def test_a_dvc_project_of_its_own_below_the_top(repo: Repository) -> None:
    commit_all(repo, {"sub/.dvc/config": "", "sub/dvc.yaml": SMALL})
    with pytest.raises(InvalidFile, match="DVC project of its own") as error:
        propose(repo)
    assert "git mv sub/.dvc .dvc" in error.value.hint
    repo.git("mv", "sub/.dvc", ".dvc")
    commit_all(repo, {})
    assert only(propose(repo)).file == "sub/model.yaml"


def test_bare_repositories_and_empty_ones(bare: Repository, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="bare"):
        propose(bare)
    bare.git("init", "-q", str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="nothing is committed"):
        propose(Repository.open(tmp_path / "empty"))


def test_what_training_would_trip_over_is_said(repo: Repository) -> None:
    pipeline = SMALL.replace(
        "cmd: fit", "cmd: fit\n    deps: [secret.csv, fit.py]\n    metrics: [m.json, n.tsv]"
    )
    commit(repo, {"dvc.yaml": pipeline, "fit.py": "", "m.json": '{"model": "tree"}'})
    (repo.workdir / "dvc.yaml").write_text(SMALL)
    adoption = propose(repo)
    words = told(adoption)
    assert "dvc.yaml depends on secret.csv, which nothing tracks" in words
    assert "no DVC remote is configured" in words
    assert "changes not committed were not read: dvc.yaml" in words
    assert "m.json: model is 'tree', not a number" in words
    assert parse_model(only(adoption).text, "model.yaml").metrics == ()


def test_text_of_others_stays_text(repo: Repository) -> None:
    pipeline = """\
artifacts:
  "Größe: #1\\e[2J": {path: "out/mod: el #1.joblib", type: model, desc: "a\\nname: evil\\n\\e]0;x\\a # b"}
  up: {path: ../elsewhere.joblib, type: model}
stages:
  "train":
    cmd: "fit\\nname: evil"
    outs: ["out/mod: el #1.joblib", "out/ba\\\\ck.joblib"]
"""
    project(repo, pipeline)
    adoption = propose(repo)
    text = only(adoption).text
    model = parse_model(text, "model.yaml")
    assert model.name == "gr-e-1-2j"
    assert model.artifact.path == "out/mod: el #1.joblib"
    assert "\x1b" not in text + told(adoption)
    assert model.description.startswith("a name: evil")


def test_an_artifact_that_a_model_file_cannot_name(repo: Repository) -> None:
    commit(
        repo,
        {
            "sub/dvc.yaml": "artifacts:\n  m: {path: ../model.pkl, type: model}\n"
            + SMALL.replace("model.joblib", "../model.pkl")
        },
    )
    adoption = propose(repo)
    assert "# artifact: {path: model.joblib, encoding: joblib}" in only(adoption).text
    assert "../model.pkl" not in texts(adoption)["sub/model.yaml"].replace("#", "")
    assert "lies outside of the folder of dvc.yaml" in told(adoption)


@pytest.mark.parametrize(
    ("text", "name"),
    [("Iris Model", "iris-model"), ("a//b/", "a/b"), ("__x__", "x"), ("模型", ""), ("x" * 200, "x" * 100)],
)
def test_names_are_made_valid(text: str, name: str) -> None:
    assert valid_name(text) == name


def test_the_command(get_started: Repository, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_started.root is not None
    monkeypatch.chdir(get_started.root)
    dry = run("init", "--adopt", "--dry-run")
    assert (dry.code, (get_started.root / "model.yaml").exists()) == (0, False)
    assert parse_model(dry.out, "model.yaml").name == "text-classification", "what is printed is the file"
    assert "to fill in: gates" in dry.err
    done = run("init", "--adopt")
    assert "written: model.yaml" in done.out
    assert (get_started.root / "model.yaml").read_text() == dry.out.partition("\n")[2].rstrip("\n") + "\n"
    assert run("init", "--adopt", "src").code == 2
    assert run("init", "--adopt", "--server", "x").code == 2
    assert run("init", "--dry-run").code == 2
