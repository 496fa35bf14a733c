"""What the report of a pull request says, and its JSON form.

The round trip law: ``parse_review(json) == review`` for the JSON of ``review_document(review)``. The JSON may
come from the job of a stranger: its schema bounds every text and every list.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

from gitmodel.errors import InvalidFile

Verdict = Literal["passed", "failed", "inconclusive", "error", "untrained"]
LARGEST = 4 * 1024 * 1024  # bytes of the JSON


@dataclass(frozen=True)
class Figure:
    """One metric; ``None``: it was not measured there. ``low`` and ``high`` bound head - base."""

    metric: str
    base: float | None
    head: float | None
    production: float | None
    direction: Literal["better", "worse", "same", "new", "gone"]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class GateLine:
    """What a gate found."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Item:
    """A thing before and after; ``None``: it is not there."""

    name: str
    base: str | None
    head: str | None


@dataclass(frozen=True)
class Shift:
    """How much the distribution of a column moved: population stability index, and both in words."""

    column: str
    psi: float
    base: str
    head: str


@dataclass(frozen=True)
class Code:
    """A file that differs, and how many lines came and went; -1: it is binary."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True)
class Point:
    """A version and a metric of it."""

    version: str
    value: float


@dataclass(frozen=True)
class Drawn:
    """A result whose plots are drawn: what it is called, and its commit."""

    name: str
    commit: str


@dataclass(frozen=True)
class Drawing:
    """A plot; ``head`` and ``rows`` say it as a table, where it is one, and ``note`` what is missing."""

    name: str
    title: str
    note: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class ModelReview:
    """What a change does to one model.

    Attributes:
        model: Its name.
        why: Why it is looked at.
        verdict: What its gates say together; ``untrained``: there is no result.
        headline: That in words.
        merge: What merging does, a line an environment.
        base, production: Names of what the result is compared with; empty: there is nothing.
        rows: Where the metrics are from, in words.
        history_metric: The metric of ``history``, whose points are oldest first.
        latency: Milliseconds for one row: base and head, measured side by side; empty: not measured.
        failure, log: Why there is no result.
        drawn: The results whose plots are drawn, the head's last.
        plots: Their plots.
    """

    model: str
    why: str
    verdict: Verdict
    headline: str
    merge: tuple[str, ...] = ()
    base: str = ""
    production: str = ""
    rows: str = ""
    gates: tuple[GateLine, ...] = ()
    metrics: tuple[Figure, ...] = ()
    parameters: tuple[Item, ...] = ()
    data: tuple[Item, ...] = ()
    shifts: tuple[Shift, ...] = ()
    code: tuple[Code, ...] = ()
    artifact: tuple[Item, ...] = ()
    latency: tuple[float, ...] = ()
    history_metric: str = ""
    history: tuple[Point, ...] = ()
    notebooks: tuple[str, ...] = ()
    failure: str = ""
    log: tuple[str, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    plots: tuple[Drawing, ...] = ()


@dataclass(frozen=True)
class Review:
    """What a change does; ``base`` and ``head`` are commits, ``gone`` are models that it removes."""

    base: str
    head: str
    models: tuple[ModelReview, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every model passes."""
        return all(model.verdict == "passed" for model in self.models)


_PARTS: dict[str, Any] = {
    "gates": GateLine,
    "metrics": Figure,
    "parameters": Item,
    "data": Item,
    "shifts": Shift,
    "code": Code,
    "artifact": Item,
    "history": Point,
}
_LISTS = ("merge", "latency", "notebooks", "log")


def review_document(review: Review) -> dict[str, Any]:
    """Return the report for JSON."""
    document: dict[str, Any] = json.loads(json.dumps(asdict(review)))
    return document


def parse_review(text: bytes) -> Review:
    """Read the JSON of a report, which a stranger may have written.

    Raises:
        InvalidFile: If it is not one, or is larger than a report can be.
    """
    if len(text) > LARGEST:
        raise InvalidFile("the report is too large")
    try:
        document = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidFile("the report is not JSON") from error
    problem = next(iter(_validator().iter_errors(document)), None)
    if problem:
        place = "/".join(map(str, problem.absolute_path))
        raise InvalidFile(f"the report is not what gitmodel writes: {place}: {problem.message[:200]}")
    models = tuple(_model(model) for model in document["models"])
    return Review(document["base"], document["head"], models, tuple(document["gone"]))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def _model(document: dict[str, Any]) -> ModelReview:
    parts = {name: tuple(kind(**part) for part in document[name]) for name, kind in _PARTS.items()}
    lists = {name: tuple(document[name]) for name in _LISTS}
    drawn = tuple(Drawn(**each) for each in document.get("drawn", ()))
    plots = tuple(_drawing(each) for each in document.get("plots", ()))
    return ModelReview(**{**document, **parts, **lists, "drawn": drawn, "plots": plots})


def _drawing(document: dict[str, Any]) -> Drawing:
    rows = tuple(tuple(row) for row in document["rows"])
    return Drawing(**{**document, "head": tuple(document["head"]), "rows": rows})


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    from gitmodel.spec.schemas import load_schema

    return Draft202012Validator(load_schema("review"))
