"""A live model heals by itself: real trainings, gates and rollouts; what it answered is written by hand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gitmodel.delivery.ansible.module_utils.gitmodel_probe import version_at
from gitmodel.delivery.collecting import live_folder
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.rollout import down
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.monitoring.incidents import Incident, read_incidents
from gitmodel.pipelines.healing import Healing
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.releasing import into
from gitmodel.pipelines.steps import train_and_register
from gitmodel.pipelines.watching import watch
from gitmodel.registry.desired import read_desired
from gitmodel.registry.registry import Registry
from gitmodel.spec import load_environment, load_model
from tests.conftest import commit_all, make_repository
from tests.delivery.conftest import free_port
from tests.forges.server import Answer, Server, serving
from tests.monitoring.live import NOW, label, prediction, write
from tests.pipelines.forge_jobs import model_files

pytestmark = pytest.mark.system
ENV, MODEL, ROWS = "live", "alpha", 40
SPEC = """\
evaluate: {kind: classification, positive: good}
gates:
  - {metric: accuracy, min: 0.9}
quality:
  - {metric: accuracy, window: 1d, min_samples: 20, min: 0.8, when_broken: [alert, retrain, rollback]}
"""
TRAIN = """\
import json
import joblib, pandas as pd
from sklearn.tree import DecisionTreeClassifier

rows = pd.read_csv("data.csv")
joblib.dump(DecisionTreeClassifier().fit(rows[["x"]], rows["y"]), "model.joblib")
with open("metrics.json", "w") as file:
    json.dump({"rows": len(rows)}, file)
"""
Rule = Callable[[int], str]


def high(x: int) -> str:
    return "good" if x > 5 else "bad"


def low(x: int) -> str:
    return "bad" if x > 5 else "good"


def noise(x: int) -> str:
    return "good" if x % 2 else "bad"


def rows(rule: Rule) -> str:
    return "x,y\n" + "".join(f"{x},{rule(x)}\n" for x in range(10))


@dataclass
class World:
    """A repository whose model serves, and a clock."""

    repo: Repository
    server: Server
    now: datetime = NOW
    said: list[str] = field(default_factory=list)
    lived: int = 0

    def learn(self, rule: Rule) -> None:
        """Let the data of the default branch say what is true by now."""
        commit_all(self.repo, {f"models/{MODEL}/data.csv": rows(rule)}, "New data")

    def live(self, truth: Rule, answers: Rule, count: int = ROWS) -> None:
        """Keep a day of predictions of the version that serves, with labels."""
        self.now += timedelta(days=2)
        version, first = self.version, self.lived * 1000
        self.lived += 1
        hours = (NOW - self.now).total_seconds() / 3600 + 1
        asked = [(first + number, number % 10) for number in range(count)]
        lines = [
            prediction(number, answers(x), hours=hours, version=version, model=MODEL, input={"x": x})
            for number, x in asked
        ]
        labels = [label(number, truth(x), hours=hours - 0.5) for number, x in asked]
        folder = live_folder(self.repo, ENV)
        write(folder, "predictions", lines, model=MODEL, number=self.lived)
        write(folder, "feedback", labels, model=MODEL, number=self.lived)

    def heal(self) -> Sequence[str]:
        """Watch and act; return the kinds of the steps of the newest incident, without those of channels."""
        found = watch(self.repo, ENV, MODEL, by="ci", now=self.now)
        secrets = {"DESK": self.server.url.replace("http://", "json://")}
        Healing(Job(self.repo), ENV, "ci", self.said.append, self.now, secrets, "https://example.org").heal(
            found
        )
        return [step.kind for step in self.incident.steps if step.kind not in ("told", "untold")]

    @property
    def incident(self) -> Incident:
        return read_incidents(self.repo)[0]

    @property
    def version(self) -> str:
        """The version that answers."""
        target = find_target(self.repo, ENV)
        answer = version_at(target.host, target.port, f"/{MODEL}")
        assert answer is not None
        return str(answer["version"])

    @property
    def told(self) -> list[str]:
        return [str(request.body["title"]) for request in self.server.requests]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    repo = make_repository(tmp_path / "repo")
    files = model_files(MODEL, spec=SPEC)
    folder = f"models/{MODEL}"
    files[f"{folder}/train.py"] = TRAIN
    files[f"{folder}/model.yaml"] = files[f"{folder}/model.yaml"].replace(
        "data: {", "data: {test: data.csv, "
    )
    files["gitmodel.yaml"] = "alerts: [{to: $DESK}]\n"
    files[f"environments/{ENV}.yaml"] = f"name: {ENV}\nport: {free_port()}\nroot: {tmp_path / 'live'}\n"
    commit = Oid(commit_all(repo, files, "A model"))
    with serving(Server(lambda _: Answer(200, {}))) as server:
        made = World(repo, server)
        try:
            spec = load_model(repo, commit, MODEL)
            version = train_and_register(repo, spec, commit, say=made.said.append).version
            assert into(repo, version, spec, load_environment(repo, commit, ENV), say=made.said.append) == 0
            yield made
        finally:
            down(find_target(repo, ENV))


def test_the_story_of_a_live_model(world: World) -> None:
    # The world changes, and the data with it: training anew helps.
    world.learn(low)
    world.live(truth=low, answers=high)
    assert world.heal() == ["opened", "retrain", "promoted"]
    assert world.version == "2"
    assert world.incident.is_open
    world.live(truth=low, answers=low)
    assert world.heal() == ["opened", "retrain", "promoted", "resolved"]
    # It changes back, and nobody told the data: the first version was right on the same rows.
    world.live(truth=high, answers=low)
    assert world.heal() == ["opened", "retrain", "retrained", "rollback", "rolled_back"]
    assert world.version == "1"
    desired = read_desired(world.repo, ENV)[MODEL]
    assert desired.hold is not None
    assert world.incident.id in desired.hold.reason
    world.live(truth=high, answers=high)
    assert world.heal()[-1] == "resolved"
    assert read_desired(world.repo, ENV)[MODEL].hold is None
    # Nothing is as it was, and no version knows.
    world.live(truth=noise, answers=high)
    assert world.heal() == ["opened", "retrain", "retrained", "rollback", "stuck"]
    assert world.version == "1"
    assert world.heal()[-1] == "stuck", "nothing goes round in circles"
    assert [title.partition("1d ")[2] for title in world.told] == [
        "is not met",
        "is well again",
        "is not met",
        "is well again",
        "is not met",
        "COULD NOT BE HEALED",
    ]
    assert {each.version for each in Registry(world.repo).versions(MODEL)} == {"1", "2"}
