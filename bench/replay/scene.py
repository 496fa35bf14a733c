"""What is replayed: requests in the order of time, and what users say of the answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class Ask:
    """A request: its rows, and what is true of each."""

    at: datetime
    rows: tuple[Mapping[str, Any], ...]
    truths: tuple[Any, ...]


@dataclass(frozen=True)
class Said:
    """What a user says of a row of an answer, and how long afterwards."""

    row: int
    after: timedelta
    words: Mapping[str, Any]


Answers = Sequence[Mapping[str, Any]]
Figures = Mapping[str, float]  # by name, in the order of a table's columns


@dataclass(frozen=True)
class Answered:
    """A request with its answers."""

    ask: Ask
    answers: Answers


@dataclass(frozen=True)
class Scene:
    """A model among its users.

    Attributes:
        example: Name of the example's folder.
        model: Name of the model.
        begin: When its first version goes live.
        asks: Requests from then on, in the order of time.
        users: What they say of the answers to a request.
        measure: How good the answers to some requests were.
        shown: The figure that is shown over time.
        period: Of how much time each.
        ways: Who retrains, by name: what ``changes`` is then.
        parameters: What is set in params.yaml, by section.
        tick: How often schedules are looked at.
        changes: Keys of model.yaml that are set; ``None`` removes one.
    """

    example: str
    model: str
    begin: datetime
    asks: Sequence[Ask]
    users: Callable[[Ask, Answers], Sequence[Said]]
    measure: Callable[[Sequence[Answered]], Figures]
    shown: str
    period: timedelta
    ways: Mapping[str, Mapping[str, Any]]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)
    tick: timedelta = timedelta(days=1)
