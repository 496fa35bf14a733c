"""One measurement as one line of canonical JSON.

The round trip law: ``parse_record(format_record(r)) == r``. Lines are equal exactly where records are.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.metrics.values import Metrics, read_metrics

METRICS_REF = "refs/notes/metrics"
KINDS = ("training", "evaluation", "live")


@dataclass(frozen=True)
class Dataset:
    """The rows that were measured on."""

    name: str
    md5: str | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Record:
    """What was measured of a model, when and by whom.

    Attributes:
        model: Name of the model.
        kind: ``training``, ``evaluation`` or ``live``.
        metrics: Numbers by name.
        at: When, in UTC, as RFC 3339 writes it: ``2026-11-27T15:46:31Z``.
        by: Who or which run measured.
        version: The version, once there is one.
        dataset: What it was measured on.
        run: Digest of the inputs of the training.
    """

    model: str
    kind: str
    metrics: Metrics
    at: str
    by: str
    version: str | None = None
    dataset: Dataset | None = None
    run: str | None = None


def now() -> str:
    """Return the time in UTC as records have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def canonical_json(value: Any) -> str:
    """Write a value as one line: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def format_record(record: Record) -> str:
    """Write a record as one line."""
    document: dict[str, Any] = {
        "model": record.model,
        "kind": record.kind,
        "metrics": record.metrics,
        "at": record.at,
        "by": record.by,
        "version": record.version,
        "run": record.run,
    }
    if record.dataset:
        dataset = {"name": record.dataset.name, "md5": record.dataset.md5, "rows": record.dataset.rows}
        document["dataset"] = {key: value for key, value in dataset.items() if value is not None}
    return canonical_json({key: value for key, value in document.items() if value is not None})


def parse_record(line: str) -> Record:
    """Read a line; keys that a later release may have added are passed over.

    Raises:
        InvalidFile: If it is not a record.
    """
    try:
        document = json.loads(line)
        dataset = document.get("dataset")
        record = Record(
            model=str(document["model"]),
            kind=str(document["kind"]),
            metrics=read_metrics(document["metrics"], "the record"),
            at=str(document["at"]),
            by=str(document["by"]),
            version=document.get("version"),
            dataset=Dataset(dataset["name"], dataset.get("md5"), dataset.get("rows")) if dataset else None,
            run=document.get("run"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidFile(f"not a record of metrics: {line[:80]!r}") from error
    if record.kind not in KINDS:
        raise InvalidFile(f"a record of metrics of unknown kind {record.kind!r}: {line[:80]!r}")
    return record
