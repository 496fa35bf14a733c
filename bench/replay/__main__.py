"""``python -m bench.replay [--write docs/benchmarks.md]``: models among their users, and what goes wrong."""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.markdown import put_between
from bench.registry.measure import sealed
from bench.replay import mails
from bench.replay.faults import faults
from bench.replay.figures import by_weeks, figures, over_time, table
from bench.replay.outcome import fault_table, outcome
from bench.replay.playing import replay
from bench.replay.tally import tally
from gitmodel.errors import GitmodelError

_DAY = timedelta(days=1)
_WEEKS = 2
WAYS: Mapping[str, Mapping[str, Any]] = {
    "never retrained": {"retrain": None, "monitor": None, "quality": None},
    "retrained each week": {"retrain": {"schedule": "every sunday"}, "monitor": None, "quality": None},
    "self-healing": {"retrain": None},
}


def main() -> int:
    """Replay, and print the tables; the exit code is 1 where a demand was not met."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay")
    parser.add_argument("scene", nargs="*", metavar="SCENE", help="mails, faults; default: all")
    parser.add_argument("--folder", type=Path, help="Keep repositories and logs here.")
    parser.add_argument("--only", action="append", metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--days", type=int, help="Replay only so many days of mails.")
    parser.add_argument("--write", type=Path, metavar="FILE", help="Put tables between the markers of FILE.")
    options = parser.parse_args()
    parts = {"mails": _mails, "faults": _faults}
    met = True
    with tempfile.TemporaryDirectory(prefix="gitmodel-replay-") as name:
        top = options.folder or Path(name)
        top.mkdir(parents=True, exist_ok=True)
        with sealed(top / "home"):
            for part in options.scene or parts:
                text, kept = parts[part](top, options)
                met &= kept
                print(text)
                if options.write:
                    page = options.write.read_text("utf-8")
                    options.write.write_text(put_between(page, f"replay of {part}", text), "utf-8")
    return 0 if met else 1


def _mails(top: Path, options: argparse.Namespace) -> tuple[str, bool]:
    told, weeks, answered = {}, {}, {}
    for way in options.only or WAYS:
        begun = time.monotonic()
        scene = mails.scene(WAYS[way])
        if options.days:
            end = scene.begin + options.days * _DAY
            scene = mails.scene(WAYS[way], [ask for ask in scene.asks if ask.at < end])
        place = way.replace(" ", "-")
        played, done = replay(
            scene, top / place, top / f"{place}.log", lambda world: (world.answered, tally(world))
        )
        told[way], weeks[way], answered[way] = (figures(played), done), by_weeks(played, _WEEKS), played
        print(f"{way}: {len(played)} mails in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return "\n\n".join((table(told), over_time(weeks))), True


def _faults(top: Path, _options: argparse.Namespace) -> tuple[str, bool]:
    found = []
    for number, fault in enumerate(faults()):
        begun = time.monotonic()
        place = top / f"fault-{number}"
        found.append((fault, replay(fault.scene, place, place.with_suffix(".log"), outcome)))
        print(f"{fault.words}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return fault_table(found), all(each.well for _, each in found)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GitmodelError as error:
        sys.exit(f"error: {error.message}\n{error.detail}")
