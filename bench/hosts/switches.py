"""Switches between two kept versions on one host, under a constant load of keep-alive connections."""

import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.hosts.scene import MODEL, PORT, hosts, release, target
from gitmodel.delivery.rollout import roll_out
from tests.delivery.load import load

_LONGEST = 24 * 3600.0


@dataclass(frozen=True)
class Switches:
    """What became of them: seconds of each rollout, requests that were answered and that were lost."""

    seconds: tuple[float, ...]
    phases: dict[str, list[float]]
    connections: int
    answered: int
    lost: Counter[str]

    @property
    def table(self) -> str:
        """Return it as the page has it."""
        middle = statistics.median(self.seconds)
        spent = ", ".join(f"{name} {statistics.median(each):.2f} s" for name, each in self.phases.items())
        lost = ", ".join(f"{count} {what}" for what, count in self.lost.items()) or "0"
        rows = [
            ("switches", str(len(self.seconds))),
            ("connections, all the time", str(self.connections)),
            ("requests answered", f"{self.answered:,}"),
            ("requests lost", lost),
            (
                "seconds of a whole rollout",
                f"{middle:.1f} ({min(self.seconds):.1f} to {max(self.seconds):.1f})",
            ),
            ("of these on the host", spent),
        ]
        return "\n".join(["| what | measured |", "| --- | ---: |", *(f"| {a} | {b} |" for a, b in rows)])


def switches(folder: Path, count: int, connections: int) -> Switches:
    """Switch to and fro; each is a whole rollout: looked at, started, checked, switched, drained, stopped."""
    seconds: list[float] = []
    phases: dict[str, list[float]] = {}
    with hosts(1, folder / "hosts") as found:
        to = target(folder, "one", found)
        both = [release(folder, number) for number in (1, 2)]
        for each in both:
            roll_out(to, each, sink=print)
        path = f"/{MODEL}/predict"
        with load(
            found[0].address, PORT, path, {"x": 1}, clients=connections, seconds=_LONGEST, pause=0.2
        ) as sent:
            for number in range(count):
                begun = time.monotonic()
                done = roll_out(to, both[number % 2], sink=lambda _line: None)
                assert done.outcome == "deployed", done.outcome
                seconds.append(time.monotonic() - begun)
                for name, spent in (pair for task in done.tasks for pair in task.phases.items()):
                    phases.setdefault(name, []).append(spent)
                print(f"{number + 1}: {seconds[-1]:.1f} s, lost {dict(sent.lost) or 'nothing'}", flush=True)
    return Switches(tuple(seconds), phases, connections, sent.answered, sent.lost)
