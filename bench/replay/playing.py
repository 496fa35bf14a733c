"""Replay a scene from its first version to its last day."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bench.replay.alerts import desk
from bench.replay.scene import Scene
from bench.replay.world import World, turned

Read = TypeVar("Read")


def replay(scene: Scene, folder: Path, log: Path, read: Callable[[World], Read]) -> Read:
    """Replay a scene, and read what came of it while it is there; what pipelines say goes to a file."""
    folder.mkdir(parents=True)
    with log.open("w") as out, desk() as alerts, turned(folder / "clock"):

        def say(line: str) -> None:
            print(line, file=out, flush=True)

        world = World(scene, folder, alerts, say)
        try:
            world.begin()
            world.live()
            return read(world)
        finally:
            world.end()
