"""Predictions joined with their labels."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gitmodel.monitoring.labels import meant, settle
from gitmodel.monitoring.segments import (
    Segment,
    find_others,
    find_segments,
    labels_schema,
    microseconds,
    read_labels,
    read_predictions,
)
from gitmodel.spec.model import FeedbackSpec

if TYPE_CHECKING:
    import pyarrow as pa

NEW, REPEATED, CONTRADICTING = range(3)
_AHEAD = timedelta(minutes=5)  # clocks differ


@dataclass(frozen=True, eq=False)
class Frames:
    """All that was collected of a model in an environment.

    Attributes:
        predictions: See `Segment.table`; ids are distinct.
        at: When, in microseconds since 1970, shape (predictions,).
        label: Of each prediction, a text; null where it is not known.
        silent: Whether it is that of silence: nobody has given it.
        waiting: Whether one was given that does not count yet, as silence would not.
        inputs: Of each prediction, in parts.
        label_row: Of each line with a label, the row of its prediction, or -1; shape (labels,).
        label_at: When it was given.
        label_kind: ``NEW``, ``REPEATED`` or ``CONTRADICTING``.
        foreign: Labels of predictions of another model.
        broken: See `gitmodel.monitoring.measurement.Counts`, as the next two.
        future: Lines whose time has not come yet; they are left out.
        dropped: Lines that were lost.
    """

    predictions: "pa.Table"
    at: NDArray[np.int64]
    label: "pa.Array"
    silent: NDArray[np.bool_]
    waiting: NDArray[np.bool_]
    inputs: "Sequence[Any]"
    label_row: NDArray[np.int64]
    label_at: NDArray[np.int64]
    label_kind: NDArray[np.int8]
    foreign: int
    broken: int
    future: int
    dropped: int

    def sample_inputs(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Return the inputs of some predictions, given by ascending row; empty where there is none."""
        starts = [0, *accumulate(len(part) for part in self.inputs)]
        found: list[Any] = []
        for number, part in enumerate(self.inputs):
            first, last = np.searchsorted(rows, [starts[number], starts[number + 1]])
            found += _taken(part, rows[first:last] - starts[number])
        return [each if isinstance(each, dict) else {} for each in found]

    def input_column(self, rows: NDArray[np.int64], name: str) -> list[Any]:
        """Return one column of the inputs of some predictions, given by ascending row."""
        starts = [0, *accumulate(len(part) for part in self.inputs)]
        found: list[Any] = []
        for number, part in enumerate(self.inputs):
            first, last = np.searchsorted(rows, [starts[number], starts[number + 1]])
            found += _column(part, rows[first:last] - starts[number], name)
        return found


def read_frames(
    folder: Path,
    model: str,
    now: datetime,
    feedback: FeedbackSpec | None = None,
    complete: datetime | None = None,
) -> Frames:
    """Read and join what was collected.

    Args:
        folder: What was collected of an environment: a folder a host.
        model: Name of the model.
        now: Lines of a later time are left out, and counted.
        feedback: What is a label, and which counts where a prediction has several.
        complete: All feedback up to this time is there; ``None``: nothing can be said about silence.
    """
    limit = microseconds(now + _AHEAD)
    segments = [read_predictions(file) for file in find_segments(folder, "predictions", model)]
    predictions, inputs, early = _predictions(segments, limit)
    given = [read_labels(file) for file in find_segments(folder, "feedback", model)]
    labels, of_future = _labels(given, limit)
    labels = meant(labels, feedback)
    rows = _rows_of(labels["prediction"], predictions["id"])
    at = _times(labels)
    texts = labels["label"].combine_chunks()
    signals = labels["signal"].combine_chunks()
    kinds, chosen = _judged(rows, at, texts, signals, feedback.label if feedback else "latest")
    made = _times(predictions)
    label = _spread(texts, rows, chosen, len(predictions))
    label, silent, waiting = settle(predictions, made, label, feedback, complete and min(now, complete))
    foreign = _foreign(labels["prediction"], rows, find_others(folder, model))
    both = [*segments, *given]
    return Frames(
        predictions,
        made,
        label,
        silent,
        waiting,
        inputs,
        rows,
        at,
        kinds,
        foreign,
        sum(each.broken for each in both),
        early + of_future,
        sum(each.dropped for each in both),
    )


def _times(table: "pa.Table") -> NDArray[np.int64]:
    import pyarrow as pa

    found: NDArray[np.int64] = table["at"].cast(pa.int64()).to_numpy()
    return found


def _predictions(segments: Sequence[Segment], limit: int) -> "tuple[pa.Table, list[Any], int]":
    """Join segments; leave out what is of the future, and ids that were there before."""
    import pyarrow as pa

    empty = pa.schema(
        [
            ("id", pa.string()),
            ("at", pa.timestamp("us", "UTC")),
            ("version", pa.string()),
            ("status", pa.int64()),
            ("ms", pa.float64()),
            ("prediction", pa.string()),
        ]
    ).empty_table()
    table = pa.concat_tables([empty, *(each.table for each in segments)], promote_options="default")
    inputs = [each.inputs if each.inputs is not None else [None] * len(each.table) for each in segments]
    kept = _times(table) <= limit
    early = len(kept) - int(kept.sum())
    kept &= _is_first(table["id"])
    if not kept.all():
        inputs = [_Chosen(inputs, np.flatnonzero(kept))]
        table = table.filter(pa.array(kept))
    return table, inputs, early


def _is_first(ids: "pa.ChunkedArray") -> NDArray[np.bool_]:
    """Say of each id whether it was not there before; lines are kept once whatever brings them twice."""
    import pyarrow.compute as pc

    if pc.count_distinct(ids).as_py() == len(ids):
        return np.ones(len(ids), bool)
    codes = ids.combine_chunks().dictionary_encode().indices.to_numpy()
    first = np.zeros(len(ids), bool)
    first[np.unique(codes, return_index=True)[1]] = True
    return first


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Some rows of the inputs of several segments, looked up only when they are asked for."""

    parts: Sequence[Any]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def taken(self, rows: NDArray[np.int64]) -> list[Any]:
        starts = [0, *accumulate(map(len, self.parts))]
        found = []
        for row in self.rows[rows].tolist():
            part = bisect_right(starts, row) - 1
            found += _taken(self.parts[part], np.array([row - starts[part]]))
        return found


def _taken(part: Any, rows: NDArray[np.int64]) -> list[Any]:
    if isinstance(part, _Chosen):
        return part.taken(rows)
    if isinstance(part, list):
        return [part[row] for row in rows.tolist()]
    found: list[Any] = part.take(rows).to_pylist()
    return found


def _column(part: Any, rows: NDArray[np.int64], name: str) -> list[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(part, pa.ChunkedArray) and pa.types.is_struct(part.type):
        if part.type.get_field_index(name) < 0:
            return [None] * len(rows)
        found: list[Any] = pc.struct_field(part, name).take(rows).to_pylist()
        return found
    return [each.get(name) if isinstance(each, dict) else None for each in _taken(part, rows)]


def _labels(segments: Sequence[Segment], limit: int) -> "tuple[pa.Table, int]":
    import pyarrow as pa

    table = pa.concat_tables([labels_schema().empty_table(), *(each.table for each in segments)])
    kept = _times(table) <= limit
    return (table if kept.all() else table.filter(pa.array(kept))), len(kept) - int(kept.sum())


def _rows_of(wanted: "pa.ChunkedArray", ids: "pa.ChunkedArray") -> NDArray[np.int64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(wanted, value_set=ids.combine_chunks())
    rows: NDArray[np.int64] = pc.fill_null(found.cast(pa.int64()), -1).to_numpy()
    return rows


def _judged(
    rows: NDArray[np.int64], at: NDArray[np.int64], texts: "pa.Array", signals: "pa.Array", which: str
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Return the kind of each label, and which labels count: one for each prediction that has any.

    A label repeats or contradicts the one before it, by their times (of two at one time the greater is the
    later), of the same prediction. A like contradicts no click.
    """
    import pyarrow.compute as pc

    kinds = np.zeros(len(rows), np.int8)
    known = np.flatnonzero(rows >= 0)
    times = np.bincount(rows[known]) if len(known) else np.zeros(0, np.int64)
    several = known[times[rows[known]] > 1]
    once = known[times[rows[known]] == 1]
    if not len(several):
        return kinds, once
    words, said = _ranks(texts)[several], _ranks(signals)[several]
    order = np.lexsort((words, at[several], rows[several]))
    words, said, several = words[order], said[order], several[order]
    plain = pc.equal(signals, "label").to_numpy(zero_copy_only=False)[several]
    same_row = rows[several][1:] == rows[several][:-1]
    is_same = words[1:] == words[:-1]
    is_other = (said[1:] == said[:-1]) | plain[1:] | plain[:-1]
    odd = np.where(is_same, REPEATED, np.where(is_other, CONTRADICTING, NEW))
    kinds[several[1:]] = np.where(same_row, odd, NEW)
    ends = np.r_[True, ~same_row] if which == "first" else np.r_[~same_row, True]
    return kinds, np.r_[once, several[ends]]


def _ranks(texts: "pa.Array") -> NDArray[np.int64]:
    """Return numbers that sort as the texts do."""
    encoded = texts.dictionary_encode()
    order = np.argsort(np.array(encoded.dictionary.to_pylist(), object))
    ranks: NDArray[np.int64] = np.argsort(order)[encoded.indices.to_numpy()]
    return ranks


def _spread(texts: "pa.Array", rows: NDArray[np.int64], chosen: NDArray[np.int64], count: int) -> "pa.Array":
    """Put the labels that count beside their predictions."""
    import pyarrow as pa

    place = np.full(count, -1, np.int64)
    place[rows[chosen]] = chosen
    return texts.take(pa.array(place, mask=place < 0))


def _foreign(wanted: "pa.ChunkedArray", rows: NDArray[np.int64], files: Sequence[Path]) -> int:
    """Count labels of predictions that another model made."""
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = wanted.filter(pa.array(rows < 0))
    if not len(missing):
        return 0
    found = np.zeros(len(missing), bool)
    for file in files:
        ids = read_predictions(file).table["id"].combine_chunks()
        found |= pc.is_in(missing, value_set=ids).to_numpy()
    return int(found.sum())
