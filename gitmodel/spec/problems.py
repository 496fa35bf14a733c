"""What is wrong in a file, said so that it can be mended: where, what was found, what is allowed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import InvalidFile

Path = tuple[str | int, ...]
_SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """One mistake in a specification file.

    ``line`` counts from 1; ``path`` is the place in the document, such as ``gates[0].metric`` ("" is all
    of it). ``str`` gives it as one line of text.
    """

    file: str
    line: int
    path: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.file}:{self.line}: {place}found {self.found}; expected {self.expected}{hint}"


class InvalidSpec(InvalidFile):
    """A specification with its problems: one is the message, several are the detail."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = [str(problem) for problem in problems]
        files = sorted({problem.file for problem in problems})
        if len(lines) == 1:
            super().__init__(lines[0])
        else:
            super().__init__(f"{len(lines)} problems in {', '.join(files)}", detail="\n".join(lines))
        self.problems = tuple(problems)


def dotted(path: Path) -> str:
    """Write a path as people read it: ``gates[0].metric``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def described(value: Any) -> str:
    """Say what a value is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case int() | float():
            return f"the number {value!r}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def quoted(text: str) -> str:
    """Return a text in quotation marks, on one line, and not too long."""
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return f'"{shown}"' if shown.isprintable() else ascii(shown)


def one_of(values: Iterable[Any]) -> str:
    """Write alternatives as ``one of a, b, c``."""
    words = [str(value) for value in values]
    return f"one of {', '.join(words)}" if len(words) > 1 else "".join(words) or "nothing"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return what was probably meant by a word; "" where nothing comes near."""
    by_lower = {name.lower(): name for name in known}
    import difflib

    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the hint that names what was probably meant; "" where nothing comes near."""
    found = nearest(word, known)
    return f'did you mean "{found}"?' if found else ""
