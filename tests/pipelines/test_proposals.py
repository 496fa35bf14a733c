"""Promotions that a person reviews: what their pull requests say, and what merging them leads to."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitmodel.git.refs import list_refs, update_refs
from gitmodel.git.values import RefUpdate
from gitmodel.pipelines import jobs
from gitmodel.spec.parsing import parse_environment
from tests.forges.github_api import needs_description
from tests.forges.github_server import GitHubState, github
from tests.pipelines.forge_jobs import ZEROS, Played, model_files, played

pytestmark = [pytest.mark.system, needs_description]
ENV = "env/production"
SCORED = "evaluate: {kind: classification, positive: good}\ngates:\n  - {metric: accuracy, min: 0.2}\n"
REVIEWED = "name: production\napproval: review\n"


@pytest.fixture
def state() -> Iterator[GitHubState]:
    with github() as made:
        yield made


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    assert parse_environment(REVIEWED, "environments/production.yaml").approval == "review"
    files = model_files("alpha", spec=SCORED)
    files["models/alpha/model.yaml"] = files["models/alpha/model.yaml"].replace(
        "train: data.csv", "train: data.csv, test: data.csv"
    )
    return played(tmp_path, monkeypatch, {**files, "environments/production.yaml": REVIEWED})


def released(forge: Played, state: GitHubState, before: str) -> str:
    """Train and deliver what is at the default branch, and return the text of the promotion."""
    job = forge.push(before, forge.head(), **state.environ())
    results = forge.folder / "results"
    assert jobs.release(job, "alpha", forge.head(), results, fresh=False, say=forge.said.append) == 0
    assert jobs.deliver(job, "production", (), results, forge.said.append) == 0, forge.text
    newest = state.pulls[max(state.pulls)]
    assert (newest["base"]["ref"], newest["head"]["ref"]) == (ENV, "promote/production/alpha")
    return str(newest["body"])


def merge(forge: Played, state: GitHubState) -> None:
    """Merge the open promotion as a fast-forward."""
    tips = list_refs(forge.remote, "refs/heads/")
    proposed, target = tips["refs/heads/promote/production/alpha"], f"refs/heads/{ENV}"
    update_refs(forge.remote, [RefUpdate(target, proposed, tips.get(target))])
    state.pulls[max(state.pulls)].update(state="closed", merged_at="2026-11-01T00:00:00Z")


def test_a_promotion_comes_with_the_report(forge: Played, state: GitHubState) -> None:
    first = released(forge, state, ZEROS)
    assert "Promote alpha v1: merging this deploys it, and reverting the merge rolls it back." in first
    assert "### ✅ alpha: passes its gates" in first
    assert "| accuracy | &#45; | 1 |  | new |" in first
    merge(forge, state)
    before = forge.head()
    forge.commit({"models/alpha/params.yaml": "depth: 4\n"}, "Deeper <script>")
    second = released(forge, state, before)
    assert "| accuracy | 1 | 1 | 0 |" in second
    assert "| depth | 3 | 4 |" in second
    assert "accuracy 1 on 10 rows of models/alpha/data.csv is at least 0.2" in second
    assert "<script>" not in second


def test_two_jobs_at_once_propose_once(forge: Played, state: GitHubState) -> None:
    trained = forge.push(ZEROS, forge.head(), **state.environ())
    results = forge.folder / "results"
    assert jobs.release(trained, "alpha", forge.head(), results, fresh=False, say=forge.said.append) == 0
    both = [forge.push(ZEROS, forge.head(), **state.environ()) for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        ran = [pool.submit(jobs.deliver, job, "production", (), results, forge.said.append) for job in both]
    assert [each.result() for each in ran] == [0, 0], forge.text
    (request,) = state.pulls.values()
    branch = forge.remote.git("rev-list", "--count", "promote/production/alpha", "^env/production")
    assert (request["state"], branch) == ("open", "1")
