"""Time two ways of doing the same alternately, and compare their medians."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gitmodel import process

_SMALL = 0.05
Act = Callable[[int], None]


@dataclass(frozen=True)
class Pair:
    """Seconds of both ways, by round; ``bound`` is the most that ours may take of theirs."""

    what: str
    peer: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    bound: float

    @property
    def ratio(self) -> float:
        """Our median over theirs."""
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def kept(self) -> bool:
        """Say whether the bound was kept."""
        return self.ratio <= self.bound


def alternate(
    what: str,
    peer: str,
    act: Act,
    other: Act,
    *,
    rounds: int,
    bound: float,
    before: Act = lambda _number: None,
) -> Pair:
    """Time ``act`` and ``other`` in turn; every second round begins with the other.

    Args:
        what: What is measured.
        peer: What ``other`` is.
        act: Our way, told the number of the round from 0.
        other: The other way.
        rounds: How often.
        bound: The most that ours may take of the other's time.
        before: What comes before each round, not timed.
    """
    seconds: dict[Act, list[float]] = {act: [], other: []}
    for number in range(rounds):
        before(number)
        for each in (act, other) if number % 2 == 0 else (other, act):
            begun = time.perf_counter()
            each(number)
            seconds[each].append(time.perf_counter() - begun)
    return Pair(what, peer, tuple(seconds[act]), tuple(seconds[other]), bound)


@contextmanager
def sealed(home: Path) -> Iterator[None]:
    """Give all that is started a home of its own and a name for commits."""
    home.mkdir()
    own = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": str(home / ".config")}
    for role in ("AUTHOR", "COMMITTER"):
        own |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}
    before = dict(os.environ)
    os.environ.update(own)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment that both ways run in, where Python keeps compiled modules."""
    found = process.clean_environment(extra)
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def table(pairs: Sequence[Pair]) -> str:
    """Return the pairs as a Markdown table."""
    lines = [
        "| what | ours | peer | its time | ratio | at most | spread of ours, of the peer |",
        "| --- | ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for pair in pairs:
        bound = f"{pair.bound:.1f}" if (pair.bound * 10).is_integer() else f"{pair.bound:g}"
        kept = bound if pair.kept else f"**{bound}: not kept**"
        ratio = f"{pair.ratio:.2f}" if pair.ratio >= _SMALL else f"{pair.ratio:.3f}"
        lines.append(
            f"| {pair.what} | {_middle(pair.ours)} | {pair.peer} | {_middle(pair.theirs)} | {ratio} "
            f"| {kept} | {_spread(pair.ours)}, {_spread(pair.theirs)} |"
        )
    return "\n".join(lines)


def section(pairs: Sequence[Pair]) -> str:
    """Return the table with when and where it was measured, as the page has it."""
    return measured(table(pairs))


def measured(words: str) -> str:
    """Return a table after a line that says when and where it was measured."""
    day = datetime.now(UTC).date().isoformat()
    return f"Measured on {day}, Python {platform.python_version()}, {machine()}.\n\n{words}"


def _middle(values: Sequence[float]) -> str:
    return _told(statistics.median(values))


def _spread(values: Sequence[float]) -> str:
    return f"{_told(min(values))} to {_told(max(values))} ({len(values)})"


def _told(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def machine() -> str:
    """Describe this machine, as far as it matters for the times."""
    cores = os.cpu_count() or 1
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{cores} cores" + (f", {names[0].partition(':')[2].strip()}" if names else "")
