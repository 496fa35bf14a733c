"""Files of JSON lines that a service appends to: whole lines only, closed by size and age, bounded together.

A segment is named ``<UTC start>-<pid>-<number>.jsonl``, so that no two processes write into one, and the
order of names is that of time. Who reads the newest one may find half a line at its end, where a process
was killed while it wrote.
"""

import contextlib
import json
import os
import re
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import to_json

from ... import clock  # noqa: TID252 - the same place in a package

SEGMENT_BYTES = 16_000_000
SEGMENT_SECONDS = 600.0
# Nobody writes into a segment that is older.
_SURELY_CLOSED = SEGMENT_SECONDS + 60
LONGEST_LINE = 1_000_000
_NAME = re.compile(r"\d{8}T\d{6}Z-\d+-\d{3,}\.jsonl")


class Segments:
    """What one process appends to a folder; its methods may be called by several threads.

    Args:
        folder: Made at the first line, for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._path = folder
        self._size = 0
        self._opened = 0.0
        self._number = 0

    def append(self, lines: Sequence[bytes]) -> bool:
        """Append lines (each with its end) and hand them to the system; say whether a segment was begun.

        Raises:
            OSError: If they cannot be written; then none of them is there.
        """
        data = b"".join(lines)
        with self._lock:
            begun = self._file is None or self._is_over(self._file)
            if begun:
                self._begin()
            file = self._file
            assert file is not None
            try:
                _write_all(file, data)
            except OSError:
                self._give_up(file)
                raise
            self._size += len(data)
            return begun

    def close(self) -> None:
        """Close the newest segment; the next line begins another."""
        with self._lock:
            self._shut()

    @property
    def open_segment(self) -> Path:
        """The segment that is written to now (a folder where there is none)."""
        return self._path

    def _is_over(self, file: BinaryIO) -> bool:
        aged = time.monotonic() - self._opened > SEGMENT_SECONDS
        return aged or self._size >= SEGMENT_BYTES or os.fstat(file.fileno()).st_nlink == 0

    def _begin(self) -> None:
        self._shut()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        start = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        while self._file is None:
            path = self._folder / f"{start}-{os.getpid()}-{self._number:03d}.jsonl"
            self._number += 1
            with contextlib.suppress(FileExistsError):  # of a process that had the same id
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
                self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._path, self._size, self._opened = path, 0, time.monotonic()

    def _give_up(self, file: BinaryIO) -> None:
        """Take back what was not written whole, and write no more to this segment.

        Who copies it meanwhile may have got lines that are gone now: no others must come to their place.
        """
        file.truncate(self._size)
        if self._size == 0:
            self._path.unlink(missing_ok=True)
        self._shut()

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._path = None, self._folder


def line(value: object) -> bytes:
    """Return a value as one line of JSON that every reader takes: no NaN, no half of a surrogate pair."""
    try:
        return to_json(value, inf_nan_mode="null") + b"\n"
    except ValueError:  # half of a surrogate pair
        plain = json.loads(json.dumps(value), parse_constant=lambda _: None)
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace") + b"\n"


def now() -> str:
    """Return the time as lines have it."""
    return stamp(clock.now())


def stamp(moment: datetime) -> str:
    """Return a moment (UTC) as lines have it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def prune(
    folders: Sequence[Path], *, max_size: int, keep: float, open_segments: Iterable[Path]
) -> list[dict[str, Any]]:
    """Delete closed segments that are older than ``keep`` seconds, and the oldest until the rest fits.

    Args:
        folders: What is deleted from the first before anything of the next.
        max_size: Bytes of all of them together.
        keep: Seconds.
        open_segments: Those that this process writes to.

    Returns:
        Of each deleted one, ``segment`` and how many lines it had: ``pruned``.
    """
    kept = set(open_segments)
    now = time.time()
    found = [(path, path.stat()) for folder in folders for path in segments(folder)]
    total = sum(about.st_size for _, about in found)
    gone = []
    for path, about in found:
        age = now - about.st_mtime
        if path not in kept and age > _SURELY_CLOSED and (total > max_size or age > keep):
            total -= about.st_size
            gone.append({"segment": path.name, "pruned": _count_lines(path)})
            path.unlink(missing_ok=True)
    return gone


def segments(folder: Path) -> list[Path]:
    """Return the segments of a folder, oldest first."""
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1_000_000), b""))


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:  # a disk that fills up takes a part
        view = view[file.write(view) :]
