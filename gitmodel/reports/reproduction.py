"""A version beside what training it again gave, as a table and as JSON."""

from collections.abc import Sequence
from typing import Any

from gitmodel.registry.versions import Version
from gitmodel.reports.table import align
from gitmodel.reports.terminal import clean
from gitmodel.reports.words import number
from gitmodel.training.reproduce import Line, is_reproduced

_DIGESTS = frozenset({"artifact", "data", "output"})
_SHORT, _LONGEST = 12, 40


def reproduction_text(version: Version, lines: Sequence[Line]) -> list[str]:
    """Return the table, and what it comes to."""
    rows = [["WHAT", "NAME", f"v{version.version}", "NOW", ""]]
    for line in lines:
        shown = (line.what, line.name, _value(line, line.then), _value(line, line.now), line.verdict)
        rows.append([clean(cell) for cell in shown])
    return [*align(rows), _conclusion(version, lines)]


def _value(line: Line, value: Any) -> str:
    if value is None:
        return "-"
    if line.what in _DIGESTS:
        return str(value)[:_SHORT]
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Numbers that differ must not look alike.
        return number(value) if line.verdict == "same" else repr(value)
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _conclusion(version: Version, lines: Sequence[Line]) -> str:
    if is_reproduced([*lines]):
        return f"{version.name} is reproduced"
    differing = dict.fromkeys(
        f"{line.what} {line.name}" for line in lines if line.counts and not line.is_good
    )
    return clean(f"{version.name} is not reproduced: {', '.join(differing)}")


def reproduction_document(version: Version, lines: Sequence[Line]) -> dict[str, Any]:
    """Return the comparison for JSON."""
    return {
        "model": version.model,
        "version": version.version,
        "commit": version.commit,
        "reproduced": is_reproduced([*lines]),
        "compared": [vars(line) for line in lines],
    }
