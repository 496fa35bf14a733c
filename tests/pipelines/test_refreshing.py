"""Data that DVC imports, brought up to date by a schedule: onto the branch, or into a pull request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import UsageError
from gitmodel.pipelines import jobs
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.results import read_results
from tests.forges.github_api import needs_description
from tests.forges.github_server import GitHubState, github
from tests.pipelines.forge_jobs import Played, model_files, played
from tests.system.forge import BIN

pytestmark = pytest.mark.system
RESULTS = Path("gitmodel-results")
ROWS = "x,y\n" + "".join(f"{number},{'good' if number > 5 else 'bad'}\n" for number in range(10))


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return played(tmp_path, monkeypatch, {})


def imported(forge: Played, mode: str) -> Path:
    """Make a model whose data are imported from a file elsewhere; return that file."""
    source = forge.folder / "elsewhere.csv"
    source.write_text(ROWS)
    retrain = f'retrain: {{schedule: "0 3 * * 1", mode: {mode}}}\n'
    files = model_files("alpha", spec=retrain)
    del files["models/alpha/data.csv"]
    forge.commit(files, "A model")
    assert forge.work.root is not None
    argv = [str(BIN / "dvc"), "import-url", str(source), "data.csv"]
    process.run(argv, cwd=forge.work.root / "models/alpha")
    forge.commit({}, "Import its data")
    process.run([str(BIN / "dvc"), "push"], cwd=forge.work.root)
    return source


def tick(forge: Played, **more: str) -> Job:
    return forge.start("schedule", {"schedule": "0 3 * * 1"}, forge.head(), "refs/heads/main", **more)


def release(forge: Played, job: Job) -> int:
    return jobs.release(job, "alpha", forge.head(), RESULTS, fresh=True, say=forge.said.append)


def test_new_data_land_on_the_default_branch_and_are_released(forge: Played) -> None:
    source = imported(forge, "direct")
    assert release(forge, tick(forge)) == 0, forge.text
    assert "no imported data are new" in forge.text
    before, trained = forge.head(), len(forge.trainings)
    assert release(forge, tick(forge)) == 0
    assert (forge.head(), len(forge.trainings)) == (before, trained)  # nothing new, nothing done

    source.write_text(ROWS + "11,good\n")
    assert release(forge, tick(forge)) == 0, forge.text
    assert forge.head("main^") == before
    assert forge.remote.git("log", "-1", "--format=%s", "main") == "Refresh the data of alpha"
    assert forge.remote.git("diff", "--name-only", "main^", "main") == "models/alpha/data.csv.dvc"
    assert len(forge.trainings) == trained + 1
    assert forge.head("alpha@v2^") == forge.head()
    assert read_results(RESULTS)["alpha"].version == "alpha:2"


def protect(forge: Played) -> None:
    """Let the remote take no push to the default branch, as a forge's rule does."""
    hook = forge.remote.git_dir / "hooks/update"
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/main ] || { echo "protected branch" >&2; exit 1; }\n')
    hook.chmod(0o755)


@pytest.fixture
def state() -> Iterator[GitHubState]:
    with github() as found:
        yield found
        assert found.server.problems == []


@needs_description
@pytest.mark.parametrize("mode", ["pull_request", "direct"])
def test_new_data_come_by_pull_request(forge: Played, state: GitHubState, mode: str) -> None:
    source = imported(forge, mode)
    base = forge.head()
    source.write_text(ROWS + "11,good\n")
    if mode == "direct":
        protect(forge)
    job = tick(forge, **state.environ())
    assert release(forge, job) == 0, forge.text
    assert forge.head() == base
    (request,) = state.pulls.values()
    assert (request["head"]["ref"], request["base"]["ref"]) == ("retrain/alpha", "main")
    assert "| accuracy |" in request["body"]
    assert "## " in request["body"]  # the report
    changed = forge.remote.git("diff", "--name-only", "main", "retrain/alpha").splitlines()
    assert changed == ["models/alpha/data.csv.dvc", "models/alpha/dvc.lock", "models/alpha/metrics.json"]
    assert forge.refs("refs/tags/") == {}
    assert len(forge.trainings) == 1
    if mode == "direct":
        assert "takes no push" in forge.text
    # Merged, it is released, and nothing is trained again.
    (forge.remote.git_dir / "hooks/update").unlink(missing_ok=True)
    forge.remote.git("update-ref", "refs/heads/main", "retrain/alpha")
    merged = forge.push(base, forge.head())
    assert jobs.release(merged, "alpha", forge.head(), RESULTS, fresh=False, say=forge.said.append) == 0
    assert len(forge.trainings) == 1
    assert "alpha@v1" in forge.refs("refs/tags/")


def test_a_pull_request_needs_a_forge(forge: Played) -> None:
    source = imported(forge, "pull_request")
    source.write_text(ROWS + "11,good\n")
    job = tick(forge)
    assert release(forge, job) == UsageError.exit_code
    assert "there is no forge" in forge.text
