"""Segments: the files in which services keep predictions and labels, read as tables of fixed columns.

A line that cannot be read costs itself alone, and is counted; a last line without its end is not there yet.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gitmodel.metrics.pruned import was_here
from gitmodel.registry.names import model_key

if TYPE_CHECKING:
    import pyarrow as pa

SURE = "p:"  # how the columns of probabilities begin; the class follows
_NOTES = frozenset({"dropped", "pruned"})


@dataclass(frozen=True, eq=False)
class Segment:
    """What one file holds.

    Attributes:
        table: A row a line. Of predictions: ``id``, ``at`` (UTC), ``version``, ``status`` (null where there
            is a prediction), ``ms``, ``prediction`` (as JSON text, words without quotes), and the probability
            of each class. Of labels: ``prediction`` (its id), ``at``, ``label`` (written as a prediction),
            and the ``signal`` that gave it.
        inputs: The input of each row, where predictions have some.
        broken: Lines that are not what they must be.
        dropped: Lines that the service says it could not keep.
        pruned: Segments that it says it deleted, and how many lines they had.
    """

    table: "pa.Table"
    inputs: "pa.ChunkedArray | list[Any] | None" = None
    broken: int = 0
    dropped: int = 0
    pruned: Mapping[str, int] = field(default_factory=dict)


def find_segments(folder: Path, kind: Literal["predictions", "feedback"], model: str) -> list[Path]:
    """Return the segments of a model, of all hosts.

    Args:
        folder: What was collected of an environment: a folder a host.
        kind: Which of the two.
        model: Name of the model.
    """
    return sorted(folder.glob(f"*/{kind}/{model_key(model)}/*.jsonl"))


def find_others(folder: Path, model: str) -> list[Path]:
    """Return the segments of the predictions of all other models."""
    own = set(find_segments(folder, "predictions", model))
    return sorted(set(folder.glob("*/predictions/*/*.jsonl")) - own)


def read_predictions(file: Path) -> Segment:
    """Read a segment of predictions; what was deleted on its host uncollected is lost."""
    found = _read(file, _fast_predictions, _slow_predictions)
    lost = sum(lines for name, lines in found.pruned.items() if not _is_collected(file, name))
    return replace(found, dropped=found.dropped + lost)


def read_labels(file: Path) -> Segment:
    """Read a segment of labels."""
    return _read(file, _fast_labels, _slow_labels)


def as_text(value: Any) -> str:
    """Write a label or a prediction as the columns have it: equal values give equal texts, 1 and 1.0 too."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return json.dumps(value, sort_keys=True)


def microseconds(moment: datetime) -> int:
    """Return a moment as the columns of times have it."""
    return round(moment.timestamp() * 1_000_000)


def _is_collected(file: Path, name: str) -> bool:
    labels = file.parents[2] / "feedback" / file.parent.name
    return Path(name).name == name and any(was_here(folder, name) for folder in (file.parent, labels))


def _read(file: Path, fast: Callable[[bytes], Segment], slow: Callable[[Iterator[Any]], Segment]) -> Segment:
    import pyarrow as pa

    try:
        data = file.read_bytes()
    except FileNotFoundError:  # old copies go while this runs
        data = b""
    data = data[: data.rfind(b"\n") + 1]
    try:
        return fast(data)
    except (pa.ArrowException, UnicodeDecodeError):
        # One line is broken, or a value has another type than before: only then is each line read alone.
        return slow(_lines(data))


def _lines(data: bytes) -> Iterator[Any]:
    """Yield the value of each line that is not blank; ``None``: it is not JSON."""
    for line in data.split(b"\n"):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _parsed(data: bytes, **types: "pa.DataType") -> "pa.Table":
    """Read lines all at once; columns without a given type get one by what they hold."""
    import pyarrow as pa
    from pyarrow import json as arrow_json

    schema = pa.schema([("at", pa.timestamp("us", "UTC")), *types.items()])
    if not data:
        return schema.empty_table()
    return arrow_json.read_json(
        pa.BufferReader(data), parse_options=arrow_json.ParseOptions(explicit_schema=schema)
    )


def _fast_predictions(data: bytes) -> Segment:
    import pyarrow as pa
    import pyarrow.compute as pc

    text, number = pa.string(), pa.int64()
    notes = {"dropped": number, "pruned": number, "segment": text}
    raw = _parsed(data, id=text, version=text, status=number, ms=pa.float64(), **notes)
    output = raw["output"] if "output" in raw.column_names else pa.nulls(len(raw), pa.struct([]))
    names = ("id", "at", "version", "status", "ms")
    columns = {name: raw[name] for name in names}
    columns["prediction"] = _texts(_field(output, "prediction", len(raw)))
    sure = _field(output, "probabilities", len(raw))
    for name in [each.name for each in sure.type] if pa.types.is_struct(sure.type) else ():
        columns[SURE + name] = pc.struct_field(sure, name).cast(pa.float64())
    table = pa.table(columns)
    inputs = raw["input"] if "input" in raw.column_names else None
    told = pc.or_(pc.is_valid(raw["dropped"]), pc.is_valid(raw["pruned"]))
    known = pc.and_(pc.is_valid(raw["id"]), pc.is_valid(raw["at"]))
    good = pc.and_(known, pc.or_(pc.is_valid(raw["status"]), pc.is_valid(columns["prediction"])))
    kept = pc.and_(good, pc.invert(told))
    if not pc.all(kept).as_py():
        table = table.filter(kept)
        inputs = None if inputs is None else inputs.filter(kept)
    noted = raw.select([*notes]).filter(told).to_pylist()
    return Segment(table, inputs, len(raw) - len(table) - len(noted), *_told(noted))


def _told(notes: Iterable[Mapping[str, Any]]) -> tuple[int, dict[str, int]]:
    """Return how many lines were dropped, and those of each deleted segment."""
    dropped, pruned = 0, {}
    for note in notes:
        if note.get("dropped") is not None:
            dropped += max(0, note["dropped"])
        elif note.get("segment") is not None:
            pruned[note["segment"]] = max(0, note["pruned"])
    return dropped, pruned


def _field(values: Any, name: str, rows: int) -> Any:
    """Return one field of objects; nulls where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_struct(values.type) and values.type.get_field_index(name) >= 0:
        return pc.struct_field(values, name)
    return pa.chunked_array([pa.nulls(rows)])


def _texts(values: Any) -> Any:
    """Write a column as `as_text` does.

    Raises:
        pa.ArrowInvalid: If values must be written one by one: dates were texts, which is lost here.
    """
    import pyarrow as pa

    kind = values.type
    if pa.types.is_string(kind):
        return values
    plain = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_null)
    if any(is_of(kind) for is_of in plain):
        return values.cast(pa.string())  # whole numbers without a dot
    raise pa.ArrowInvalid("neither a number, a text nor a truth")


def _fast_labels(data: bytes) -> Segment:
    import pyarrow as pa
    import pyarrow.compute as pc

    raw = _parsed(data, prediction=pa.string(), signal=pa.string())
    label = raw["label"] if "label" in raw.column_names else pa.chunked_array([pa.nulls(len(raw))])
    columns = {name: raw[name] for name in ("prediction", "at")}
    signal = pc.fill_null(raw["signal"], "label")
    table = pa.table({**columns, "label": _texts(label), "signal": signal})
    good = pc.and_(
        pc.and_(pc.is_valid(table["prediction"]), pc.is_valid(table["at"])), pc.is_valid(table["label"])
    )
    kept = table if pc.all(good).as_py() else table.filter(good)
    return Segment(kept, None, len(table) - len(kept))


def _slow_predictions(lines: Iterator[Any]) -> Segment:
    rows: list[dict[str, Any]] = []
    inputs: list[Any] = []
    notes: list[dict[str, Any]] = []
    broken = 0
    for line in lines:
        try:
            if "id" not in line and not _NOTES.isdisjoint(line):
                notes.append(_note(line))
                continue
            rows.append(_prediction(line))
            inputs.append(line.get("input"))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            broken += 1
    import pyarrow as pa

    sure = sorted({name for row in rows for name in row if name.startswith(SURE)})
    plain = {"id": pa.string(), "at": pa.timestamp("us", "UTC"), "version": pa.string()}
    types = {**plain, "status": pa.int64(), "ms": pa.float64(), "prediction": pa.string()}
    schema = pa.schema([*types.items(), *((name, pa.float64()) for name in sure)])
    return Segment(pa.Table.from_pylist(rows, schema), inputs, broken, *_told(notes))


def labels_schema() -> "pa.Schema":
    """Return the columns of labels."""
    import pyarrow as pa

    text = pa.string()
    at = pa.timestamp("us", "UTC")
    return pa.schema([("prediction", text), ("at", at), ("label", text), ("signal", text)])


def _slow_labels(lines: Iterator[Any]) -> Segment:
    rows, broken = [], 0
    for line in lines:
        try:
            rows.append(
                {
                    "prediction": _word(line["prediction"]),
                    "at": _time(line["at"]),
                    "label": _plain(line["label"]),
                    "signal": _word(line.get("signal", "label")),
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
            broken += 1
    import pyarrow as pa

    return Segment(pa.Table.from_pylist(rows, labels_schema()), None, broken)


def _prediction(line: Any) -> dict[str, Any]:
    version, status, ms, output = line.get("version"), line.get("status"), line.get("ms"), line.get("output")
    row: dict[str, Any] = {"id": _word(line["id"]), "at": _time(line["at"])}
    row["version"] = None if version is None else _word(str(version))
    row["ms"] = None if ms is None or not math.isfinite(ms) else float(ms)
    if status is not None:
        return {**row, "status": int(status)}
    row["prediction"] = _plain(output["prediction"])
    for name, chance in (output.get("probabilities") or {}).items():
        row[SURE + _word(name)] = float(chance)
    return row


def _note(line: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: int(line[name]) for name in _NOTES if name in line}
    return {**counts, "segment": _word(line.get("segment", ""))}


def _plain(value: Any) -> str:
    if value is None:
        raise ValueError("neither a label nor a prediction")
    text = as_text(value)
    text.encode()  # half of a surrogate pair is no text
    return text


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    value.encode()
    return value


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
