"""The recommender learns from what visitors did: from its first training to a better second version."""

import importlib.util
import itertools
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

import gitmodel
from gitmodel import process, resources
from tests.system.forge import BIN

UNTIL = "1998-01-01"  # half of the past is enough here
BEGIN = datetime.fromisoformat(UNTIL).replace(tzinfo=UTC).timestamp()
ASKED = 60
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def told() -> ModuleType:
    """Return the example's module that tells visits."""
    file = resources.folder("examples") / "recommender/models/recommender/visits.py"
    spec = importlib.util.spec_from_file_location("visits", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["visits"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_visits_are_in_order_and_the_same_each_time(told: ModuleType) -> None:
    first, again = (list(itertools.islice(told.visits(), 200)) for _ in range(2))
    assert first == again
    assert [visit.at for visit in first] == sorted(visit.at for visit in first)
    assert all(len({row["movieId"] for row in visit.rows}) == told.SHOWN for visit in first)
    # Whom one has seen at a visit, one is not shown again.
    shown: dict[str, set[object]] = {}
    for visit in first:
        viewer = str(visit.rows[0]["visit"]).split("-")[0]
        rated = shown.setdefault(viewer, set())
        assert not rated & {row["movieId"] for row in visit.rows}
        rated |= set(visit.stars)
    signals = [list(visit.signals()) for visit in first]
    likes = sum(kind == "like" for each in signals for _, kind in each)
    clicks = sum(kind == "click" for each in signals for _, kind in each)
    assert 0 < likes < clicks == sum(len(visit.stars) for visit in first)


def test_it_learns_from_visitors(told: ModuleType, tmp_path: Path) -> None:
    def run(*words: str, cwd: Path = tmp_path / "shop", check: bool = True) -> str:
        return process.run([str(BIN / "gitmodel"), *words], cwd=cwd, check=check).text

    run("init", "--example", "recommender", "shop", cwd=tmp_path)
    params = tmp_path / "shop/models/recommender/params.yaml"
    text = params.read_text().replace("2000-01-01", UNTIL).replace("max_iter: 100", "max_iter: 30")
    params.write_text(text.replace("test: 300", "test: 100"))
    process.run(["git", "commit", "-qam", "A smaller past"], cwd=tmp_path / "shop")
    run("train")
    run("register")
    run("promote", "recommender:1", "local")
    repo = gitmodel.open(tmp_path / "shop")
    model = repo["recommender"]["1"].load()
    visits = list(itertools.islice((visit for visit in told.visits() if visit.at >= BEGIN), ASKED))
    host = tmp_path / "shop/.git/gitmodel/live/local/localhost"
    predictions, feedback = [], []
    for number, visit in enumerate(visits):
        at = (datetime.now(UTC) - timedelta(days=2, seconds=-number)).isoformat()
        for row, score in enumerate(model.predict(pd.DataFrame(visit.rows)).tolist()):
            about = {
                "id": f"{number:016x}-{row}",
                "at": at,
                "model": "recommender",
                "version": "1",
                "ms": 1.0,
            }
            predictions.append({**about, "input": visit.rows[row], "output": {"prediction": score}})
        feedback += [
            {"prediction": f"{number:016x}-{row}", "at": at, "label": True, "signal": signal}
            for row, signal in visit.signals()
        ]
    for kind, lines in (("predictions", predictions), ("feedback", feedback)):
        file = host / kind / "recommender/1.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert f"Add {ASKED * told.SHOWN} labelled rows of local to recommender" in run(
        "feedback", "collect", "local"
    )
    (found,) = json.loads(run("monitor", "local", "--json", "--no-collect"))
    rated = sum(len(visit.stars) for visit in visits)
    assert found["counts"]["labelled"] == ASKED * told.SHOWN
    assert found["counts"]["silent"] == ASKED * told.SHOWN - rated
    assert found["counts"]["contradicting"] == 0
    assert 0.4 < found["metrics"]["ndcg"]["value"] < 0.8
    trained = run("train")
    assert "test: 2000 rows of 100 visits" in trained
    assert "recommender: trained" in trained  # new rows are a reason to
