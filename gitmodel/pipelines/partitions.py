"""Write rows as a parquet file that is the same whenever they are the same, in bounded memory."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Row = Mapping[str, Any]
ID, AT = "_prediction", "_at"
_BATCH = 10_000
_DIGITS = 12


def write_partition(rows: Callable[[], Iterator[Row]], folder: Path) -> tuple[Path, int] | None:
    """Write rows into a file ``<time of the first>-<digest>.parquet``.

    Args:
        rows: Gives them, the same each time: types are found in a first pass.
        folder: Where the file goes.

    Returns:
        The file and the number of rows; ``None`` where there is none.
    """
    import pyarrow.parquet as pq

    digest, count, first = hashlib.sha256(), 0, ""
    types: dict[str, pa.DataType] = {}
    for batch in _batches(rows()):
        first = first or re.sub(r"[^0-9TZ]", "", str(batch[0][AT]))[:24]
        count += len(batch)
        for row in batch:
            digest.update(json.dumps(row, sort_keys=True).encode() + b"\n")
        for name in _names(batch):
            known = types.get(name)
            found = _type([row.get(name) for row in batch])
            types[name] = found if known is None else _both(known, found)
    if not count:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{first}-{digest.hexdigest()[:_DIGITS]}.parquet"
    schema = _schema(types)
    with pq.ParquetWriter(file, schema) as writer:
        for batch in _batches(rows()):
            writer.write_table(_table(batch, schema))
    return file, count


def read_ids(files: Iterable[Path]) -> Iterator[str]:
    """Yield the predictions that the rows of parquet files are of; files without that column have none."""
    import pyarrow.parquet as pq

    for file in files:
        with pq.ParquetFile(file) as opened:
            if ID in opened.schema_arrow.names:
                for batch in opened.iter_batches(columns=[ID]):
                    yield from (str(each) for each in batch.column(0).to_pylist())


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _names(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _type(values: list[Any]) -> "pa.DataType":
    import pyarrow as pa

    try:
        return pa.array(values).type
    except (pa.ArrowException, OverflowError):
        return pa.string()


def _both(one: "pa.DataType", other: "pa.DataType") -> "pa.DataType":
    """Return the type that holds both; text where none does."""
    import pyarrow as pa

    try:
        schemas = [pa.schema([("x", one)]), pa.schema([("x", other)])]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except pa.ArrowException:
        return pa.string()


def _schema(types: Mapping[str, "pa.DataType"]) -> "pa.Schema":
    """Put the columns in an order that does not hang on which row came first: ours at the end."""
    import pyarrow as pa

    return pa.schema(sorted(types.items(), key=lambda item: (item[0].startswith("_"), item[0])))


def _table(rows: Iterable[Row], schema: "pa.Schema") -> "pa.Table":
    import pyarrow as pa

    rows = list(rows)
    columns = [_column([row.get(field.name) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(values: list[Any], wanted: "pa.DataType") -> "pa.Array":
    import pyarrow as pa

    if pa.types.is_string(wanted):
        values = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    elif pa.types.is_floating(wanted):
        values = [None if value is None else float(value) for value in values]
    return pa.array(values, type=wanted)
