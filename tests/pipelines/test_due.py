"""Which versions are due in an environment, decided on real tags, branches and notes."""

import time
from pathlib import Path

import pytest

from gitmodel.delivery.outcomes import PROPOSED, REFUSED, note_decision
from gitmodel.delivery.promotion import hold, promote, rollback
from gitmodel.git.commits import commit_files
from gitmodel.git.objects import read_file
from gitmodel.git.refs import read_ref, update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.pipelines import jobs
from gitmodel.pipelines.due import Wanted, due_versions
from gitmodel.pipelines.job import Job
from gitmodel.registry.environments import env_branch
from gitmodel.registry.register import register
from gitmodel.registry.versions import ArtifactRef, Facts, Version
from gitmodel.reports.overview import read_rows
from gitmodel.spec import EnvironmentSpec
from tests.conftest import commit_all

ENV = "staging"
SPEC = "name: {}\nartifact: {{path: m.joblib, encoding: joblib}}\nmetrics: [metrics.json]\n"


def version(repo: Repository, number: int, model: str = "alpha", spec: str = "") -> Version:
    """Commit and register something new of a model."""
    files = {
        f"models/{model}/model.yaml": SPEC.format(model) + spec,
        f"models/{model}/n": str(number),
    }
    commit = Oid(commit_all(repo, files, f"Train {number}"))
    facts = Facts(f"Version {number}", artifact=ArtifactRef("m.joblib", sha256=f"{number}" * 64))
    return register(repo, model, commit=commit, facts=facts).version


def begin(repo: Repository, *, seconds_ago: int = 60) -> None:
    """Make the environment's branch."""
    at = int(time.time()) - seconds_ago
    commit = commit_files(repo, parent=None, changes={}, message="Begin staging\n", at=at)
    update_refs(repo, [RefUpdate(env_branch(ENV), commit, None)])


def due(repo: Repository, *names: str, **how: bool) -> list[tuple[str, str]]:
    """Return the versions that are due, and why."""
    found = due_versions(
        repo, EnvironmentSpec(ENV, f"environments/{ENV}.yaml"), Wanted(names, **how), lambda _: None
    )
    return [(item.version.name, item.reason) for item in found]


def test_a_version_whose_turn_was_lost_is_made_up(repo: Repository) -> None:
    begin(repo)
    promote(repo, version(repo, 1), ENV, by="ci")
    version(repo, 2)
    version(repo, 1, "beta")  # a model that never was there
    assert due(repo, catch_up=True) == [
        ("alpha:2", "its turn was lost"),
        ("beta:1", "its turn was lost"),
    ]
    assert due(repo, "alpha:2", catch_up=True)[0] == ("alpha:2", "it is new")
    assert due(repo) == []


def test_what_is_older_than_the_environment_is_not_taken_there_unasked(repo: Repository) -> None:
    version(repo, 1)
    assert due(repo, catch_up=True) == []  # there is no branch yet
    begin(repo, seconds_ago=-60)
    assert due(repo, catch_up=True) == []
    assert due(repo, "alpha:1", catch_up=True) == [("alpha:1", "it is new")]


def test_what_was_reverted_stays_away(repo: Repository) -> None:
    begin(repo)
    promote(repo, version(repo, 1), ENV, by="ci")
    tip = read_ref(repo, env_branch(ENV))
    assert tip
    before = read_file(repo, tip, "alpha.yaml")
    promoted = promote(repo, version(repo, 2), ENV, by="ci").commit
    back = commit_files(repo, parent=promoted, changes={"alpha.yaml": before}, message='Revert "Promote"\n')
    update_refs(repo, [RefUpdate(env_branch(ENV), back, promoted)])
    assert due(repo, catch_up=True) == []
    version(repo, 3)
    assert due(repo, catch_up=True) == [("alpha:3", "its turn was lost")]


@pytest.mark.parametrize("outcome", [REFUSED, PROPOSED])
def test_what_was_decided_is_not_decided_again(repo: Repository, outcome: str) -> None:
    begin(repo)
    promote(repo, version(repo, 1), ENV, by="ci")
    second = version(repo, 2)
    for _ in range(2):
        note_decision(repo, ENV, second, outcome, reason="roc_auc 0.6 is below 0.7", by="ci")
    assert len(repo.git("notes", "--ref=deployments", "show", second.commit).splitlines()) == 1
    assert due(repo, catch_up=True) == []
    assert due(repo, "alpha:2", catch_up=True) == [("alpha:2", "it is new")]
    note_decision(repo, "production", version(repo, 3), outcome, reason="", by="ci")
    assert due(repo, catch_up=True) == [("alpha:3", "its turn was lost")]


def test_a_decision_says_nothing_of_what_runs(repo: Repository) -> None:
    begin(repo)
    first = version(repo, 1)
    commit = promote(repo, first, ENV, by="ci").commit
    assert commit
    line = '{"env":"staging","model":"alpha","version":"1","outcome":"deployed","at":"2026-01-01T00:00:00Z"}'
    repo.git("notes", "--ref=deployments", "add", "-m", line, commit)
    note_decision(repo, ENV, version(repo, 2), REFUSED, reason="no", by="ci")
    (row,) = read_rows(repo)[0]
    assert row.health == "ok"


def test_a_hold_and_a_rollback_keep_versions_away(repo: Repository) -> None:
    begin(repo)
    promote(repo, version(repo, 1), ENV, by="ci")
    promote(repo, version(repo, 2), ENV, by="ci")
    rollback(repo, "alpha", ENV, reason="Bad", by="ada")
    version(repo, 3)
    version(repo, 1, "beta")
    hold(repo, "beta", ENV, reason="Audit", by="ada")
    assert due(repo, catch_up=True) == []


def test_an_older_version_replaces_a_newer_one_only_where_it_may(repo: Repository) -> None:
    begin(repo)
    version(repo, 1)
    promote(repo, version(repo, 2), ENV, by="ci")
    assert due(repo, "alpha:1") == []
    assert due(repo, "alpha:2") == [("alpha:2", "it is new")]  # the job is run again: it deploys
    assert due(repo, "alpha:1", older=True) == [("alpha:1", "it is new")]
    assert due(repo, "alpha:1", asked=True) == [("alpha:1", "it is asked for")]


def test_who_asks_decides_where_a_model_goes(repo: Repository) -> None:
    begin(repo)
    version(repo, 1, spec="deploy: {environments: []}\n")
    assert due(repo, "alpha:1", catch_up=True) == []
    assert due(repo, "alpha:1", asked=True) == [("alpha:1", "it is asked for")]


def test_what_does_not_run_before_is_refused_who_asks(repo: Repository, tmp_path: Path) -> None:
    files = {
        "environments/staging.yaml": "name: staging\n",
        "environments/production.yaml": "name: production\nafter: staging\n",
    }
    commit_all(repo, files)
    promote(repo, version(repo, 1), ENV, by="ci")  # wanted in staging, not deployed yet
    said: list[str] = []
    assert jobs.deliver(Job(repo), "production", ["alpha:1"], tmp_path / "none", said.append) == 1
    assert "error: alpha:1 does not run in staging, which comes before production" in said
    assert read_ref(repo, env_branch("production")) is None
