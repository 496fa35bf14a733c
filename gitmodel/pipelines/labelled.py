"""Join predictions with their labels, in bounded memory: a database on disk that ends with its use."""

import json
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from gitmodel.registry.names import model_key

_ID = re.compile(r"[0-9a-f]{16}-[0-9]{1,9}")
_NAMED = 3  # broken lines that are told one by one
_BATCH = 5000
_TABLES = """
pragma journal_mode = off;
pragma synchronous = off;
create table labels (id text primary key, at text, label text, kind text, origin text) without rowid;
create table rows (id text primary key, at text, version text, input text) without rowid;
create table done (id text primary key) without rowid;
"""
# A label that says the same at the same time is the same; of two at one time the greater text counts.
_LABEL = """
insert into labels values (?, ?, ?, ?, ?) on conflict (id) do update set
    at = excluded.at, label = excluded.label, kind = excluded.kind, origin = excluded.origin
where (excluded.at, excluded.label) {sign} (labels.at, labels.label)
"""
_ROW = "insert or ignore into rows select ?1, ?2, ?3, ?4 where exists (select 1 from labels where id = ?1)"
_JOINED = """
select rows.id, rows.at, rows.version, rows.input, labels.label, labels.origin
from rows join labels using (id)
where labels.kind = (select kind from labels join rows using (id) group by kind order by count(*) desc, kind)
and rows.id not in (select id from done)
order by rows.at, rows.id
"""
_ODD = """
select count(*) from rows join labels using (id)
where kind != (select kind from labels join rows using (id) group by kind order by count(*) desc, kind)
"""


class Labelled:
    """Predictions whose label is known.

    Attributes:
        broken: Lines that could not be read.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.broken = 0

    @property
    def odd(self) -> int:
        """Labels of another kind (number, word, truth value) than most have: no column holds both."""
        return int(self._database.execute(_ODD).fetchone()[0])

    def leave_out(self, ids: Iterable[str]) -> None:
        """Set the predictions that are data already, in place of those that were set before."""
        self._database.execute("delete from done")
        self._database.executemany("insert or ignore into done values (?)", ((each,) for each in ids))

    def rows(self, target: str) -> Iterator[dict[str, Any]]:
        """Yield a row a prediction, oldest first: its inputs, the label as the target, where it is from."""
        for name, at, version, given, label, origin in self._database.execute(_JOINED):
            about = {"_prediction": name, "_version": version, "_at": at, "_origin": origin}
            yield {**json.loads(given), target: json.loads(label), **about}


@contextmanager
def read_labelled(
    folder: Path,
    model: str,
    which: Literal["latest", "first"],
    *,
    workspace: Path,
    say: Callable[[str], None],
) -> Iterator[Labelled]:
    """Read what was collected of a model from all hosts of an environment.

    Args:
        folder: A folder a host.
        model: Its name.
        which: The label that counts where a prediction has several.
        workspace: A folder for the database.
        say: Told of lines that cannot be read.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="labelled-", dir=workspace) as place,
        closing(sqlite3.connect(Path(place) / "labelled.db", isolation_level=None)) as database,
    ):
        database.executescript(_TABLES)
        database.execute("begin")  # one transaction for all: it is thrown away at the end
        found = Labelled(database)
        label = _LABEL.format(sign=">" if which == "latest" else "<")
        for kind, statement, read in (("feedback", label, _label), ("predictions", _ROW, _prediction)):
            for file in sorted(folder.glob(f"*/{kind}/{model_key(model)}/*.jsonl")):
                _load(found, database, statement, file, read, model, say)
        yield found


def _load(  # noqa: PLR0917 - each is another part of one step
    found: Labelled,
    database: sqlite3.Connection,
    statement: str,
    file: Path,
    read: "Callable[[dict[str, Any], str], tuple[str, ...] | None]",
    model: str,
    say: Callable[[str], None],
) -> None:
    batch: list[tuple[str, ...]] = []
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                break  # it is not there yet
            try:
                values = read(json.loads(line), model)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                found.broken += 1
                if found.broken <= _NAMED:
                    say(f"{file.parts[-4 - model.count('/')]}: {file.name}, line {number} is broken: {error}")
                continue
            if values:
                batch.append(values)
            if len(batch) >= _BATCH:
                database.executemany(statement, batch)
                batch.clear()
    database.executemany(statement, batch)


def _label(line: dict[str, Any], _model: str) -> tuple[str, ...] | None:
    """Return a label as the table has it; ``None`` for one that is of no whole id, or no plain value."""
    label, name = line["label"], line["prediction"]
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ValueError("`prediction` is no id of a row")
    if isinstance(label, bool):
        kind = "truth"
    elif isinstance(label, int | float):
        kind = "number"
    elif isinstance(label, str):
        kind = "word"
    else:
        raise TypeError("the label is no number, word or truth value")
    origin = line.get("origin")
    return name, _text(line["at"]), _json(label), kind, _text(origin) if isinstance(origin, str) else "user"


def _prediction(line: dict[str, Any], model: str) -> tuple[str, ...] | None:
    if line.get("model", model) != model or "input" not in line:
        return None  # a request that failed, or what the service says of itself
    name, given = line["id"], line["input"]
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ValueError("`id` is no id of a row")
    if not isinstance(given, dict):
        raise TypeError("`input` has no columns")
    return name, _text(line["at"]), _text(line["version"]), _json(given)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a field is no text")
    value.encode()
    return value


def _json(value: Any) -> str:
    """Write a value in the one way, without what is no JSON (NaN) or no UTF-8."""
    text = json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)
    text.encode()
    return text
