"""The visits of the example recommender in the order of time, and people who click, like, or do nothing."""

import runpy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from bench.replay.scene import Answered, Answers, Ask, Figures, Said, Scene
from gitmodel import resources

BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(weeks=104)
FIRST = 5  # movies that count
NDCG = f"ndcg of the first {FIRST}"
LIKE = 3  # how relevant a movie is that was liked, as the example says
_SEEN = timedelta(minutes=10)  # so long after they were shown
WAYS: Mapping[str, Mapping[str, Any]] = {
    "never retrained": {"retrain": None, "monitor": None, "quality": None},
    "retrained every two months": {
        "retrain": {"schedule": "0 3 1 1-11/2 *"},
        "monitor": {"keep": "90d"},
        "quality": None,
    },
    "self-healing": {"retrain": None, "monitor": {"schedule": "0 2 1,15 * *", "keep": "90d"}},
}


def scene(changes: Mapping[str, Any], asks: Sequence[Ask] | None = None) -> Scene:
    """Return the scene with these keys of model.yaml."""
    return Scene(
        example="recommender",
        model="recommender",
        begin=BEGIN,
        asks=visits() if asks is None else asks,
        users=signals,
        measure=figures,
        shown=NDCG,
        period=timedelta(days=92),
        ways=WAYS,
        parameters={"data": {"until": BEGIN.date().isoformat()}},
        changes=changes,
        tick=timedelta(days=7),
    )


def visits() -> Sequence[Ask]:
    """Return a request for each visit of the span, as the example tells them."""
    file = resources.folder("examples") / "recommender" / "models" / "recommender" / "visits.py"
    asks = []
    for visit in runpy.run_path(str(file))["visits"]():
        at = datetime.fromtimestamp(visit.at, UTC)
        if at >= END:
            break
        if at >= BEGIN:
            truths = tuple(visit.relevance(row["movieId"]) for row in visit.rows)
            asks.append(Ask(at, tuple(visit.rows), truths))
    return asks


def signals(ask: Ask, _: Answers) -> Sequence[Said]:
    """Say which movies were clicked and liked; of the others nothing is said."""
    found = [(number, "click") for number, relevance in enumerate(ask.truths) if relevance]
    found += [(number, "like") for number, relevance in enumerate(ask.truths) if relevance == LIKE]
    return [Said(number, _SEEN, {"signal": signal}) for number, signal in found]


def figures(answered: Sequence[Answered]) -> Figures:
    """Measure how the movies were ranked, at the visits where one was relevant."""
    ranked = [
        _ndcg(each.ask.truths, tuple(answer["prediction"] for answer in each.answers))
        for each in answered
        if any(each.ask.truths)
    ]
    return {NDCG: sum(ranked) / len(ranked) if ranked else 0.0}


@cache
def _ndcg(truths: tuple[Any, ...], scores: tuple[Any, ...]) -> float:
    from sklearn.metrics import ndcg_score

    return float(ndcg_score([truths], [scores], k=FIRST))
