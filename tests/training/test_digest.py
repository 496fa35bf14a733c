"""The digest of inputs changes with each kind of input, and with nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gitmodel.git.objects import list_files
from gitmodel.git.repository import Repository
from gitmodel.training.adding import add_files
from tests.conftest import commit_all
from tests.training.tiny import MODEL, PIPELINE, TRAIN, Trainer, commit_of

Change = dict[str, str]


@pytest.fixture
def digest(tiny: Repository, trainer: Trainer) -> Callable[[Change], str]:
    """Return what commits a change and gives the digest of the model then."""

    def of(change: Change) -> str:
        if change:
            commit_all(tiny, change)
        return trainer(tiny).digest

    return of


@pytest.mark.parametrize(
    "change",
    [
        {"params.yaml": "depth: 4\n"},
        {"train.py": TRAIN + "# other\n"},
        {"make.py": 'open("data.csv", "w").write("x,y\\n1,2\\n")\n'},
        {"dvc.yaml": PIPELINE.replace("cmd: python train.py", "cmd: python -B train.py")},
        {"dvc.yaml": PIPELINE.replace("deps: [train.py, data.csv]", "deps: [train.py, data.csv, README]")},
        {"requirements.txt": "scikit-learn==1.9\n"},
        {"uv.lock": "version = 1\n"},
    ],
    ids=["parameter", "code", "code of a stage before", "command", "dependency", "requirements", "lock"],
)
def test_it_changes_with(change: Change, digest: Callable[[Change], str]) -> None:
    assert digest({}) != digest(change)


def test_it_does_not_change_with_what_is_no_input(
    tiny: Repository, digest: Callable[[Change], str], trainer: Trainer
) -> None:
    first = digest({})
    run = trainer(tiny)
    tiny.git("merge", "-q", "--ff-only", run.commit)
    assert "dvc.lock" in list_files(tiny, "HEAD")
    harmless = {
        "README": "other words\n",
        "params.yaml": "depth: 3\nnot_used: 1\n",
        "model.yaml": "# a remark\n" + (tiny.root / "model.yaml").read_text(),  # type: ignore[operator]
        "models/other/model.yaml": "name: other\n",
        "models/other/requirements.txt": "numpy\n",
    }
    assert digest(harmless) == first
    assert trainer.trainings == 1


def test_resolved_values_count_not_how_they_are_written(digest: Callable[[Change], str]) -> None:
    plain = PIPELINE.replace("python train.py", "python train.py 3")
    templated = PIPELINE.replace("python train.py", "python train.py ${depth}")
    assert digest({"dvc.yaml": plain}) == digest({"dvc.yaml": templated})


def test_feedback_is_an_input_from_before_there_is_any(
    tiny: Repository, digest: Callable[[Change], str], trainer: Trainer, tmp_path: Path
) -> None:
    reads = {
        "model.yaml": MODEL + "feedback: {append_to: feedback}\n",
        "dvc.yaml": PIPELINE.replace("deps: [train.py, data.csv]", "deps: [train.py, data.csv, feedback]"),
    }
    none = digest(reads)
    assert trainer.trainings == 1
    rows = tmp_path / "1.csv"
    rows.write_text("7,8\n")
    _, added = add_files(tiny, commit_of(tiny), "feedback", {"1.csv": rows})
    some = digest({path: content.decode() for path, content in added.items()})
    assert trainer.trainings == 2
    assert some != none
    assert digest({"README": "the same"}) == some
