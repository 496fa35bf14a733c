"""Rendered files in a folder: how they differ from what they should be, and writing them."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from gitmodel.errors import UsageError

MARK = "# Written by `gitmodel ci"


def read_text(file: Path) -> str | None:
    """Return the text of a file; ``None``: there is none."""
    try:
        return file.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_foreign(file: Path) -> bool:
    """Say whether somebody else has written the file."""
    text = read_text(file)
    return text is not None and not text.startswith(MARK)


def differences(root: Path, files: Mapping[str, str], others: Iterable[str]) -> list[str]:
    """Return a diff from what is in a folder to what should be, and what should not be there.

    Args:
        root: The folder.
        files: What should be there, by path.
        others: Paths that nothing of ours should be at.
    """
    lines: list[str] = []
    for path, text in files.items():
        found = read_text(root / path)
        if found is None:
            lines.append(f"{path} is missing")
        elif found != text:
            before, after = (each.splitlines(keepends=True) for each in (found, text))
            diff = difflib.unified_diff(before, after, path, f"{path} (rendered)")
            lines += [line.rstrip("\n") for line in diff]
    return lines + [f"{path} should not be there any more" for path in _ours(root, others)]


def write(root: Path, files: Mapping[str, str], others: Iterable[str]) -> list[str]:
    """Write the files, and remove what is left of others of ours; return what has changed.

    Raises:
        UsageError: If a file is there that somebody else wrote; then nothing is written.
    """
    foreign = [path for path in files if is_foreign(root / path)]
    if foreign:
        raise UsageError(
            f"{', '.join(foreign)} is there and was not written by gitmodel",
            hint="move it away, or give its workflow another file name",
        )
    changed = [path for path, text in files.items() if read_text(root / path) != text]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path], "utf-8")
    stale = _ours(root, others)
    for path in stale:
        (root / path).unlink()
    return [*changed, *(f"{path} (removed)" for path in stale)]


def _ours(root: Path, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if (read_text(root / path) or "").startswith(MARK)]
