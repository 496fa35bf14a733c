"""Markdown that forges show as it is meant: text from outside never becomes markup."""

import re
from collections.abc import Sequence

from gitmodel.reports.terminal import clean

# Whatever Markdown, HTML or a forge gives a meaning to: emphasis, links, tables, mentions, references.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~$&@:^=-])")

_LINK = re.compile(r"(www)\.", re.IGNORECASE)  # forges make links of such words


def plain(text: str, limit: int = 500) -> str:
    """Return text that is shown letter by letter, on one line.

    Args:
        text: From anywhere.
        limit: Characters that are shown.
    """
    line = " ".join(clean(text).split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    shown = "".join(f"&#{ord(letter)};" if _SPECIAL.match(letter) else letter for letter in line)
    return _LINK.sub(r"\1&#46;", shown)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return a table; cells are Markdown already.

    Args:
        head: Of each column.
        rows: Cells.
        right: Numbers of the columns that are set flush right.
    """
    rule = ["---:" if number in right else "---" for number in range(len(head))]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
