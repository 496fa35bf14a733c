"""Which copies of segments were deleted here, and how long they were: so that no host sends them again.

A line of ``.pruned`` in a folder of copies is a name and a number of bytes. What a host adds later begins a
new copy, whose first byte is the one after those. The round trip law: ``read_pruned`` returns the sums of
what ``note_pruned`` wrote.
"""

import os
from contextlib import suppress
from pathlib import Path

_FILE = ".pruned"


def read_pruned(folder: Path) -> dict[str, int]:
    """Return how many bytes of each segment were deleted; lines that cannot be read are passed over."""
    found: dict[str, int] = {}
    with suppress(FileNotFoundError):
        for line in (folder / _FILE).read_text("utf-8", "replace").splitlines():
            name, _, size = line.rpartition(" ")
            if name and size.isascii() and size.isdigit():
                found[name] = found.get(name, 0) + int(size)
    return found


def note_pruned(folder: Path, name: str, size: int) -> None:
    """Note that so many bytes of a segment are deleted."""
    with (folder / _FILE).open("a", encoding="utf-8") as out:
        out.write(f"{name} {size}\n")
        out.flush()
        os.fsync(out.fileno())


def was_here(folder: Path, name: str) -> bool:
    """Say whether there is a copy of a segment, or was one."""
    return (folder / name).exists() or name in read_pruned(folder)
