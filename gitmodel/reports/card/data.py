"""What a data file says of itself: its columns, and how the target is distributed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.training import fetch_file

_LARGEST = 200_000_000  # bytes of a file that is read
_CLASSES = 10


@dataclass(frozen=True)
class TableFacts:
    """The columns of a table with their types, and in words how the target is distributed."""

    columns: tuple[tuple[str, str], ...]
    target: str = ""


def table_facts(repo: Repository, commit: str, path: str, target: str | None) -> TableFacts | None:
    """Return what a data file says; ``None``: it is not on this machine, too large, or cannot be read."""
    try:
        file = fetch_file(repo, commit, path, pull=False)
        return _facts(file, target) if file.stat().st_size <= _LARGEST else None
    except (GitmodelError, OSError):
        return None


def _facts(file: Path, target: str | None) -> TableFacts | None:
    if file.suffix != ".parquet":
        from gitmodel.evaluation import read_frame

        frame = read_frame(file)
        columns = tuple((str(name), str(kind)) for name, kind in frame.dtypes.items())
        return TableFacts(columns, _told(frame[target]) if target in frame.columns else "")
    from pyarrow import ArrowException, parquet

    try:
        schema = parquet.read_schema(file)
        found = parquet.read_table(file, columns=[target]) if target in schema.names else None
    except (ArrowException, OSError):
        return None
    told = _told(found.column(0).to_pandas()) if found is not None else ""
    return TableFacts(tuple((each.name, str(each.type)) for each in schema), told)


def _told(values: Any) -> str:
    """Return the shares of classes, or quartiles of a number."""
    from pandas.api import types

    present = values.dropna()
    if not len(present):
        return ""
    counts = present.value_counts()
    if len(counts) <= _CLASSES or not types.is_numeric_dtype(present.dtype):
        shown = [f"{name} {count / len(present):.1%}" for name, count in counts.head(_CLASSES).items()]
        more = len(counts) - len(shown)
        return ", ".join([*shown, *([f"and {more} more"] if more > 0 else [])])
    low, middle, high = present.quantile([0.25, 0.5, 0.75])
    return f"median {middle:.4g}, half of them {low:.4g} to {high:.4g}"
