"""Join predictions with their labels, in bounded memory: a database on disk that ends with its use."""

import json
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any

from gitmodel.monitoring.labels import SILENCE, declared_labels, label_of, settled_by, silent_label
from gitmodel.monitoring.recorded import is_class
from gitmodel.monitoring.segments import as_text
from gitmodel.registry.names import model_key
from gitmodel.spec.model import FeedbackSpec, Kind, Label

Value = str | int | None

NUMERIC: frozenset[Kind] = frozenset({"regression", "ranking"})  # their labels are numbers
_ID = re.compile(r"[0-9a-f]{16}-[0-9]{1,9}")
_NAMED = 3  # broken lines that are told one by one
_BATCH = 5000
_REMEMBERED = 10_000  # labels: most say again what others said
_TABLES = """
pragma journal_mode = off;
pragma synchronous = off;
create table labels (id text primary key, at text, label text, kind text, origin text) without rowid;
create table rows (
    id text primary key, at text, version text, input text, silent text, kind text, classes int
) without rowid;
create table done (id text primary key) without rowid;
create view joined as
select id, rows.at, version, input, label, labels.kind, origin, fits(label, labels.kind, classes) as fits
from rows join labels using (id);
"""
# A label that says the same at the same time is the same; of two at one time the greater text counts.
_LABEL = """
insert into labels values (?, ?, ?, ?, ?) on conflict (id) do update set
    at = excluded.at, label = excluded.label, kind = excluded.kind, origin = excluded.origin
where (excluded.at, excluded.label) {sign} (labels.at, labels.label)
"""
_ROW = """
insert or ignore into rows select ?1, ?2, ?3, ?4, ?5, ?6, ?7
where ?5 is not null or exists (select 1 from labels where id = ?1)
"""
_SILENT = "insert or ignore into labels select id, at, silent, kind, ? from rows where silent is not null"
_KINDS = "select kind from joined where fits group by 1 order by count(*) desc, 1"
_JOINED = """
select id, at, version, input, label, origin from joined
where kind in (?, ?) and fits and id not in (select id from done)
order by at, id
"""
_ODD = "select count(*) from joined where kind not in (?, ?) and fits"
_UNFIT = "select count(*) from joined where not fits"
_UNFIT_LABELS = "select distinct label from joined where not fits order by 1 limit ?"
_MISSING = "select 1 where not exists (select 1 from done where id = ?1)"
_PENDING = """
select 1 from joined where id = ?1 and fits and not exists (select 1 from done where id = ?1)
"""


class Labelled:
    """Predictions whose label is known.

    Attributes:
        broken: Lines that could not be read.
    """

    def __init__(self, database: sqlite3.Connection, declared: Sequence[Label]) -> None:
        self._database = database
        self._declared = declared
        self.broken = 0

    @property
    def odd(self) -> int:
        """Labels of another kind (number, word, truth value) than most have: no column holds both."""
        return int(self._database.execute(_ODD, self._kinds()).fetchone()[0])

    @property
    def unfit(self) -> int:
        """Labels that cannot be the truth: no class of the version that answered, or no number."""
        return int(self._database.execute(_UNFIT).fetchone()[0])

    def unfit_labels(self, most: int) -> list[Any]:
        """Return some of them."""
        return [json.loads(text) for (text,) in self._database.execute(_UNFIT_LABELS, (most,))]

    def _kinds(self) -> tuple[str, str]:
        """Return the kinds of labels that count: as model.yaml writes them, else as most are.

        Where it writes numbers, a truth value (a click) is one of them too: 1 or 0.
        """
        if self._declared:
            kind = _kind(self._declared[0])
            return kind, ("truth" if kind == "number" else kind)
        (kind,) = self._database.execute(_KINDS).fetchone() or ("",)
        return kind, kind

    def leave_out(self, ids: Iterable[str]) -> None:
        """Set the predictions that are data already, in place of those that were set before."""
        self._database.execute("delete from done")
        self._database.executemany("insert or ignore into done values (?)", ((each,) for each in ids))

    def are_needed(self, ids: Iterable[str], *, all_of_them: bool) -> bool:
        """Say whether any of these predictions is labelled, of whatever kind, and no data yet.

        Args:
            ids: Of predictions.
            all_of_them: Count those too whose label, or which themselves, are not known.
        """
        statement = _MISSING if all_of_them else _PENDING
        return any(self._database.execute(statement, (each,)).fetchone() for each in ids)

    def rows(self, target: str) -> Iterator[dict[str, Any]]:
        """Yield a row a prediction, oldest first: its inputs, the label as the target, where it is from."""
        kinds = self._kinds()
        for name, at, version, given, text, origin in self._database.execute(_JOINED, kinds):
            about = {"_prediction": name, "_version": version, "_at": at, "_origin": origin}
            label = json.loads(text)
            label = int(label) if isinstance(label, bool) and kinds[0] == "number" else label
            yield {**json.loads(given), target: label, **about}


@contextmanager
def read_labelled(
    folder: Path,
    model: str,
    feedback: FeedbackSpec,
    *,
    kind: Kind | None = None,
    complete: datetime | None = None,
    workspace: Path,
    say: Callable[[str], None],
) -> Iterator[Labelled]:
    """Read what was collected of a model from all hosts of an environment.

    Args:
        folder: A folder a host.
        model: Its name.
        feedback: What is a label, and which counts where a prediction has several.
        kind: How the model is scored: where it predicts numbers, labels are numbers.
        complete: All feedback up to this time is there; ``None``: nothing can be said about silence.
        workspace: A folder for the database.
        say: Told of lines that cannot be read.
    """
    workspace.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="labelled-", dir=workspace) as place,
        closing(sqlite3.connect(Path(place) / "labelled.db", isolation_level=None)) as database,
    ):
        lines = _Lines(model, feedback, complete)
        fits = lru_cache(_REMEMBERED)(partial(_fits, lines.classes, kind))
        database.create_function("fits", 3, fits, deterministic=True)
        database.executescript(_TABLES)
        database.execute("begin")  # one transaction for all: it is thrown away at the end
        found = Labelled(database, declared_labels(feedback))
        label = _LABEL.format(sign=">" if feedback.label == "latest" else "<")
        for name, statement, read in (
            ("feedback", label, lines.label),
            ("predictions", _ROW, lines.prediction),
        ):
            for file in sorted(folder.glob(f"*/{name}/{model_key(model)}/*.jsonl")):
                _load(found, database, statement, file, read, model, say)
        database.execute(_SILENT, (SILENCE,))
        yield found


def _fits(
    classes: Mapping[tuple[str, ...], int], kind: Kind | None, label: str, is_a: str, number: int | None
) -> bool:
    """Say whether a label may be the truth of an answer; where nothing says what may be, each may."""
    if kind in NUMERIC:
        return is_a == "number" or (kind == "ranking" and is_a == "truth")
    if number is None:
        return True
    (names,) = islice(classes, number, number + 1)
    return is_class(as_text(json.loads(label)), names)


def _load(  # noqa: PLR0917 - each is another part of one step
    found: Labelled,
    database: sqlite3.Connection,
    statement: str,
    file: Path,
    read: "Callable[[dict[str, Any]], tuple[Value, ...] | None]",
    model: str,
    say: Callable[[str], None],
) -> None:
    batch: list[tuple[Value, ...]] = []
    with file.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                break  # it is not there yet
            try:
                values = read(json.loads(line))
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


@dataclass(frozen=True)
class _Lines:
    """Lines of one model as the tables have them; ``None`` for one that says nothing.

    ValueError and the like are raised for one that is of no whole id, or has no plain value.
    """

    model: str
    feedback: FeedbackSpec
    complete: datetime | None
    classes: dict[tuple[str, ...], int] = field(default_factory=dict)

    def label(self, line: dict[str, Any]) -> tuple[Value, ...] | None:
        label = label_of(self.feedback, _text(line.get("signal", "label")), line["label"])
        name, origin = _row_id(line["prediction"]), line.get("origin")
        if label is None and line["label"] is not None:
            return None
        from_ = _text(origin) if isinstance(origin, str) else "user"
        return name, _text(line["at"]), _json(label), _kind(label), from_

    def prediction(self, line: dict[str, Any]) -> tuple[Value, ...] | None:
        if line.get("model", self.model) != self.model or "input" not in line:
            return None  # a request that failed, or what the service says of itself
        name, given, at = _row_id(line["id"]), line["input"], _text(line["at"])
        if not isinstance(given, dict):
            raise TypeError("`input` has no columns")
        if not self._is_settled(at):
            return None
        answer = line["output"]["prediction"] if self.feedback.silence else None
        silent = silent_label(self.feedback, answer)
        label = (None, None) if silent is None else (_json(silent), _kind(silent))
        return name, at, _text(line["version"]), _json(given), *label, self._classes_of(line.get("output"))

    def _classes_of(self, output: Any) -> int | None:
        """Return the number of the classes that an answer gives chances to; ``None`` where it gives none."""
        chances = output.get("probabilities") if isinstance(output, dict) else None
        if not chances or not isinstance(chances, dict):
            return None
        return self.classes.setdefault(tuple(chances), len(self.classes))

    def _is_settled(self, at: str) -> bool:
        if self.feedback.silence is None:
            return True
        by, moment = settled_by(self.feedback, self.complete), datetime.fromisoformat(at)
        return by is not None and (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment) <= by


def _row_id(value: Any) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("it names no row of a prediction")
    return value


def _kind(label: Any) -> str:
    if isinstance(label, bool):
        return "truth"
    if isinstance(label, int | float):
        return "number"
    if isinstance(label, str):
        return "word"
    raise TypeError("the label is no number, word or truth value")


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
