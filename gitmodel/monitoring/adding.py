"""Feedback from a file, posted to the service that made the predictions."""

import csv
import hashlib
import http.client
import json
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.packaging.serving.feedback import problem
from gitmodel.packaging.serving.segments import segments
from gitmodel.registry.names import model_key

if TYPE_CHECKING:
    import numpy as np

_BATCH = 5000
_TIMEOUT = 60.0
_PREDICTION = re.compile(rb'^\{"id":"([0-9a-f]{16})-(\d+)".*"output":', re.MULTILINE)
_NUMBERS: Mapping[str, type[int | float]] = {"integer": int, "number": float}
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Item = dict[str, Any]


@dataclass(frozen=True)
class Added:
    """What became of the lines of a file.

    Attributes:
        taken: Lines that the service has.
        unknown: Those whose prediction is not kept on this machine, or not yet; None: that cannot be seen.
        repeated: Those that say what was said before; they count once. None: that cannot be seen.
    """

    taken: int
    unknown: int | None
    repeated: int | None


@dataclass
class _Keys:
    """What the lines of a file are about, eight bytes each: a file may have millions."""

    predictions: "array[int]" = field(default_factory=lambda: array("Q"))
    labels: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, item: Item) -> None:
        """Remember a label."""
        number, _, row = item["prediction"].partition("-")
        self.predictions.append(_prediction_key(int(number, 16), int(row or 0)))
        self.labels.append(_label_key(item))


def add_feedback(path: Path, url: str, model: str, state: Path) -> Added:
    """Post the labels of a file; nothing is posted where one of its lines is wrong.

    Args:
        path: CSV with a head line, or one JSON object a line: ``prediction`` (or ``id``), ``label`` and
            what else `POST /feedback` takes.
        url: Where the model answers.
        model: Its name.
        state: Where its services keep predictions, if on this machine.

    Raises:
        InvalidFile: If a line is not feedback: it is named.
        ToolFailed: If the service does not answer or refuses; run again, what is repeated counts once.
    """
    with _Service(url) as service:
        read = _reader(path, service.label_type())
        keys = _Keys()
        for number, item in read():
            words = problem(item)
            if words:
                raise InvalidFile(f"{path}, line {number}: {words}")
            keys.add(item)
        unknown, repeated = _judge(keys, state, model_key(model))
        taken = 0
        items = (item for _, item in read())
        while batch := list(islice(items, _BATCH)):
            taken += service.post(batch, taken)
    return Added(taken, unknown, repeated)


class _Service:
    """One connection to a service."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self._path = parts.path.rstrip("/")
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def label_type(self) -> str:
        """Return the JSON type of what the model predicts: texts of CSV become that."""
        status, answer = self._ask("GET", "/docs.json")
        if status != http.client.OK:
            raise ToolFailed(f"no model answers at {self._url} (status {status})", hint="deploy it first")
        try:
            kind = answer["components"]["schemas"]["Answer"]["properties"]["prediction"]["type"]
        except (KeyError, TypeError):
            return "string"
        return kind if isinstance(kind, str) else "string"

    def post(self, items: list[Item], before: int) -> int:
        """Post labels, and return how many were taken."""
        status, answer = self._ask("POST", "/feedback", json.dumps(items))
        if status != http.client.ACCEPTED:
            words = answer.get("error") if isinstance(answer, dict) else None
            raise ToolFailed(
                f"{self._url}/feedback refused labels with status {status}; {before} were taken before",
                detail=str(words or ""),
                hint="mend that and run it again: what is repeated counts once",
            )
        return int(answer["taken"])

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            self._connection.request(method, self._path + path, body, headers)
            answer = self._connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ToolFailed(
                f"{self._url} does not answer: {error}", hint="`gitmodel status` shows what runs there"
            ) from error
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, None


def _reader(path: Path, kind: str) -> Callable[[], Iterator[tuple[int, Any]]]:
    """Return what reads a file from its begin, a line at a time: numbers of lines, and their values."""

    def read() -> Iterator[tuple[int, Any]]:
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                lines = _csv(file, kind) if path.suffix.lower() == ".csv" else _json_lines(file, path)
                for number, item in lines:
                    yield number, _named(item)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InvalidFile(f"{path} cannot be read: {error}") from error

    return read


def _csv(file: Iterable[str], kind: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(file, restkey="(beyond the head line)")
    for row in reader:
        item: Item = {name: text for name, text in row.items() if text}
        if "label" in item:
            item["label"] = _typed(item["label"], _SIGNAL_TYPES.get(item.get("signal", "label"), kind))
        yield reader.line_num, item


_SIGNAL_TYPES = {"click": "boolean", "like": "boolean", "rating": "number"}


def _json_lines(file: Iterable[str], path: Path) -> Iterator[tuple[int, Any]]:
    for number, text in enumerate(file, 1):
        if text.strip():
            try:
                yield number, json.loads(text)
            except (ValueError, RecursionError) as error:
                raise InvalidFile(f"{path}, line {number}: not JSON: {error}") from error


def _named(item: Any) -> Any:
    if isinstance(item, dict) and "id" in item and "prediction" not in item:
        return {"prediction": item["id"], **{key: value for key, value in item.items() if key != "id"}}
    return item


def _typed(text: Any, kind: str) -> Any:
    if kind == "boolean":
        return _WORDS.get(str(text).lower(), text)
    if kind in _NUMBERS:
        with suppress(ValueError):
            return _NUMBERS[kind](text)
    return text


def _judge(keys: _Keys, state: Path, key: str) -> tuple[int | None, int | None]:
    """Return how many labels are of unknown predictions, and how many repeat others."""
    import numpy as np

    if not state.is_dir():
        return None, None
    known = _known_predictions(state / "predictions" / key)
    unknown = ~np.isin(np.frombuffer(keys.predictions, "uint64"), known)
    fresh = np.setdiff1d(np.frombuffer(keys.labels, "uint64"), _known_labels(state / "feedback" / key))
    return int(unknown.sum()), len(keys.labels) - len(fresh)


def _known_predictions(folder: Path) -> "np.ndarray[Any, Any]":
    import numpy as np

    found = array("Q")
    for data in _contents(folder):
        for match in _PREDICTION.finditer(data):
            found.append(_prediction_key(int(match[1], 16), int(match[2])))
    return np.frombuffer(found, "uint64")


def _known_labels(folder: Path) -> "np.ndarray[Any, Any]":
    import numpy as np

    found = array("Q")
    for data in _contents(folder):
        for text in data.splitlines():
            with suppress(ValueError, KeyError, TypeError):  # half a line where a service was killed
                found.append(_label_key(json.loads(text)))
    return np.frombuffer(found, "uint64")


def _contents(folder: Path) -> Iterator[bytes]:
    for path in segments(folder):
        with suppress(FileNotFoundError):  # the service has deleted the oldest
            yield path.read_bytes()


def _prediction_key(number: int, row: int) -> int:
    return (number + row * 0x9E3779B97F4A7C15) % 2**64


def _label_key(item: Item) -> int:
    prediction = item["prediction"] if "-" in item["prediction"] else f"{item['prediction']}-0"
    said = json.dumps([prediction, item.get("signal", "label"), item.get("label", True)])
    return int.from_bytes(hashlib.blake2b(said.encode(), digest_size=8).digest())
