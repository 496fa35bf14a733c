"""Remember the last lines that a job prints, its programs' own among them, so that a report can tell them."""

import os
import re
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_LINES = 40
_LONGEST = 2000  # characters of a line
_SECRETS = re.compile("KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL")
_SHORTEST = 8  # shorter values are words that stand anywhere


class Tail:
    """The last lines of what was printed; values of secret variables are not among them.

    A forge hides secrets in its own logs; what goes from there into a comment it does not.
    """

    def __init__(self, environ: Mapping[str, str], *, lines: int = _LINES) -> None:
        self._lines: deque[str] = deque(maxlen=lines)
        self._secrets = [
            value
            for name, value in environ.items()
            if len(value) >= _SHORTEST and _SECRETS.search(name.upper())
        ]

    def hide(self, text: str) -> str:
        """Return a text without the values of secret variables."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def add(self, line: str) -> None:
        """Remember a line."""
        self._lines.append(self.hide(line)[:_LONGEST])

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines."""
        return tuple(self._lines)


@contextmanager
def remembering(tail: Tail) -> Iterator[None]:
    """Let all that this process and its children print pass by, and remember its end."""
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    kept = [os.dup(number) for number in (1, 2)]
    for number in (1, 2):
        os.dup2(writing, number)
    os.close(writing)
    thread = threading.Thread(target=_pass_on, args=(reading, kept[0], tail), daemon=True)
    thread.start()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, file in zip((1, 2), kept, strict=True):
            os.dup2(file, number)
        thread.join(timeout=2)  # a child that was left behind may hold the pipe open
        os.close(kept[1])


def _pass_on(reading: int, out: int, tail: Tail) -> None:
    with open(reading, "rb") as lines, open(out, "wb", buffering=0) as passed:
        for line in lines:
            passed.write(line)
            tail.add(line.decode("utf-8", "replace").rstrip("\r\n"))
