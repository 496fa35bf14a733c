"""Labelled rows, read from the files that training uses too."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel.errors import InvalidFile, ToolFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

_PARQUET = {".parquet", ".pq"}
_LINES = {".jsonl", ".ndjson"}
_SEPARATORS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled rows.

    ``frame`` has shape (rows, features) and does not hold the target; ``labels`` has shape (rows,) and
    no missing value; ``target`` is the name of its column.
    """

    name: str
    md5: str
    frame: "pd.DataFrame"
    labels: "pd.Series[Any]"
    target: str

    @property
    def rows(self) -> int:
        """How many rows there are; at least one."""
        return len(self.frame)


def load_dataset(file: Path, target: str, *, name: str = "", md5: str = "") -> Dataset:
    """Read a data file and split its target off.

    Args:
        file: Parquet, CSV, TSV (either may be compressed: ``.csv.gz``), JSON lines or a JSON array of rows.
        target: The column to predict.
        name: What records and messages call the data; default: the file's name.
        md5: The file's MD5 where it is known; else it is computed.

    Raises:
        InvalidFile: If the file is missing, empty, unreadable, or lacks the target or some of its values.
    """
    name = name or file.name
    return labelled(read_frame(file, name), target, name=name, md5=md5 or _md5(file))


def labelled(frame: "pd.DataFrame", target: str, *, name: str, md5: str = "") -> Dataset:
    """Split the target off a table that is at hand; see `load_dataset`.

    Raises:
        InvalidFile: If it has no rows, or lacks the target or some of its values.
    """
    if target not in frame.columns:
        columns = ", ".join(map(str, frame.columns[:20]))
        raise InvalidFile(
            f"{name} has no column {target!r}", hint=f"set `data.target` in model.yaml to one of: {columns}"
        )
    if frame.empty:
        raise InvalidFile(f"{name} has no rows")
    missing = int(frame[target].isna().sum())
    if missing:
        raise InvalidFile(
            f"{missing} of {len(frame)} rows of {name} have no value in the target column {target!r}",
            hint="remove those rows where the data are made",
        )
    return Dataset(name, md5, frame.drop(columns=[target]), frame[target], target)


def read_frame(file: Path, name: str = "") -> "pd.DataFrame":
    """Read a data file of any supported format, by its ending.

    Raises:
        InvalidFile: If it is missing, of an unknown format, or not what its ending says.
    """
    name = name or file.name
    if not file.is_file():
        raise InvalidFile(f"the data file {name} does not exist", hint="run `dvc pull` to bring it")
    reader = _reader(file)
    if reader is None:
        raise InvalidFile(
            f"{name} is of a format that cannot be read",
            hint="use a file that ends in .parquet, .csv, .tsv, .jsonl or .json",
        )
    try:
        return reader()
    except ImportError as error:
        raise ToolFailed(f"{name} cannot be read: {error}") from error
    except (ValueError, OSError, LookupError) as error:  # pandas' and pyarrow's errors are among these
        words = str(error).strip() or type(error).__name__
        raise InvalidFile(f"{name} cannot be read: {words.splitlines()[0]}") from error


def _reader(file: Path) -> "Callable[[], pd.DataFrame] | None":
    import pandas as pd

    endings = [ending.lower() for ending in file.suffixes]
    if _PARQUET & set(endings[-1:]):
        return lambda: pd.read_parquet(file)
    for ending, separator in _SEPARATORS.items():
        if ending in endings[-2:]:
            return lambda: pd.read_csv(file, sep=separator)
    if _LINES & set(endings[-2:]):
        return lambda: pd.read_json(file, lines=True)
    if ".json" in endings[-2:]:
        return lambda: pd.read_json(file, orient="records")
    return None


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
