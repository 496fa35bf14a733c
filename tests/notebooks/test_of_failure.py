"""Trainings that are broken on purpose, through the real pipeline; their notebooks run to the end."""

import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import gitmodel
from gitmodel import process, resources
from gitmodel.api.failure import Failure as FailureHere
from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.notebooks.cells import code, notebook, parameters
from gitmodel.notebooks.failures import Failure, Failures, format_failure, parse_failure
from gitmodel.notebooks.of_failure import failure_notebook, traceback_of
from gitmodel.pipelines.pushed import Pushed
from gitmodel.pipelines.runs import FAILED, Run, Runs
from gitmodel.pipelines.steps import train_model
from gitmodel.pipelines.worker import work
from tests.conftest import commit_all, make_repository
from tests.notebooks.conftest import outputs, sources
from tests.training import tiny as files_of_tiny
from tests.training.tiny import Trainer

NOTEBOOK_STAGE = """\
  look:
    cmd: papermill look.ipynb look.output.ipynb -f params.yaml --no-progress-bar
    deps: [look.ipynb, data.csv]
    outs: [look.output.ipynb]
"""


def pushed(repo: Repository, branch: str, old: str | None, new: str) -> Run:
    """Let the worker carry out what follows from a push, and return the run."""
    runs = Runs(repo)
    run = runs.create([Pushed(f"refs/heads/{branch}", Oid(old) if old else None, Oid(new))], "ada")
    work(repo)
    return runs.load(run.id)


def command(repo: Repository, *args: str) -> process.Completed:
    return process.run([sys.executable, "-m", "gitmodel", *args], cwd=repo.root, check=False)


@pytest.mark.system
def test_a_broken_example_leaves_a_notebook_that_runs_to_its_end(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "mails")
    assert repo.root is not None
    repo.git("checkout", "-q", "-b", "topic")  # whose models are trained, and released by nobody
    shutil.copytree(resources.folder("examples") / "spam-filter", repo.root, dirs_exist_ok=True)
    base = commit_all(repo, {}, "The example")
    assert pushed(repo, "topic", None, base).state == "done"
    script = repo.root / "models/spam-filter/train.py"
    broken = script.read_text().replace("train[TARGET])", 'train["ham"])')
    params = (repo.root / "models/spam-filter/params.yaml").read_text()
    changed = re.sub(r"n_estimators: \d+", "n_estimators: 7", params)
    assert changed != params
    files = {"models/spam-filter/train.py": broken, "models/spam-filter/params.yaml": changed}
    tip = commit_all(repo, files, "Learn ham")
    run = pushed(repo, "topic", base, tip)
    assert run.state == FAILED
    log = Runs(repo).log(run.id).read_text()
    assert f"`gitmodel notebook spam-filter-{run.id}` looks into the failure" in log
    assert "KeyError: 'ham'" in log

    done = command(repo, "notebook", run.id, "--execute")
    assert done.code == 0, done.stdout + done.stderr
    file = repo.root / "gitmodel-runs" / f"failure-spam-filter-{run.id}.ipynb"
    told = sources(file)
    for part in ("python train.py", "KeyError: 'ham'", "The end of the log", "in the stage `train`"):
        assert part in told, part
    shown = outputs(file)
    for part in (
        "models/spam-filter/data/train.parquet",
        "line_breaks",
        "n_estimators",
        '+).fit(features, train["ham"])',
    ):
        assert part in shown, part
    folder = repo.root / "gitmodel-runs" / f"spam-filter-failed-{tip[:10]}"
    assert (folder / "models/spam-filter/data/train.parquet").is_file()
    failure = Failures(repo).called(run.id)[0]
    assert failure.stage == "train"
    assert failure.commit == tip
    assert repo.changed_files() == []


@pytest.fixture
def broken(tiny: Repository, trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return the tiny repository after a good training and a failed one."""
    monkeypatch.chdir(tiny.workdir)
    trainer(tiny)
    commit_all(tiny, {"params.yaml": "depth: 4\n", "train.py": TRAIN_BROKEN}, "Break it")
    with pytest.raises(GitmodelError):
        train_model(tiny, None, say=trainer.said.append)
    return tiny


TRAIN_BROKEN = files_of_tiny.TRAIN.replace(
    'print("training', 'raise ValueError("no `depth`")\nprint("training'
)


def api_failure(repo: Repository, failure: Failure) -> FailureHere:
    stage: dict[str, Any] = {"name": failure.stage, "command": failure.command, "inputs": failure.inputs}
    stage |= {"folder": failure.folder, "parameters": failure.parameters}
    return gitmodel.open(repo.workdir).failure(failure.model, failure.commit, stage)


def test_inputs_and_changes_are_at_hand(broken: Repository, trainer: Trainer) -> None:
    (failure,) = Failures(broken).all()
    assert trainer.said[-1] == f"[train] tiny: `gitmodel notebook {failure.id}` looks into the failure"
    assert failure.stage == "train"
    assert failure.command == "python train.py"
    assert failure.parameters == {"params.yaml": {"depth": 4}}
    assert traceback_of(failure.log).endswith("ValueError: no `depth`")
    found = api_failure(broken, failure)
    inputs = found.inputs()
    assert inputs["data.csv"].to_dict("list") == {"x": [1, 3, 5], "y": [2, 4, 6]}
    assert inputs["train.py"].read_text() == TRAIN_BROKEN
    before = found.before
    assert before is not None
    changes = found.changes()
    assert changes.to_numpy().tolist()[0] == ["parameter", "depth", "3", "4"]
    assert set(changes["name"]) == {"depth", "params.yaml", "train.py"}
    assert "+raise ValueError" in found.difference()
    assert found.run() == 1


def test_inputs_that_are_lost_are_made_again(broken: Repository) -> None:
    shutil.rmtree(broken.workdir / ".dvc" / "cache")
    (failure,) = Failures(broken).all()
    shutil.rmtree(Failures(broken).folder)
    inputs = api_failure(broken, failure).inputs()
    assert list(inputs["data.csv"]["x"]) == [1, 3, 5]


def test_data_that_differ_are_told(broken: Repository, trainer: Trainer) -> None:
    commit_all(broken, {"make.py": files_of_tiny.MAKE.replace("5,6", "5,7")}, "Other data")
    with pytest.raises(GitmodelError):
        train_model(broken, None, say=trainer.said.append)
    changes = api_failure(broken, Failures(broken).all()[-1]).changes()
    data = changes[changes["what"] == "data"]
    assert list(data["name"]) == ["data.csv"]


def test_a_result_that_is_wrong_is_a_failure_without_a_stage(broken: Repository, trainer: Trainer) -> None:
    commit_all(broken, {"train.py": files_of_tiny.TRAIN.replace("depth / 10", '"high"')}, "Words")
    with pytest.raises(InvalidFile):
        train_model(broken, None, say=trainer.said.append)
    failure = Failures(broken).all()[-1]
    assert failure.stage == ""
    written = failure_notebook(failure, repository=".").decode()
    assert "metrics.json" in written
    assert "inputs = " not in written


def test_that_no_notebook_can_be_written_hides_nothing(
    tiny: Repository, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_all(tiny, {"train.py": TRAIN_BROKEN}, "Break it")
    tiny.state.mkdir(parents=True, exist_ok=True)
    (tiny.state / "failures").write_text("in the way")
    monkeypatch.chdir(tiny.workdir)
    with pytest.raises(GitmodelError, match="the pipeline failed"):
        train_model(tiny, None, say=trainer.said.append)
    assert "no notebook of the failure could be written" in trainer.said[-1]


def test_values_of_secret_variables_are_hidden(
    tiny: Repository, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_PASSWORD", "correct horse")
    leaking = 'import os\nraise ValueError(os.environ["STORE_PASSWORD"])\n'
    commit_all(tiny, {"train.py": leaking}, "Leak")
    monkeypatch.chdir(tiny.workdir)
    with pytest.raises(GitmodelError):
        train_model(tiny, None, say=trainer.said.append)
    kept = [file.read_text() for file in Failures(tiny).folder.rglob("*") if file.is_file()]
    assert len(kept) == 2
    assert not any("correct horse" in text for text in kept)
    assert any("ValueError: ***" in text for text in kept)


@pytest.mark.system
def test_a_notebook_that_fails_in_the_pipeline_is_kept_as_far_as_it_came(
    tiny: Repository, trainer: Trainer
) -> None:
    assert tiny.root is not None
    cells = [
        parameters({"depth": 0}),
        code("print(f'depth {depth}')"),
        code("rows = {}\nrows['absent']"),
        code("1"),
    ]
    look = notebook(cells)
    model = files_of_tiny.FILES["model.yaml"] + "notebooks: [look.ipynb]\n"
    files = {
        "look.ipynb": look.decode(),
        "dvc.yaml": files_of_tiny.FILES["dvc.yaml"] + NOTEBOOK_STAGE,
        "model.yaml": model,
    }
    files[".gitignore"] = files_of_tiny.FILES[".gitignore"] + "/look.output.ipynb\n"
    commit_all(tiny, files, "Look")
    done = command(tiny, "train")
    assert done.code == 3
    (failure,) = Failures(tiny).all()
    assert failure.stage == "look"
    assert command(tiny, "notebook", failure.id).code == 0
    folder = tiny.root / "gitmodel-runs"
    executed = folder / f"executed-{failure.id}.ipynb"
    assert "depth 3" in outputs(executed)  # as params.yaml has it
    assert "KeyError" in outputs(executed)
    told = sources(folder / failure.name)
    assert "KeyError: 'absent'" in told
    assert "\x1b" not in told
    assert executed.name in told


FAILURE = Failure(
    "tiny-1", "tiny", "a" * 40, "2026-12-01T10:00:00.000Z", "the pipeline failed", stage="train"
)


def test_the_record_survives_a_round_trip() -> None:
    full = replace(FAILURE, log=("a", "b\x1b[1m"), inputs=("data.csv",), locks={"dvc.lock": "x"}, folder="m")
    assert parse_failure(format_failure(full)) == full
    with pytest.raises(InvalidFile):
        parse_failure("[]")
    with pytest.raises(InvalidFile):
        parse_failure('{"id": 1, "else": 2}')


def test_logs_and_commands_of_others_are_no_code() -> None:
    hostile = ("```", "<script>alert(1)</script>", "%%bash", "# title")
    failure = replace(
        FAILURE, log=hostile, command='echo \'"""\'\n```', inputs=("a'b\".csv",), message="*`x`*"
    )
    text = failure_notebook(failure, repository=".").decode()
    assert text.count("alert(1)") == 1
    assert "````text" in text
    assert """inputs['a\\\\'b\\".csv'].head()""" in text


CHAINED = (
    "Traceback (most recent call last):",
    "  first",
    "KeyError: 1",
    "",
    "During handling of the above exception, another exception occurred:",
    "",
    "Traceback (most recent call last):",
    "  second",
    "ValueError: 2",
)


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ((), ""),
        (("all is well",), ""),
        (
            (
                "x",
                "Traceback (most recent call last):",
                '  File "a"',
                "KeyError: 1",
                "",
                "After the above",
                "more",
            ),
            'Traceback (most recent call last):\n  File "a"\nKeyError: 1',
        ),
        (
            ("x", *CHAINED, "make: failed"),
            "\n".join(CHAINED),
        ),
    ],
)
def test_the_traceback_is_found_in_a_log(log: tuple[str, ...], found: str) -> None:
    assert traceback_of(log) == found


def test_the_newest_are_kept(tmp_path: Path) -> None:
    repo = make_repository(tmp_path / "many")
    kept = Failures(repo)
    for number in range(53):
        kept.keep(replace(FAILURE, id=f"tiny-{number:03}", at=f"2026-12-01T10:00:{number:02}Z"), b"{}", None)
    assert [failure.id for failure in kept.all()] == [f"tiny-{number:03}" for number in range(3, 53)]
