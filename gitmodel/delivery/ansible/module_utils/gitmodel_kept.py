"""What services kept of their predictions since a moment, and what became of them: to compare two versions.

A moment is where each file of kept lines ended then: no clock is asked, and nothing older is read.
"""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .gitmodel_layout import Program

# Of each version; more answers tell nothing new.
MOST = 2000
_MOST_LINES = 200_000
_SHADOW = "shadow"
_KINDS = ("predictions", "feedback", _SHADOW)

Marks = Mapping[str, int]


def mark(state: Path, key: str) -> dict[str, int]:
    """Return how long each file of kept lines of a model is (bytes), by its path below the state folder."""
    files = [file for kind in _KINDS for file in (state / kind / key).glob("*.jsonl")]
    return {file.relative_to(state).as_posix(): file.stat().st_size for file in files}


def outputs(state: Path, marks: Marks, program: Program) -> list[Any]:
    """Return what a version predicted since then, at most `MOST` of it, spread over the time."""
    found = [row["value"] for row in _predictions(state, marks, program)]
    return found[:: -(-len(found) // MOST)] if found else []


def errors(state: Path, marks: Marks, program: Program) -> list[float]:
    """Return how wrong predictions since then were whose label is known: of numbers how far off, else 0 or 1.

    What a click or a rating means is for `gitmodel monitor` to say; only labels count here.
    """
    labels = {
        str(row.get("prediction")): row["label"]
        for row in _lines(state, marks, "feedback", program.key)
        if row.get("signal", "label") == "label" and "label" in row
    }
    rows = _predictions(state, marks, program) if labels else []
    return [_wrong(row["value"], labels[row["id"]]) for row in rows if row["id"] in labels]


def pairs(state: Path, marks: Marks, old: Program, new: Program) -> list[tuple[Any, Any]]:
    """Return what both versions said to the same request, of which the new one got a copy.

    A request is known by the client's id of it, where there is one, and by its row.
    """
    asked: dict[str, deque[Any]] = defaultdict(deque)
    for row in _predictions(state, marks, old):
        asked[row["asked"]].append(row["value"])
    shadow = _predictions(state, marks, new, _SHADOW)
    return [(asked[row["asked"]].popleft(), row["value"]) for row in shadow if asked[row["asked"]]]


def _predictions(
    state: Path, marks: Marks, program: Program, kind: str = "predictions"
) -> Iterator[dict[str, Any]]:
    for row in _lines(state, marks, kind, program.key):
        if row.get("version") != program.version or "output" not in row:
            continue
        output = row["output"]
        value = output.get("prediction", output) if isinstance(output, dict) else output
        number = str(row.get("id"))
        own = [row["request"], number.rpartition("-")[2]] if "request" in row else []
        asked = json.dumps([*own, row.get("input")], sort_keys=True)
        yield {"id": number, "asked": asked, "value": _plain(value)}


def _plain(value: Any) -> Any:
    return (
        value if value is None or isinstance(value, (str, int, float)) else json.dumps(value, sort_keys=True)
    )


def _wrong(value: Any, label: Any) -> float:
    numbers = [each for each in (value, label) if isinstance(each, float)]
    if numbers and not isinstance(value, (str, bool)) and not isinstance(label, (str, bool)):
        return abs(float(value) - float(label))
    return float(str(value) != str(label))


def _lines(state: Path, marks: Marks, kind: str, key: str) -> Iterator[dict[str, Any]]:
    left = _MOST_LINES
    for file in sorted((state / kind / key).glob("*.jsonl")):
        for line in _whole(file, marks.get(file.relative_to(state).as_posix(), 0)):
            if left == 0:
                return
            left -= 1
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row


def _whole(file: Path, start: int) -> Iterable[bytes]:
    """Yield the lines from a byte on that have an end."""
    try:
        with file.open("rb") as stream:
            stream.seek(start)
            yield from (line for line in stream if line.endswith(b"\n"))
    except FileNotFoundError:  # old files go while this runs
        return
