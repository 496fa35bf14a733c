"""Real models: a canary that predicts worse is found by the labels that come meanwhile."""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gitmodel.delivery.aborting import abort
from gitmodel.delivery.ansible.module_utils.gitmodel_kept import errors
from gitmodel.delivery.ansible.module_utils.gitmodel_router import routed
from gitmodel.delivery.deploy import Deployed, Options, deploy, find_target
from gitmodel.delivery.outcomes import read_outcomes
from gitmodel.delivery.promotion import promote, rollback
from gitmodel.delivery.rollout import down
from gitmodel.delivery.strategy import Manner
from gitmodel.git.commits import read_log
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import env_tip
from gitmodel.registry.registry import Registry
from tests.conftest import make_repository
from tests.delivery.conftest import free_port
from tests.delivery.models import MODEL, add_version

pytestmark = pytest.mark.system
ENVIRONMENT = """\
name: local
port: {port}
strategy:
  kind: {kind}
  hold: 4s
  analysis: {{min_requests: 30, max_latency_ratio: 20, max_disagreement: 0.2}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """Return a repository whose environment runs its first version."""
    repo = make_repository(tmp_path_factory.mktemp("canary") / "repo")
    write(repo, "canary", free_port())
    promote(repo, add_version(repo, 3), "local", by="ada")
    assert run(repo)[0].outcome == "deployed"
    yield repo
    down(find_target(repo, "local"))


def write(repo: Repository, kind: str, port: int) -> None:
    folder = repo.state / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    steps = "  steps: [50, 100]\n" if kind == "canary" else ""
    (folder / "local.yaml").write_text(ENVIRONMENT.format(port=port, kind=kind) + steps)


def run(repo: Repository, options: Options | None = None) -> tuple[Deployed, list[str]]:
    lines: list[str] = []
    (done,) = deploy(repo, "local", by="ada", sink=lines.append, options=options)
    return done, lines


def assert_backed_out(repo: Repository, bad: str) -> None:
    """The branch names the first version again, and holds the bad one."""
    desired = read_desired(repo, "local")[MODEL]
    assert (desired.version, desired.hold and desired.hold.bad_version) == ("1", bad)


@contextmanager
def asked_and_labelled(repo: Repository) -> Iterator[list[int]]:
    """Ask for predictions and say what became of each, one after the other; the statuses are returned."""
    target, over, statuses = find_target(repo, "local"), threading.Event(), list[int]()

    def client() -> None:
        chance = random.Random(1)
        connection = http.client.HTTPConnection(target.host, target.port, timeout=30)
        while not over.is_set():
            row = {name: round(chance.random(), 4) for name in ("amount", "income")}
            number = post(connection, "predict", row)
            label = "bad" if row["amount"] > row["income"] else "good"
            post(connection, "feedback", {"prediction": f"{number}-0", "label": label})
            time.sleep(0.02)  # a busy machine is no subject of this test
        connection.close()

    def post(connection: http.client.HTTPConnection, what: str, body: object) -> str:
        connection.request("POST", f"/{MODEL}/{what}", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        return answer.headers.get("X-Prediction-Id", "")

    threads = [threading.Thread(target=client) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        over.set()
        for thread in threads:
            thread.join()


def live(repo: Repository) -> set[str]:
    return {program.version for program in routed(find_target(repo, "local").layout, MODEL)}


def test_a_model_that_takes_good_for_bad(served: Repository) -> None:
    promote(served, add_version(served, 3, swapped=True), "local", by="ada")
    with asked_and_labelled(served) as statuses:
        done, lines = run(served)
    assert (done.outcome, done.exit_code, live(served)) == ("failed", 1, {"1"})
    assert "further from" in done.reason, lines
    (step,) = done.steps
    assert step.figures["mean_error"] > 0.7
    assert step.figures["mean_error_old"] < 0.3
    assert set(statuses) <= {200, 202}
    assert_backed_out(served, "2")
    tip = env_tip(served, "local")
    assert tip is not None
    promoted = read_log(served, tip, limit=2)[1]
    assert [outcome.outcome for outcome in read_outcomes(served, [promoted.oid])] == ["failed"]


def test_the_same_model_as_a_shadow(served: Repository) -> None:
    layout = find_target(served, "local").layout
    promote(served, Registry(served).version(f"{MODEL}:2"), "local", by="ada")
    write(served, "shadow", find_target(served, "local").port)
    with asked_and_labelled(served) as statuses:
        done, lines = run(served)
    assert (done.outcome, live(served)) == ("failed", {"1"}), lines
    assert "of its answers to the same requests are others" in done.reason
    assert set(statuses) <= {200, 202}
    (first, *_) = routed(layout, MODEL)
    assert sum(errors(layout.state, {}, first)) < 0.4 * len(errors(layout.state, {}, first))
    assert_backed_out(served, "2")


def test_one_that_somebody_ends(served: Repository) -> None:
    write(served, "canary", find_target(served, "local").port)
    promote(served, add_version(served, 4, seed=0), "local", by="ada")
    held, _ = run(served, Options(manner=Manner(wait=False)))
    assert (held.outcome, live(served)) == ("holding", {"1", "3"})
    assert abort(served, "local", by="bob", sink=print) == [MODEL]
    assert live(served) == {"1"}
    assert_backed_out(served, "3")
    assert run(served)[0].outcome == "unchanged"
    assert abort(served, "local", by="bob", sink=print) == []


def test_a_good_one_then_a_return_with_no_steps(served: Repository) -> None:
    promote(served, Registry(served).version(f"{MODEL}:3"), "local", by="ada")
    with asked_and_labelled(served) as statuses:
        done, lines = run(served)
        assert (done.outcome, [step.verdict for step in done.steps]) == ("deployed", ["passed"]), lines
        rollback(served, MODEL, "local", reason="Just so", by="ada", to="1")
        back, _ = run(served)
    assert (back.outcome, back.version, back.steps) == ("deployed", "1", ())
    assert set(statuses) <= {200, 202}
