"""What a service keeps of its predictions and of feedback, below the folder that `GITMODEL_STATE` names.

Predictions wait in a queue; a thread of its own passes them on, many at once, through BentoML's monitoring
API to where they are written, at most a second late, so that no prediction waits for a disk. A process that
is killed loses what was not written yet. Feedback is written before it is answered.
"""

import atexit
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bentoml._internal.monitoring.base import MonitorBase

from ... import clock  # noqa: TID252 - the same place in a package
from .metrics import Metrics
from .segments import LONGEST_LINE, Segments, line, now, prune, stamp

STATE = "GITMODEL_STATE"
# Where a version that gets only copies of requests keeps its predictions: they are nobody's.
SHADOW = "shadow"
_FOLDERS = (SHADOW, "predictions", "feedback")
_SHADOWED, _PREDICTED, _LABELLED = range(3)
# Rows that may wait for the writer. A single larger request is taken where nothing else waits.
QUEUE_ROWS = 100_000
_PAUSE = 0.2
_AT_ONCE = 1000
_COLUMN = ("record", "prediction", "categorical")  # as BentoML wants them: name, role, type
_DIGITS = 16

Record = dict[str, Any]


class Keeper:
    """Keeps predictions and feedback of one version.

    Args:
        version: Its identity.
        kept: What `gitmodel.packaging.package.Kept` says.
        state: The folder; None: nothing is kept.
    """

    def __init__(self, version: Mapping[str, Any], kept: Mapping[str, Any], state: Path | None) -> None:
        self.model, self.version = str(version["model"]), str(version["version"])
        self.metrics = Metrics(version, state)
        self._kept = kept
        self._state = state
        key = self.model.replace("/", ".")
        self._folders = [] if state is None else [state / name / key for name in _FOLDERS]
        self._writers = [Segments(folder) for folder in self._folders]
        self._mark = None if state is None else Mark(state / SHADOW / f"{key}.json", version)
        self._queue: deque[Record] = deque()
        self._waiting = 0
        self._dropped: dict[str, int] = {}
        self._something, self._lock = threading.Event(), threading.Lock()
        self._counting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._over = False
        self._monitor = f"gitmodel-{key}-{id(self)}"  # BentoML keeps one monitor a name and process
        self._salt: bytes | None = None

    @property
    def keeps(self) -> bool:
        """Whether there is a folder to keep anything in."""
        return self._state is not None

    def predicted(
        self, number: str, request: str, rows: Sequence[Any], answers: Sequence[Any], ms: float
    ) -> None:
        """Keep the rows and answers of a request."""
        self.metrics.predicted(len(rows), ms / 1000)
        if self._wants(number):
            self._queue_up({**self._facts(number, request, ms), "rows": rows, "answers": answers})

    def failed(self, number: str, request: str, status: int, ms: float) -> None:
        """Keep that a request failed, and nothing of what it said."""
        self.metrics.failed(status)
        if self._wants(number):
            self._queue_up({**self._facts(f"{number}-0", request, ms), "status": status})

    def labelled(self, labels: Sequence[Record]) -> None:
        """Keep labels; they are written when this returns.

        Raises:
            OSError: If they cannot be; then none of them is kept.
        """
        if self._writers[_LABELLED].append([line(label) for label in labels]):
            self._prune()
        for signal in {label["signal"] for label in labels}:
            self.metrics.labelled(signal, sum(label["signal"] == signal for label in labels))

    def close(self) -> None:
        """Write what waits, and end the writer."""
        self._over = True
        self._something.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(10)
        self._write_waiting()
        for writer in self._writers:
            writer.close()

    def write(self, records: Sequence[Record]) -> None:
        """Write records; those that cannot be are dropped and counted."""
        try:
            lines = [line(self._private(row)) for record in records for row in self._rows(record)]
            short = [each for each in lines if len(each) <= LONGEST_LINE]
            if len(short) < len(lines):
                self._drop("too long", len(lines) - len(short))
            told, self._dropped = self._dropped, {}
            short.extend(line(self._note(dropped=count, reason=why)) for why, count in told.items())
            begun = bool(short) and self._predictions().append(short)
        except (OSError, ValueError, RecursionError) as error:
            self._drop("disk" if isinstance(error, OSError) else "unwritable", sum(map(_size, records)))
            return
        if begun:
            self._prune()

    def _queue_up(self, record: Record) -> None:
        """Queue a record for the writer; where too many wait, it is dropped and counted."""
        count = _size(record)
        with self._counting:
            full = bool(self._waiting) and self._waiting + count > QUEUE_ROWS
            self._waiting += 0 if full else count
        if full:
            self._drop("queue", count)
        else:
            self._queue.append(record)
        if self._thread is None:
            self._start()
        if not self._something.is_set():
            self._something.set()

    def _wants(self, number: str) -> bool:
        """Say whether a request is in the sample, by its id alone: so who collects can tell it too."""
        share = float(self._kept["sample"])
        return self.keeps and int(number, 16) < share * 16**_DIGITS

    def _facts(self, number: str, request: str, ms: float) -> Record:
        """Return what is known of a request; it is put into words when it is written."""
        facts = {"id": number, "at": clock.now(), "ms": ms}
        return {**facts, "request": request} if request else facts

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="predictions", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        pause = threading.Event()
        while not self._over:
            self._something.wait()
            self._something.clear()
            self._write_waiting()
            if not self._over:
                pause.wait(_PAUSE)  # so that a busy service writes many lines at once

    def _write_waiting(self) -> None:
        import bentoml

        with self._lock:
            while self._queue:
                found = [self._queue.popleft() for _ in range(min(len(self._queue), _AT_ONCE))]
                with self._counting:
                    self._waiting -= sum(map(_size, found))
                with bentoml.monitor(self._monitor, Exporter, {"keeper": self}) as monitor:
                    monitor.log(found, *_COLUMN)

    def _rows(self, record: Record) -> Iterator[Record]:
        """Yield what is written of a request: a record a row, or one where it failed."""
        whose = {"model": self.model, "version": self.version}
        facts = {**record, **whose, "at": stamp(record["at"]), "ms": round(record["ms"], 3)}
        if "rows" not in record:
            yield facts
            return
        del facts["rows"], facts["answers"]
        for number, (row, answer) in enumerate(zip(record["rows"], record["answers"], strict=True)):
            yield {**facts, "id": f"{record['id']}-{number}", "input": row, "output": answer}

    def _predictions(self) -> Segments:
        """Return the writer of predictions, which are not among those of users where nobody gets them."""
        shadow = self._mark is not None and self._mark.is_set()
        return self._writers[_SHADOWED if shadow else _PREDICTED]

    def _drop(self, reason: str, count: int) -> None:
        self._dropped[reason] = self._dropped.get(reason, 0) + count
        self.metrics.dropped(reason, count)

    def _note(self, **facts: Any) -> Record:
        return {"at": now(), "model": self.model, "version": self.version, **facts}

    def _prune(self) -> None:
        with contextlib.suppress(OSError):  # another service may delete at the same time
            gone = prune(
                self._folders,
                max_size=int(self._kept["max_size"]),
                keep=float(self._kept["keep"]),
                open_segments=[writer.open_segment for writer in self._writers],
            )
            if gone:
                self._predictions().append([line(self._note(**each)) for each in gone])

    def _private(self, record: Record) -> Record:
        exclude, hashed = self._kept["exclude"], self._kept["hash"]
        if "input" not in record or not (exclude or hashed):
            return record
        row = {name: value for name, value in record["input"].items() if name not in exclude}
        for name in hashed:
            if row.get(name) is not None:
                row[name] = self._hash(row[name])
        return {**record, "input": row}

    def _hash(self, value: object) -> str:
        if self._salt is None:
            assert self._state is not None
            self._salt = _salt(self._state / "salt")
        return hmac.new(self._salt, json.dumps(value).encode(), hashlib.sha256).hexdigest()[:32]


class Mark:
    """The file by which who deploys tells a version that its answers reach nobody.

    Args:
        file: Written from outside; what cannot be read tells nothing.
        version: Its identity.
    """

    def __init__(self, file: Path, version: Mapping[str, Any]) -> None:
        self._file = file
        self._digest = str(version.get("digest", ""))

    def is_set(self) -> bool:
        """Say whether it names this version now."""
        try:
            return bool(json.loads(self._file.read_text("utf-8"))["digest"] == self._digest)
        except (OSError, LookupError, TypeError, ValueError):
            return False


class Exporter(MonitorBase[Sequence[Record]]):  # type: ignore[misc]
    """What BentoML's monitoring hands the records of requests to.

    Those of many requests are one value of one column: BentoML takes a while for each value, and does not say
    so where columns differ in length.
    """

    def __init__(self, name: str, keeper: Keeper) -> None:
        super().__init__(name)
        self._keeper = keeper

    def export_schema(self, columns_schema: dict[str, dict[str, str]]) -> None:
        """Do nothing: each line says what it holds."""

    def export_data(self, datas: dict[str, deque[Sequence[Record]]]) -> None:
        """Write the records."""
        for records in datas[_COLUMN[0]]:
            self._keeper.write(records)


def open_keeper(version: Mapping[str, Any], kept: Mapping[str, Any]) -> Keeper:
    """Return the keeper of a service, by the environment of this process."""
    found = os.environ.get(STATE, "")
    return Keeper(version, kept, Path(found) if found else None)


def new_id() -> str:
    """Return the id of a request."""
    return secrets.token_hex(_DIGITS // 2)


def _size(record: Record) -> int:
    return len(record["rows"]) if "rows" in record else 1


def _salt(path: Path) -> bytes:
    """Return the secret of an environment's hashes, which the first service makes."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".salt-{os.getpid()}-{secrets.token_hex(4)}")
    if not path.exists():
        temporary.touch(0o600)
        temporary.write_text(secrets.token_hex(32), "utf-8")
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        temporary.unlink()
    return path.read_bytes()
