"""A server that does by the clock what a model asks for: real trainings, rollouts and collections."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from gitmodel import process
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.rollout import down
from gitmodel.git.repository import Repository
from gitmodel.monitoring.incidents import read_incidents
from gitmodel.pipelines.runs import Run, Runs
from gitmodel.pipelines.setup import init_server
from gitmodel.registry.desired import read_desired
from tests.conftest import commit_all, make_repository
from tests.delivery.conftest import free_port
from tests.monitoring.live import NOW, label, prediction, write
from tests.pipelines.forge_jobs import model_files
from tests.system.test_healing import TRAIN, high, low, rows

pytestmark = pytest.mark.system
MODEL = "alpha"
SPEC = """\
evaluate: {kind: classification, positive: good}
retrain: {schedule: every day at noon}
monitor: {schedule: every hour at 30}
feedback: {append_to: feedback}
quality:
  - {metric: accuracy, window: 1d, min_samples: 20, min: 0.8, when_broken: [alert, retrain]}
"""
# What was labelled is what is true by now.
LEARN = TRAIN.replace(
    'rows = pd.read_csv("data.csv")\n',
    """\
from pathlib import Path
known = [pd.read_parquet(file) for file in sorted(Path("feedback").glob("*.parquet"))]
rows = known[-1] if known else pd.read_csv("data.csv")
""",
)


@dataclass
class Place:
    """A server, and a clone that pushes to it."""

    server: Repository
    work: Repository

    def gitmodel(self, *words: str) -> process.Completed:
        argv = [sys.executable, "-m", "gitmodel", "-C", str(self.server.git_dir), *words]
        return process.run(argv, check=False)

    def tick(self, at: datetime) -> process.Completed:
        return self.gitmodel("schedule", "run", "--at", at.isoformat())

    def runs(self) -> dict[str, Run]:
        return {run.words: run for run in Runs(self.server).all()}

    def live(self, first: int, count: int = 30) -> None:
        """Let the host keep answers of the version that serves, and labels that say otherwise."""
        state = find_target(self.server, "local").layout.state
        asked = [(first + number, number % 10) for number in range(count)]
        version = read_desired(self.server, "local")[MODEL].version or ""
        lines = [prediction(at, high(x), model=MODEL, version=version, input={"x": x}) for at, x in asked]
        labels = [label(at, low(x)) for at, x in asked]
        for kind, said in (("predictions", lines), ("feedback", labels)):
            write(state.parent, kind, said, host=state.name, model=MODEL, number=first)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("clockwork")
    server = init_server(folder / "server.git", port=free_port())
    work = make_repository(folder / "work")
    work.git("remote", "add", "origin", str(server.git_dir))
    files = model_files(MODEL, spec=SPEC)
    top = f"models/{MODEL}"
    files[f"{top}/train.py"] = LEARN
    files[f"{top}/dvc.yaml"] = files[f"{top}/dvc.yaml"].replace("data.csv]", "data.csv, feedback]")
    files[f"{top}/data.csv"] = rows(high)
    commit_all(work, {**files, f"{top}/feedback/README": "Labelled rows.\n"}, "A model")
    for words in (
        ["dvc", "init", "-q"],
        ["git", "rm", "-rq", "--cached", f"{top}/feedback"],
        ["dvc", "add", "-q", f"{top}/feedback"],
        ["git", "add", "-A"],
        ["git", "commit", "-q", "-m", "Rows of feedback are data"],
        ["gitmodel", "hooks", "install"],
    ):
        process.run(words, cwd=work.root)
    made = Place(server, work)
    try:
        pushed = process.run(["git", "push", "origin", "main"], cwd=work.root, check=False)
        assert pushed.code == 0, pushed.stderr.decode()
        yield made
    finally:
        down(find_target(server, "local"))


def test_nothing_is_due_before_its_time(place: Place) -> None:
    assert place.tick(NOW - timedelta(hours=1)).text == "[schedule] nothing is due\n"


def test_the_model_is_watched_trained_and_delivered(place: Place) -> None:
    place.live(1)
    done = place.tick(NOW + timedelta(minutes=1))
    assert done.code == 1, done.text + done.stderr.decode()  # the condition failed
    runs = place.runs()
    assert (runs["retrain alpha"].state, runs["retrain alpha"].code) == ("done", 0), done.text
    assert (runs["monitor alpha"].state, runs["monitor alpha"].code) == ("failed", 1)
    assert "Add 30 labelled rows of local to alpha" in place.server.git("log", "-1", "--format=%s", "main")
    assert read_desired(place.server, "local")[MODEL].version == "2"
    notes = place.server.git("notes", "--ref=metrics", "show", "alpha@v1^{commit}").splitlines()
    assert "live" in {json.loads(line)["kind"] for line in notes}
    assert place.tick(NOW + timedelta(minutes=2)).text == "[schedule] nothing is due\n"
    assert "retrain alpha" in place.gitmodel("runs").text
    (incident,) = read_incidents(place.server)
    assert [step.kind for step in incident.steps] == ["opened", "retrain", "promoted"]
    assert (incident.last.version, incident.last.result) == ("1", "2")


def test_labels_that_are_collected_start_what_a_push_would(place: Place) -> None:
    place.live(1000)
    done = place.gitmodel("feedback", "collect", "local")
    assert done.code == 0, done.text + done.stderr.decode()
    tip = place.server.git("rev-parse", "--short=8", "main")
    newest = Runs(place.server).all()[-1]
    assert (newest.words, newest.state) == (f"main {tip}", "done")
    assert f"[run] {newest.id} done" in done.text
    before = len(Runs(place.server).all())
    assert place.gitmodel("feedback", "collect", "local").code == 0
    assert len(Runs(place.server).all()) == before
