"""Training: what it leaves in git, and that nothing is trained twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.git.notes import read_notes
from gitmodel.git.objects import changed_paths, read_file
from gitmodel.git.refs import list_refs, read_ref
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, parse_record
from gitmodel.training import fetch_file, run_ref
from tests.conftest import clone, commit_all, make_repository
from tests.training.tiny import FILES, MODEL, PIPELINE, Trainer, commit, commit_of, dvc, in_folder, push

BOTH = PIPELINE.replace("- metrics.json: {cache: false}", "- metrics.json: {cache: true}")


def test_a_training_is_a_commit_a_ref_and_a_note(tiny: Repository, trainer: Trainer) -> None:
    before = commit_of(tiny)
    run = trainer(tiny)
    assert (run.trained, run.metrics, run.parameters) == (True, {"accuracy": 0.3}, {"depth": 3})
    assert run.is_new
    assert run.source == before
    assert changed_paths(tiny, before, run.commit) == ["dvc.lock", "metrics.json"]
    assert commit_of(tiny, f"{run.commit}^") == before
    assert read_ref(tiny, run_ref("tiny", run.digest)) == run.commit
    record = parse_record(read_notes(tiny, METRICS_REF)[run.commit][0])
    assert (record.kind, record.metrics, record.run) == ("training", {"accuracy": 0.3}, run.digest)


def test_it_knows_artifact_and_data(tiny: Repository, trainer: Trainer) -> None:
    run = trainer(tiny)
    file = fetch_file(tiny, run.commit, "model.joblib")
    assert (file.name, file.read_text()) == ("model.joblib", "a model of depth 3")
    assert (run.artifact.path, run.artifact.size) == ("model.joblib", 18)
    data = run.data["data.csv"]
    assert (data.rows, data.size) == (3, 16)


def test_it_leaves_branch_and_work_tree_alone(tiny: Repository, trainer: Trainer) -> None:
    head = commit_of(tiny)
    run = trainer(tiny)
    assert commit_of(tiny) == head != run.commit
    assert tiny.changed_files() == []
    assert not (tiny.state / "worktrees").exists() or not list((tiny.state / "worktrees").iterdir())


def test_the_same_inputs_are_trained_once(tiny: Repository, trainer: Trainer) -> None:
    first = trainer(tiny)
    again = trainer(tiny)
    assert (again.commit, again.result, again.trained) == (first.commit, first.result, False)
    assert not again.is_new
    documented = commit_all(tiny, {"README": "words\n"})
    later = trainer(tiny)
    assert (later.digest, later.trained, trainer.trainings) == (first.digest, False, 1)
    assert later.result == first.result
    assert later.source == first.source
    assert commit_of(tiny, f"{later.commit}^") == documented
    assert trainer(tiny).commit == later.commit


def test_other_parameters_are_trained(tiny: Repository, trainer: Trainer) -> None:
    first = trainer(tiny)
    commit(tiny, params="depth: 5\n")
    second = trainer(tiny)
    assert (second.trained, second.metrics, trainer.trainings) == (True, {"accuracy": 0.5}, 2)
    assert second.digest != first.digest


def test_force_trains_again(tiny: Repository, trainer: Trainer) -> None:
    first = trainer(tiny)
    forced = trainer(tiny, force=True)
    assert (forced.trained, forced.is_new, trainer.trainings) == (True, False, 2)
    assert forced.result == first.result


def test_a_committed_lock_makes_the_commit_itself_the_result(tiny: Repository, trainer: Trainer) -> None:
    dvc(tiny, "repro")
    committed = commit_all(tiny, {}, "Reproduced by hand")
    run = trainer(tiny)
    assert (run.commit, run.source, trainer.trainings) == (committed, committed, 1)


@pytest.mark.parametrize("pipeline", [PIPELINE, BOTH], ids=["uncached metrics", "cached metrics"])
def test_two_clones_train_once(bare: Repository, tmp_path: Path, trainer: Trainer, pipeline: str) -> None:
    Path(str(bare.git_dir).replace(".git", ".dvc")).mkdir()
    author = make_repository(tmp_path / "author")
    commit_all(author, FILES | {"dvc.yaml": pipeline})
    push(author, bare.git_dir)
    one, two = clone(bare, tmp_path / "one"), clone(bare, tmp_path / "two")
    first = trainer(one)
    second = trainer(two)
    assert (second.trained, second.commit, trainer.trainings) == (False, first.commit, 1)
    assert second.metrics == first.metrics
    assert fetch_file(two, second.commit, "model.joblib").read_text() == "a model of depth 3"


def test_a_bare_repository_trains_and_shares_the_data(
    tiny: Repository, bare: Repository, tmp_path: Path, trainer: Trainer
) -> None:
    push(tiny, bare.git_dir)
    run = trainer(bare, "main")
    assert list(tmp_path.glob("server.dvc/files/md5/*/*"))
    other = clone(bare, tmp_path / "other")
    subprocess.run(["git", "fetch", "-q", "origin", "refs/runs/*:refs/runs/*"], cwd=other.root, check=True)
    assert fetch_file(other, run.commit, "data.csv").read_text().startswith("x,y")
    assert trainer(other, "origin/main").trained is False


def test_two_models_in_folders(tmp_path: Path, trainer: Trainer) -> None:
    repo = make_repository(tmp_path / "repo")
    second = {
        path: text.replace("name: tiny", "name: other") for path, text in in_folder("models/other").items()
    }
    commit_all(repo, in_folder("models/tiny") | second)
    run = trainer(repo)
    assert (run.artifact.path, trainer.trainings) == ("models/tiny/model.joblib", 1)
    changed = changed_paths(repo, run.source, run.commit)
    assert changed == ["models/tiny/dvc.lock", "models/tiny/metrics.json"]
    commit_all(repo, {"models/other/params.yaml": "depth: 7\n"})
    assert trainer(repo).trained is False


def test_a_data_file_that_dvc_tracks_is_pulled_before(
    tiny: Repository, bare: Repository, tmp_path: Path, trainer: Trainer
) -> None:
    assert tiny.root is not None
    pipeline = PIPELINE[: PIPELINE.index("  data:")] + PIPELINE[PIPELINE.index("  train:") :]
    commit_all(tiny, {".gitignore": "/model.joblib\n", "dvc.yaml": pipeline})
    (tiny.root / "data.csv").write_text("x,y\n1,2\n")
    dvc(tiny, "add", "data.csv")
    dvc(tiny, "remote", "add", "-d", "store", str(tmp_path / "store"))
    dvc(tiny, "push")
    commit_all(tiny, {})
    push(tiny, bare.git_dir)
    run = trainer(bare, "main")
    assert (run.trained, run.data["data.csv"].rows) == (True, 1)


def test_the_log_comes_with_the_stages_in_order(tiny: Repository, trainer: Trainer) -> None:
    command = [sys.executable, "-m", "gitmodel", "train"]
    done = subprocess.run(command, cwd=tiny.root, capture_output=True, text=True, check=True)
    said = done.stdout
    assert (
        said.index("Running stage 'train'") < said.index("training at depth 3") < said.index("accuracy 0.3")
    )
    assert "%|" not in said + done.stderr


def test_a_stage_that_fails_is_named_with_its_command(tiny: Repository, trainer: Trainer) -> None:
    commit(tiny, train="import sys\nprint('no luck')\nsys.exit(3)\n")
    with pytest.raises(ToolFailed) as caught:
        trainer(tiny)
    told = f"{caught.value.message} {caught.value.detail}"
    assert "train" in told
    assert "python train.py" in told
    assert list_refs(tiny, "refs/runs/") == {}


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ('{"accuracy": NaN}', "accuracy is nan"),
        ('{"accuracy": Infinity}', "accuracy is inf"),
        ('{"of": {"test": "good"}}', "of.test is 'good'"),
        ('{"accuracy": true}', "accuracy is True"),
        ("[0.5]", "holds no metrics"),
        ("accuracy = 0.5", "metrics.json"),
    ],
)
def test_metrics_that_are_no_numbers(tiny: Repository, trainer: Trainer, metrics: str, words: str) -> None:
    written = f"open('metrics.json', 'w').write({metrics!r})\n"
    commit(tiny, train=f"open('model.joblib', 'w').write('m')\n{written}")
    with pytest.raises(InvalidFile, match=r"metrics\.json") as caught:
        trainer(tiny)
    assert words in caught.value.message
    assert list_refs(tiny, "refs/runs/") == {}
    assert read_notes(tiny, METRICS_REF) == {}


def test_a_metrics_file_that_no_stage_writes(tiny: Repository, trainer: Trainer) -> None:
    commit_all(tiny, {"model.yaml": MODEL.replace("metrics.json", "scores.json")})
    with pytest.raises(InvalidFile, match=r"scores\.json"):
        trainer(tiny)


def test_an_artifact_that_no_stage_writes(tiny: Repository, trainer: Trainer) -> None:
    commit_all(tiny, {"model.yaml": MODEL.replace("model.joblib", "best.joblib")})
    with pytest.raises(InvalidFile, match=r"best\.joblib"):
        trainer(tiny)


@pytest.mark.parametrize(
    ("pipeline", "words"),
    [
        ("stages: {}\n", "no stages"),
        ("stages: [\n", "dvc.yaml"),
        ("stages:\n  train:\n    comand: x\n", "dvc.yaml"),
    ],
)
def test_a_pipeline_that_is_not_valid(tiny: Repository, trainer: Trainer, pipeline: str, words: str) -> None:
    commit_all(tiny, {"dvc.yaml": pipeline})
    with pytest.raises(InvalidFile, match=words):
        trainer(tiny)


def test_a_model_without_a_pipeline(tiny: Repository, trainer: Trainer) -> None:
    tiny.git("rm", "-q", "dvc.yaml")
    commit_all(tiny, {})
    with pytest.raises(InvalidFile, match=r"there is no dvc\.yaml"):
        trainer(tiny)


def test_a_listed_notebook_that_no_stage_executes(tiny: Repository, trainer: Trainer) -> None:
    commit_all(tiny, {"model.yaml": MODEL + "notebooks: [look.ipynb]\n"})
    with pytest.raises(InvalidFile, match=r"look\.ipynb") as caught:
        trainer(tiny)
    assert "papermill look.ipynb" in caught.value.hint


def test_the_metrics_in_git_are_those_of_the_note(tiny: Repository, trainer: Trainer) -> None:
    run = trainer(tiny)
    assert json.loads(read_file(tiny, run.commit, "metrics.json") or b"") == run.metrics


def test_outputs_in_a_folder_and_a_stage_that_runs_elsewhere(tiny: Repository, trainer: Trainer) -> None:
    pipeline = """\
stages:
  data:
    cmd: mkdir -p out && cp ../make.py out/data.csv && printf 'x,y\\n1,2\\n' > ../data.csv
    wdir: work
    deps: [../make.py]
    outs: [out, ../data.csv]
  train:
    cmd: python train.py
    deps: [train.py, work/out]
    params: [depth]
    outs: [model.joblib]
    metrics:
      - metrics.json: {cache: false}
"""
    commit_all(tiny, {"dvc.yaml": pipeline, "work/.gitignore": "/out\n"})
    run = trainer(tiny)
    assert fetch_file(tiny, run.commit, "work/out/data.csv").read_text() == FILES["make.py"]
    assert run.data["data.csv"].rows == 1
