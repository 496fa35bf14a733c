"""The examples train, pass or fail their gates as their words say, and are committed clean."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from gitmodel import process, resources
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.spec import ModelSpec, load_model, validate_revision
from gitmodel.training import Run, fetch_file, train
from tests.conftest import commit_all, make_repository

EXAMPLES = ("hello-world", "credit-risk", "spam-filter", "recommender")
pytestmark = pytest.mark.system


def _repository(name: str, folder: Path) -> Repository:
    made = make_repository(folder / name)
    assert made.root is not None
    shutil.copytree(resources.folder("examples") / name, made.root, dirs_exist_ok=True)
    commit_all(made, {}, f"The example {name}")
    return made


def _train(repo: Repository, name: str) -> tuple[ModelSpec, Run]:
    commit = resolve(repo, "HEAD")
    assert commit is not None
    spec = load_model(repo, commit, name)
    return spec, train(repo, spec, commit, by="ada@example.org", sink=print)


@pytest.fixture(scope="module", params=EXAMPLES)
def trained(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Repository, ModelSpec, Run]:
    """Return an example's repository after its first training."""
    repo = _repository(request.param, tmp_path_factory.mktemp("examples"))
    return repo, *_train(repo, request.param)


def test_it_trains_and_meets_its_minima(trained: tuple[Repository, ModelSpec, Run]) -> None:
    _, spec, run = trained
    assert run.trained
    minima = {gate.metric: gate.min for gate in spec.gates if gate.min is not None}
    assert minima
    assert all(run.metrics[metric] >= bound for metric, bound in minima.items())
    assert [ref.rows is not None and ref.rows > 50 for ref in run.data.values()] == [True, True]


def test_the_trained_repository_is_clean_and_valid(trained: tuple[Repository, ModelSpec, Run]) -> None:
    repo, _, run = trained
    assert repo.changed_files() == []
    assert validate_revision(repo, run.commit).problems == ()


def test_running_it_by_hand_leaves_only_what_is_to_be_committed(
    trained: tuple[Repository, ModelSpec, Run],
) -> None:
    repo, spec, run = trained
    assert repo.root is not None
    command = [sys.executable, "-m", "dvc", "repro", "-q"]
    process.run(command, cwd=repo.root / spec.folder)
    wanted = {spec.path("dvc.lock"), spec.path("metrics.json")}
    assert set(repo.changed_files()) == wanted
    written = json.loads((repo.root / spec.folder / "metrics.json").read_text())
    assert written == run.metrics
    for path in wanted:
        (repo.root / path).unlink()


@pytest.fixture(scope="module")
def loans(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return the example credit-risk."""
    return _repository("credit-risk", tmp_path_factory.mktemp("loans"))


def _values(repo: Repository, max_depth: int, min_samples_leaf: int) -> Run:
    assert repo.root is not None
    text = (repo.root / "params.yaml").read_text()
    text = re.sub(r"max_depth: \d+", f"max_depth: {max_depth}", text)
    text = re.sub(r"min_samples_leaf: \d+", f"min_samples_leaf: {min_samples_leaf}", text)
    (repo.root / "params.yaml").write_text(text)
    if repo.changed_files():
        commit_all(repo, {}, f"Depth {max_depth}")
    return _train(repo, "credit-risk")[1]


def test_the_values_of_the_readme_do_what_it_says(loans: Repository) -> None:
    assert loans.root is not None
    rows = re.findall(
        r"^\| (\d+) \| (\d+) \| ([\d.]+) \| (.*) \|$", (loans.root / "README.md").read_text(), re.MULTILINE
    )
    assert len(rows) == 4
    found = [_values(loans, int(depth), int(leaf)).metrics["roc_auc"] for depth, leaf, *_ in rows]
    assert [round(value, 3) for value in found] == [float(row[2]) for row in rows]
    spec, _ = _train(loans, "credit-risk")
    minimum = next(gate.min for gate in spec.gates if gate.min is not None)
    drop = next(gate.max_drop for gate in spec.gates if gate.max_drop is not None)
    first, better, worse, worst = found
    assert better > first > minimum > worst
    assert minimum < worse < better - drop


def test_the_notebook_tells_something(loans: Repository) -> None:
    run = _values(loans, 6, 50)
    executed = json.loads(fetch_file(loans, run.commit, "evaluate.output.ipynb").read_text())
    assert "of the bad loans" in json.dumps(executed["cells"][-1]["outputs"])


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_is_committed_clean(name: str) -> None:
    folder = resources.folder("examples") / name
    for notebook in folder.rglob("*.ipynb"):
        cells = json.loads(notebook.read_text())["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    assert "yaml-language-server: $schema=" in next(folder.rglob("model.yaml")).read_text()
    assert {path.name for path in folder.iterdir()} >= {".dvc", ".dvcignore", "README.md"}
