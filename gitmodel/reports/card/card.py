"""What a model card says of a version: plain values, gathered by `gitmodel.reports.card.reading`."""

from dataclasses import asdict, dataclass
from typing import Any

from gitmodel.metrics.records import Record
from gitmodel.reports.card.slices import SliceReport
from gitmodel.reports.details import record_document, version_document
from gitmodel.reports.lineage import Lineage


@dataclass(frozen=True)
class Field:
    """A column that the model reads or a part of its answer; ``values``: what it may be, in words."""

    name: str
    type: str
    values: str = ""


@dataclass(frozen=True)
class DataFact:
    """A data file: its digest from the tag, and what the file itself says where it is on this machine.

    ``target`` says how the column to predict is distributed, in words.
    """

    path: str
    use: str
    md5: str | None = None
    rows: int | None = None
    size: int | None = None
    columns: int | None = None
    target: str = ""


@dataclass(frozen=True)
class GateFact:
    """A gate: what an environment's promotion noted of it; ``declared``: no promotion has asked it yet."""

    env: str
    verdict: str
    reason: str


@dataclass(frozen=True)
class Place:
    """An environment that wants the version, or did: since when, until when, what became of it there."""

    env: str
    since: str
    by: str
    until: str | None = None
    url: str = ""
    state: str = ""


@dataclass(frozen=True)
class Card:
    """All that a card says of a version.

    Attributes:
        lineage: The version, its training, files, records and deployments.
        description, owners, intended_use, limitations, license: What model.yaml said at its commit.
        kind: ``classification``, ``regression``, ``ranking``, ``command``; "": by the model.
        data: What it was trained and tested on.
        inputs, outputs: Its signature; ``signature`` says where that is from.
        gates: With what they found.
        evaluations: What was measured of it since its training; of live records the newest of each place.
        places: Where it runs, and where it did.
        feedback: How labels come back, in words.
        slices: Where it fails; ``None``: that was not computed.
        unknown: What git does not tell, in words.
    """

    lineage: Lineage
    description: str = ""
    owners: tuple[str, ...] = ()
    intended_use: str = ""
    limitations: tuple[str, ...] = ()
    license: str = ""
    kind: str = ""
    data: tuple[DataFact, ...] = ()
    inputs: tuple[Field, ...] = ()
    outputs: tuple[Field, ...] = ()
    signature: str = ""
    gates: tuple[GateFact, ...] = ()
    evaluations: tuple[Record, ...] = ()
    places: tuple[Place, ...] = ()
    feedback: str = ""
    slices: SliceReport | None = None
    unknown: tuple[str, ...] = ()


def card_document(card: Card) -> dict[str, Any]:
    """Return what ``card --json`` prints."""
    document = asdict(card)
    lineage = document.pop("lineage")
    return {
        **version_document(card.lineage.version),
        **document,
        "training": lineage["training"],
        "incidents": lineage["incidents"],
        "evaluations": [record_document(record) for record in card.evaluations],
    }
