"""A pseudo-terminal: programs run in it as if a person sat before them."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Terminal:
    """What a program has written to its terminal, and its keyboard."""

    def __init__(self, keyboard: int, process: "subprocess.Popen[bytes]") -> None:
        self.keyboard, self.process = keyboard, process
        self.text = ""

    def type(self, keys: str) -> None:
        os.write(self.keyboard, keys.encode())

    def until(self, pattern: str, seconds: float = 20) -> str:
        """Read until what was written since the last call holds the pattern; return that."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            if not self._read(max(0.0, end - time.monotonic())):
                raise AssertionError(f"{pattern!r} did not come; what came: {self.text!r}")
        seen, self.text = self.text, ""
        return seen

    def rest(self) -> str:
        """Read to the end of the program; return all that was not returned yet, with plain line breaks."""
        while self._read(20):
            pass
        self.process.wait(20)
        return self.text.replace("\r\n", "\n")

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.keyboard], [], [], seconds)
        try:
            data = os.read(self.keyboard, 65536) if ready else b""
        except OSError:  # Linux's word for: the other side is closed
            data = b""
        self.text += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def terminal(
    argv: Sequence[str], *, cwd: Path, rows: int = 24, env: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run a program in a terminal of 80 columns; it is ended at the end."""
    keyboard, screen = pty.openpty()
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 80, 0, 0))
    not_ours = {"NO_COLOR", "PAGER", "LESS", "LINES", "COLUMNS"}
    clean = {name: value for name, value in os.environ.items() if name not in not_ours}
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        env={**clean, "TERM": "xterm", **(env or {})},
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - nothing else starts it
    )
    os.close(screen)
    try:
        yield Terminal(keyboard, process)
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)
