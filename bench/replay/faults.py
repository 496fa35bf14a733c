"""What goes wrong among the mails: labels that lie, another kind of spam, a field that breaks upstream."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.replay import mails
from bench.replay.scene import Answers, Ask, Said, Scene

BEGIN = datetime(2012, 2, 12, tzinfo=UTC)  # six weeks are known
FROM, UNTIL, END = (BEGIN + timedelta(days=days) for days in (7, 14, 28))
_QUALITY = [
    {
        "metric": "roc_auc",
        "window": "5d",
        "min_samples": 80,
        "min": 0.8,
        "when_broken": ["alert", "retrain", "rollback"],
        "cool_down": "2d",
        "max_attempts": 4,
    },
    {"metric": "drift", "window": "5d", "min_samples": 80, "max": 0.5, "when_broken": ["alert"]},
]
Users = Callable[[Ask, Answers], Sequence[Said]]


@dataclass(frozen=True)
class Fault:
    """What goes wrong from ``FROM`` on, in words, and the scene; ``lasts`` where it does not end again."""

    words: str
    scene: Scene
    lasts: bool = False


def faults() -> Sequence[Fault]:
    """Return a scene of four weeks for each fault; it begins after one, and all but one end after two."""
    asks = [ask for ask in mails.mails(BEGIN) if ask.at < END]
    return [
        Fault("labels are poisoned: all that is said is wrong", _scene(asks, _liars)),
        Fault(
            "spam changes: it looks like answers to mails that were sent",
            _scene([_changed(ask, _pose_as_answers, END) for ask in asks], mails.corrections),
            lasts=True,
        ),
        Fault(
            "a field breaks upstream: all mails have no size",
            _scene([_changed(ask, _lose_size, UNTIL) for ask in asks], mails.corrections),
        ),
    ]


def _scene(asks: Sequence[Ask], users: Users) -> Scene:
    scene = mails.scene({"retrain": None, "quality": _QUALITY}, asks, BEGIN)
    return replace(scene, users=users)


def _liars(ask: Ask, answers: Answers) -> Sequence[Said]:
    """Say the opposite of what is true of each mail, while the fault lasts."""
    if not FROM <= ask.at < UNTIL:
        return mails.corrections(ask, answers)
    lies = tuple(1 - truth for truth in ask.truths)
    return mails.corrections(replace(ask, truths=lies), answers)


def _changed(ask: Ask, change: Callable[[Any, int], Mapping[str, Any]], until: datetime) -> Ask:
    if not FROM <= ask.at < until:
        return ask
    return replace(ask, rows=tuple(map(change, ask.rows, ask.truths)))


def _pose_as_answers(row: Mapping[str, Any], truth: int) -> Mapping[str, Any]:
    return {**row, "re_subj": 1, "sent_email": 1, "number": "small", "format": 1} if truth else row


def _lose_size(row: Mapping[str, Any], _truth: int) -> Mapping[str, Any]:
    return {**row, "num_char": 0.0, "line_breaks": 0}
