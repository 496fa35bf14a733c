"""One measurement as one line of canonical JSON.

The round trip law: ``parse_record(format_record(r)) == r``. Lines are equal exactly where records are.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gitmodel import clock
from gitmodel.errors import InvalidFile
from gitmodel.metrics.values import Metrics, read_metrics

METRICS_REF = "refs/notes/metrics"
_SHOWN = 80  # characters of a broken line, in messages
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
    return utc(clock.now().timestamp())


def utc(seconds: float) -> str:
    """Return a time, in seconds since 1970, as records have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
    except (ValueError, RecursionError) as error:
        raise InvalidFile(f"not JSON: {line[:_SHOWN]!r}") from error
    try:
        dataset = document.get("dataset")
        record = Record(
            model=_text(document["model"]),
            kind=_text(document["kind"]),
            metrics=read_metrics(document["metrics"], "the record"),
            at=_text(document["at"]),
            by=_text(document["by"]),
            version=_maybe(document.get("version")),
            dataset=_dataset(dataset) if dataset else None,
            run=_maybe(document.get("run")),
        )
    except KeyError as error:
        raise InvalidFile(f"a record of metrics without {error}: {line[:_SHOWN]!r}") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidFile(f"not a record of metrics: {line[:_SHOWN]!r}") from error
    if record.kind not in KINDS:
        raise InvalidFile(f"a record of metrics of unknown kind {record.kind!r}: {line[:_SHOWN]!r}")
    return record


def _dataset(document: Any) -> Dataset:
    rows = document.get("rows")
    if not isinstance(rows, int | None):
        raise TypeError("rows is no whole number")
    return Dataset(_text(document["name"]), _maybe(document.get("md5")), rows)


def _maybe(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    """Return a text that can be written again; a whole number, as people write versions, is one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("not a text")
    text = str(value)
    text.encode("utf-8", "surrogateescape")
    return text
