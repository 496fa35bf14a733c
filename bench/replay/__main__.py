"""``python -m bench.replay [--write docs/benchmarks.md]``: models among their users, and what goes wrong."""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench.program import add_write, end, write
from bench.registry.measure import sealed
from bench.replay import mails, visits
from bench.replay.faults import faults
from bench.replay.figures import beside, by_period, over_time, table
from bench.replay.outcome import fault_table, outcome
from bench.replay.playing import replay
from bench.replay.scene import Scene
from bench.replay.tally import tally

Part = Callable[[Path, argparse.Namespace], tuple[str, bool]]
_DAY = timedelta(days=1)
SCENES: Mapping[str, Callable[[Mapping[str, Any]], Scene]] = {"mails": mails.scene, "visits": visits.scene}


def main() -> int:
    """Replay, and print the tables; the exit code is 1 where a demand was not met."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay")
    parser.add_argument("scene", nargs="*", metavar="SCENE", help="mails, visits, faults; default: all")
    parser.add_argument("--folder", type=Path, help="Keep repositories and logs here.")
    parser.add_argument("--only", action="append", metavar="WAY", help="Replay only this way of a scene.")
    parser.add_argument("--days", type=int, help="Replay only so many days of a scene.")
    add_write(parser)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what serves is stopped then, too
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads of such small models wait more than they compute
    parts: dict[str, Part] = {name: partial(_ways, name) for name in SCENES}
    parts["faults"] = _faults
    met = True
    with tempfile.TemporaryDirectory(prefix="gitmodel-replay-") as name:
        top = options.folder or Path(name)
        top.mkdir(parents=True, exist_ok=True)
        with sealed(top / "home"):
            for part in options.scene or parts:
                text, kept = parts[part](top, options)
                met &= kept
                print(text)
                write(options.write, f"replay of {part}", text)
    return 0 if met else 1


def _ways(name: str, top: Path, options: argparse.Namespace) -> tuple[str, bool]:
    scene = SCENES[name]({})
    if options.days:
        end = scene.begin + options.days * _DAY
        scene = replace(scene, asks=[ask for ask in scene.asks if ask.at < end])
    told, periods, answered = {}, {}, {}
    for way in options.only or scene.ways:
        begun = time.monotonic()
        place = top / f"{name}-{way.replace(' ', '-')}"
        played, done = replay(
            replace(scene, changes=scene.ways[way]),
            place,
            place.with_suffix(".log"),
            lambda world: (world.answered, tally(world)),
        )
        told[way], periods[way] = (scene.measure(played), done), by_period(scene, played)
        answered[way] = played
        print(f"{way}: {len(played)} requests in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    texts = [table(told), over_time(scene.shown, periods)]
    found = beside(scene, answered, {way: done for way, (_, done) in told.items()})
    return "\n\n".join((*texts, *((str(found),) if found else ()))), found is None or found.is_reached


def _faults(top: Path, _options: argparse.Namespace) -> tuple[str, bool]:
    found = []
    for number, fault in enumerate(faults()):
        begun = time.monotonic()
        place = top / f"fault-{number}"
        found.append((fault, replay(fault.scene, place, place.with_suffix(".log"), outcome)))
        print(f"{fault.words}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return fault_table(found), all(each.well for _, each in found)


if __name__ == "__main__":
    end(main)
