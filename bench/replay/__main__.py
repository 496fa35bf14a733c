"""``python -m bench.replay [--write docs/benchmarks.md]``: a model among its users, in three ways."""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.registry.measure import sealed
from bench.replay import mails
from bench.replay.alerts import desk
from bench.replay.figures import by_weeks, figures, over_time, table
from bench.replay.scene import Scene
from bench.replay.tally import Tally, tally
from bench.replay.world import Answered, World, turned
from gitmodel.errors import GitmodelError

_DAY = timedelta(days=1)
WAYS: Mapping[str, Mapping[str, Any]] = {
    "never retrained": {"retrain": None, "monitor": None, "quality": None},
    "retrained each week": {"retrain": {"schedule": "every sunday"}, "monitor": None, "quality": None},
    "self-healing": {"retrain": None},
}


def replay(scene: Scene, folder: Path, log: Path) -> tuple[list[Answered], Tally]:
    """Replay a scene; what the pipelines say goes to a file."""
    folder.mkdir(parents=True)
    with log.open("w") as out, desk() as alerts, turned(folder / "clock"):

        def say(line: str) -> None:
            print(line, file=out, flush=True)

        world = World(scene, folder, alerts, say)
        try:
            world.begin()
            world.live(_DAY)
            return world.answered, tally(world)
        finally:
            world.end()


def main() -> int:
    """Replay, and print the tables; the exit code is 1 where a demand was not met."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay")
    parser.add_argument("--folder", type=Path, help="Keep repositories and logs here.")
    parser.add_argument("--only", action="append", metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--days", type=int, help="Replay only so many.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-replay-") as name:
        top = options.folder or Path(name)
        top.mkdir(parents=True, exist_ok=True)
        with sealed(top / "home"):
            _run(top, options)
    return 0


def _run(top: Path, options: argparse.Namespace) -> None:
    told, weeks = {}, {}
    for way in options.only or WAYS:
        begun = time.monotonic()
        scene = mails.scene(WAYS[way], None)
        if options.days:
            end = scene.begin + options.days * _DAY
            scene = mails.scene(WAYS[way], [ask for ask in scene.asks if ask.at < end])
        place = way.replace(" ", "-")
        answered, done = replay(scene, top / place, top / f"{place}.log")
        told[way], weeks[way] = (figures(answered), done), by_weeks(answered, 2)
        print(f"{way}: {len(answered)} mails in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    print(table(told))
    print()
    print(over_time(weeks))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GitmodelError as error:
        sys.exit(f"error: {error.message}\n{error.detail}")
