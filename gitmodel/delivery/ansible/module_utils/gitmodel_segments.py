"""Segments of predictions and feedback: what a host has, cut at whole lines, and where a copy of it goes.

A segment only ever grows at its end, so a copy is told apart from the original by its length alone: what
is missing begins where the copy ends.
"""

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("predictions", "feedback")
# Bytes of a round: what host and this machine hold in memory at a time, unless a single line is longer.
ROUND = 8 * 1024 * 1024
_PATH = re.compile(
    r"(?P<kind>predictions|feedback)/(?P<key>[a-z0-9][a-z0-9_.-]*)/(?P<name>[0-9A-Za-z][0-9A-Za-z._-]*\.jsonl)"
)
_MODEL = re.compile(r"[a-z0-9]([a-z0-9_/-]*[a-z0-9])?")


@dataclass(frozen=True)
class Chunk:
    """Whole lines of a segment; ``path`` is relative to the host's state folder, ``start`` counts bytes."""

    path: str
    start: int
    data: bytes

    def as_json(self) -> dict[str, Any]:
        """Return it as text; `parse_chunk` is the inverse."""
        packed = base64.b64encode(zlib.compress(self.data, 1)).decode()
        return {"path": self.path, "start": self.start, "data": packed}


def parse_chunk(fields: Mapping[str, Any]) -> Chunk:
    """Return the chunk that fields describe."""
    return Chunk(str(fields["path"]), int(fields["start"]), zlib.decompress(base64.b64decode(fields["data"])))


def place_of(path: str) -> str | None:
    """Return where the copy of a segment goes, below the folder of its host: the same place.

    The folder of a model is its name with ``/`` as ``.``, here and there.

    Returns:
        ``None`` where the path is not that of a segment.
    """
    found = _PATH.fullmatch(path)
    if found is None or ".." in found["key"] or not _MODEL.fullmatch(found["key"].replace(".", "/")):
        return None
    return path


def list_segments(state: Path, model: str) -> Iterator[tuple[str, Path]]:
    """Yield the segments below a host's state folder, the oldest of each model first; "" is every model."""
    for kind in KINDS:
        key = model.replace("/", ".") if model else "*"
        for file in sorted(state.glob(f"{kind}/{key}/*.jsonl")):
            path = file.relative_to(state).as_posix()
            if place_of(path) and file.is_file() and not file.is_symlink():
                yield path, file


def read_round(
    state: Path, known: Mapping[str, int], model: str = "", budget: int = ROUND
) -> tuple[list[Chunk], bool]:
    """Return what copies of these lengths lack, up to about ``budget`` bytes, and whether there is more."""
    chunks: list[Chunk] = []
    for path, file in list_segments(state, model):
        start = int(known.get(path, 0))
        if budget <= 0:
            return chunks, True
        data, more = _lines(file, start, budget)
        if data:
            chunks.append(Chunk(path, start, data))
            budget -= len(data)
        if more:
            return chunks, True
    return chunks, False


def _lines(file: Path, start: int, budget: int) -> tuple[bytes, bool]:
    """Return whole lines from a byte on, and whether the budget has cut them; the first may be longer."""
    try:
        with file.open("rb") as stream:
            stream.seek(start)
            data = stream.read(budget)
            cut = len(data) == budget
            if cut and not data.endswith(b"\n") and b"\n" not in data:
                data += stream.readline()
    except FileNotFoundError:  # old segments go while this runs
        return b"", False
    whole = data[: data.rfind(b"\n") + 1]
    return whole, cut and bool(whole)
