r"""Text of others made harmless for a terminal: tags, names and logs may hold anything.

A control character could move the cursor, rename the window or hide text; it is shown as ``\x1b``.
"""

import re
from collections.abc import Sequence
from typing import Literal

Colour = Literal["red", "green", "yellow"]
# What is found in a line and the colour of its first group; the first entry that fits counts.
Colours = Sequence[tuple[str, Colour]]
_CODES: dict[Colour, int] = {"red": 31, "green": 32, "yellow": 33}
# C0 but tab, DEL, C1, bidirectional overrides, line separators, and bytes that were not UTF-8.
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return one line of text in which every control character (a line break too) is written out."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], text)


def clean_lines(text: str) -> list[str]:
    """Return the lines of a text, each clean; a line that went back to its start shows its last state."""
    lines = text.replace("\r\n", "\n").split("\n") if text else []
    return [clean(line.rstrip("\r").rpartition("\r")[2]) for line in lines]


def paint(line: str, colours: Colours) -> str:
    """Return a line, which must be clean, with one part of it in colour."""
    for pattern, colour in colours:
        found = re.search(pattern, line)
        if found:
            begin, end = found.span(1)
            return f"{line[:begin]}\x1b[{_CODES[colour]}m{line[begin:end]}\x1b[m{line[end:]}"
    return line


def to_json(document: object) -> str:
    """Write JSON for programs that is harmless on a terminal too."""
    import json

    text = json.dumps(document, indent=2, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", text)
