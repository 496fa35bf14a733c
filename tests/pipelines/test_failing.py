"""Notebooks among the files of a forge's jobs: those that look into failures, and pages of executed ones."""

from html import unescape
from pathlib import Path

import pytest

from gitmodel.notebooks.cells import code, notebook, parameters
from gitmodel.notebooks.failures import Failures
from gitmodel.pipelines import jobs
from gitmodel.pipelines.reporting import report
from gitmodel.pipelines.results import read_results
from gitmodel.pipelines.runs import FAILED, Runs
from gitmodel.pipelines.worker import work
from gitmodel.reports.review.document import parse_review
from gitmodel.reports.review.writing import markdown
from tests.notebooks.conftest import outputs, sources
from tests.pipelines.forge_jobs import PIPELINE, Played, model_files, played

RESULTS, REPORT = Path("gitmodel-results"), Path("gitmodel-report")
LOOK = """\
  look:
    cmd: papermill look.ipynb look.output.ipynb -f params.yaml --no-progress-bar
    deps: [look.ipynb, data.csv]
    params: [depth]
    outs: [look.output.ipynb]
"""


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return played(tmp_path, monkeypatch, model_files("alpha"))


def test_a_failure_leaves_its_notebook_among_the_files(forge: Played) -> None:
    base = forge.head()
    head = forge.commit({"models/alpha/params.yaml": "depth: 99\n"}, branch="topic")
    job = forge.pull_request(7, head, base)
    assert jobs.train(job, "alpha", head, RESULTS, forge.said.append) == 3
    result = read_results(RESULTS)["alpha"]
    assert result.notebook.startswith("failure-alpha-")
    told = sources(RESULTS / "notebooks" / result.notebook)
    assert "AssertionError: depth 99 is too deep" in told
    assert "repository = '.'" in told

    assert report(job, RESULTS, REPORT, forge.said.append) == 1
    assert (REPORT / "notebooks" / result.notebook).read_text() == (
        RESULTS / "notebooks" / result.notebook
    ).read_text()
    found = parse_review((REPORT / "report.json").read_bytes())
    text = markdown(found, whole="https://forge.example/run/1")
    assert "Notebook of the failure" in text
    assert result.notebook in unescape(text)
    assert "The notebook of the failure is among the files of [the run](https://forge.example/run/1)" in text
    assert result.notebook in (REPORT / "report.html").read_text()


def test_a_failure_of_before_is_not_taken_for_this_one(forge: Played) -> None:
    base = forge.head()
    head = forge.commit({"models/alpha/params.yaml": "depth: 99\n"}, branch="topic")
    job = forge.pull_request(7, head, base)
    assert jobs.train(job, "alpha", head, RESULTS, forge.said.append) == 3
    first = read_results(RESULTS)["alpha"].notebook
    assert jobs.train(job, "alpha", "nothing", RESULTS, forge.said.append) == 2
    assert read_results(RESULTS)["alpha"].notebook == ""
    assert jobs.train(job, "alpha", head, RESULTS, forge.said.append) == 3
    assert read_results(RESULTS)["alpha"].notebook not in {"", first}


def test_a_run_of_this_machine_gives_its_failure_its_name(
    forge: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitmodel.pipelines.pushed import Pushed

    base = forge.head()
    tip = forge.commit({"models/alpha/params.yaml": "depth: 99\n"}, branch="topic")
    monkeypatch.chdir(forge.folder)
    runs = Runs(forge.remote)
    run = runs.create([Pushed("refs/heads/topic", base, tip)], "ada")
    work(forge.remote)
    assert runs.load(run.id).state == FAILED
    (failure,) = Failures(forge.remote).called(run.id)
    assert failure.id == f"alpha-{run.id}"
    assert f"gitmodel notebook alpha-{run.id}" in runs.log(run.id).read_text()
    text = (Failures(forge.remote).folder / failure.id / f"failure-alpha-{run.id}.ipynb").read_text()
    assert "repository = '../../..'" in text


@pytest.mark.system
def test_executed_notebooks_are_pages_beside_the_report(forge: Played) -> None:
    cells = [parameters({"depth": 0}), code("print('depth is', depth)", "'<script>'")]
    more = {
        "models/alpha/look.ipynb": notebook(cells).decode(),
        "models/alpha/dvc.yaml": PIPELINE + LOOK,
        "models/alpha/.gitignore": "/model.joblib\n/look.output.ipynb\n",
    }
    base = forge.head()
    head = forge.commit(more, branch="topic")
    job = forge.pull_request(7, head, base)
    assert jobs.train(job, "alpha", head, RESULTS, forge.said.append) == 0, forge.text
    assert report(job, RESULTS, REPORT, forge.said.append) == 0
    executed = REPORT / "notebooks/models/alpha/look.output.ipynb"
    assert "depth is 3" in outputs(executed)
    page = executed.with_suffix(".html").read_text()
    assert "depth is 3" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
