"""The past is replayed: a model that its users find wanting is trained anew, and answers all the time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.replay import mails, visits
from bench.replay.figures import by_period, over_time, table
from bench.replay.playing import replay
from bench.replay.scene import Answered, Ask
from bench.replay.tally import Tally, tally

DAYS = timedelta(days=2)
QUALITY = {
    "metric": "accuracy",
    "window": "2d",
    "min_samples": 20,
    "min": 0.95,
    "when_broken": ["alert", "retrain"],
}


@pytest.mark.system
def test_a_few_days_of_mails(tmp_path: Path) -> None:
    asks = [ask for ask in mails.mails() if ask.at < mails.BEGIN + DAYS]
    scene = mails.scene({**mails.WAYS["self-healing"], "quality": [QUALITY]}, asks)
    log = tmp_path / "log"
    answered, done = replay(scene, tmp_path / "world", log, lambda world: (world.answered, tally(world)))
    assert [each.ask for each in answered] == asks
    assert all(each.answers[0]["prediction"] in (0, 1) for each in answered)
    (incident,) = done.incidents
    assert incident.count("opened") == incident.count("retrain") == done.retrains == 1, log.read_text()
    assert incident.count("promoted") + incident.count("retrained") == 1  # by the gates
    assert incident.count("promoted") == done.promotions
    assert done.alerts >= 1
    opened = datetime.fromisoformat(incident.steps[0].at)
    assert scene.begin < opened <= scene.begin + DAYS  # by the clock of then


def ranked(day: int, *scores: float) -> Answered:
    """Return a visit of a day at which the second movie was liked and the third one clicked."""
    ask = Ask(visits.BEGIN + timedelta(days=day), ({}, {}, {}), (0, 3, 1))
    return Answered(ask, [{"prediction": score} for score in scores])


def test_visits_are_measured_by_period_and_shown() -> None:
    scene = visits.scene({}, [])
    best, worst = ranked(0, 0.0, 2.0, 1.0), ranked(100, 2.0, 0.0, 1.0)
    bought_nothing = Answered(Ask(best.ask.at, ({}, {}), (0, 0)), [{"prediction": 1.0}] * 2)
    (day, first), (_, second) = by_period(scene, [best, bought_nothing, worst]).items()
    assert day == "2000-01-01"
    assert first[visits.NDCG] == pytest.approx(1)
    assert second[visits.NDCG] == pytest.approx((1 / 1.58496 + 3 / 2) / (3 + 1 / 1.58496), abs=1e-4)
    told = {"self-healing": (first, Tally(4, 3, 0, 9, []))}
    assert table(told).splitlines()[0::2] == [
        "| | ndcg of the first 5 | retrains | promotions | rollbacks | alerts |",
        "| self-healing | 1.000 | 4 | 3 | 0 | 9 |",
    ]
    shown = over_time(scene.shown, {"self-healing": {day: first, "2000-04-01": second}}).splitlines()
    assert shown[0::2] == [
        "| ndcg of the first 5 from | 2000-01-01 | 2000-04-01 |",
        "| self-healing | 1.00 | 0.59 |",
    ]


def test_visitors_click_like_or_say_nothing() -> None:
    said = visits.signals(ranked(0, 1.0, 2.0, 3.0).ask, [])
    assert [(each.row, each.words["signal"]) for each in said] == [(1, "click"), (2, "click"), (1, "like")]


@pytest.mark.system
def test_visits_are_those_of_the_span() -> None:
    asks = visits.visits()
    assert datetime(2000, 1, 1, tzinfo=UTC) <= asks[0].at < asks[-1].at < visits.END
    assert {truth for ask in asks for truth in ask.truths} == {0, 1, visits.LIKE}
