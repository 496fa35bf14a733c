"""From an environment's branch to answers: real models, real packages, real rollouts."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel.delivery.ansible.module_utils.gitmodel_probe import ask
from gitmodel.delivery.deploy import Deployed, deploy, find_target, take_down
from gitmodel.delivery.outcomes import read_outcomes
from gitmodel.delivery.promotion import promote, rollback
from gitmodel.delivery.rollout import down
from gitmodel.delivery.status import status
from gitmodel.errors import Refused, UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.environments import DEPLOYMENTS_REF, env_tip
from tests.conftest import clone, make_repository
from tests.delivery.conftest import free_port
from tests.delivery.load import load
from tests.delivery.models import MODEL, add_version

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Return a repository with a site-local environment; what it runs is stopped at the end."""
    repo = make_repository(tmp_path_factory.mktemp("deploy") / "repo")
    folder = repo.state / "environments"
    folder.mkdir(parents=True)
    (folder / "local.yaml").write_text(f"name: local\nport: {free_port()}\n")
    yield repo
    down(find_target(repo, "local"))


def run(repo: Repository, *, check: bool = False) -> tuple[Deployed, list[str]]:
    lines: list[str] = []
    (done,) = deploy(repo, "local", by="ada", sink=lines.append, check=check)
    return done, lines


def noted(repo: Repository) -> list[str]:
    tip = env_tip(repo, "local")
    assert tip is not None
    return [outcome.outcome for outcome in read_outcomes(repo, [tip])]


def test_deploys_what_the_branch_says(served: Repository) -> None:
    with pytest.raises(UsageError, match="nothing was promoted to local yet"):
        run(served)
    with pytest.raises(UsageError, match="mars"):
        deploy(served, "mars", by="ada", sink=print)
    first = add_version(served, 3)
    promote(served, first, "local", by="ada")
    (before,) = status(served, "local")
    assert (before.desired, before.live, before.in_sync) == ("1", None, False)
    done, _ = run(served)
    assert (done.outcome, done.version, done.exit_code) == ("deployed", "1", 0)
    assert noted(served) == ["deployed"]
    again, _ = run(served)
    assert (again.outcome, noted(served)) == ("unchanged", ["deployed"])
    served.git("update-ref", "-d", DEPLOYMENTS_REF)  # as if it had been killed before it could note anything
    assert (run(served)[0].outcome, noted(served)) == ("unchanged", ["unchanged"])
    (after,) = status(served, "local")
    assert (after.live, after.in_sync, after.model_id) == ("1", True, first.model_id)
    assert after.last is not None
    assert after.last.outcome == "unchanged"


def test_switch_and_rollback_lose_nothing(served: Repository) -> None:
    target = find_target(served, "local")
    row: dict[str, object] = {"amount": 0.9, "income": 0.1}
    second = add_version(served, 5)
    promote(served, second, "local", by="ada")
    with load(target.host, target.port, f"/{MODEL}/predict", row, clients=4) as sent:
        assert run(served)[0].version == "2"
        rollback(served, MODEL, "local", reason="Too deep", by="ada")
        done, _ = run(served)
    assert (done.version, done.outcome) == ("1", "deployed")
    assert not sent.lost
    assert sent.answered > 100
    answer = ask(target.host, target.port, f"/{MODEL}/predict", body=row)
    assert answer is not None
    assert b"prediction" in answer[1]


def test_a_version_that_cannot_start_is_given_up_for_the_one_that_runs(served: Repository) -> None:
    third = add_version(served, 2)
    artifact = third.facts.artifact
    assert artifact is not None
    promote(served, third, "local", by="ada")
    tried = env_tip(served, "local")
    assert tried is not None
    run(served, check=True)
    package = next((served.state / "packages").rglob("3-*"))
    (package / "src" / "model" / artifact.path.rpartition("/")[2]).write_bytes(b"damaged")
    done, lines = run(served)
    assert (done.outcome, done.exit_code, done.bad_version) == ("failed", 3, True)
    assert any("service exited" in line or "not ready" in line for line in lines)
    assert lines[-1] == "local: Roll back credit-risk v3 -> v1"
    (noted_,) = read_outcomes(served, [tried])
    assert (noted_.outcome, noted_.previous, noted_.hosts[0].outcome) == ("failed", "1", "failed")
    assert "Start beside the old one, wait until ready, predict" in noted_.phases
    (found,) = status(served, "local")
    assert (found.desired, found.live, found.in_sync) == ("1", "1", True)
    assert found.hold is not None
    assert (found.hold.bad_version, found.hold.by) == ("3", "ada")
    assert "v3 could not be deployed: credit-risk v3 does not start" in found.hold.reason
    assert run(served)[0].outcome == "unchanged"
    with pytest.raises(Refused, match="credit-risk is held at v1"):
        promote(served, third, "local", by="ci", automatic=True)
    shutil.rmtree(package)
    promote(served, third, "local", by="ada")
    assert run(served)[0].outcome == "deployed"


def test_status_elsewhere_asks_where_the_note_says(served: Repository, tmp_path: Path) -> None:
    copy = clone(served, tmp_path / "copy")
    copy.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
    (found,) = status(copy, "local")
    assert (found.live, found.in_sync) == ("3", True)
    assert find_target(served, "local").url(MODEL) == found.url


def test_what_was_taken_down_is_started_by_the_next_deployment(served: Repository) -> None:
    assert take_down(served, "local", sink=print)
    assert status(served, "local")[0].live is None
    assert not take_down(served, "local", sink=print)
    assert run(served)[0].outcome == "deployed"
    assert status(served, "local")[0].in_sync
