"""``python -m bench.hosts switches|speed [--write FILE]``; needs root, see `tests.system.hosts`."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.hosts.speed import speed
from bench.hosts.switches import switches
from bench.program import add_write, end, show, write
from bench.registry.measure import measured, sealed
from tests.system.hosts import lacking


def main() -> int:
    """Measure, print, and write it if asked to; 1 where a bound was not kept or a request was lost."""
    parser = argparse.ArgumentParser(prog="python -m bench.hosts")
    parser.add_argument("what", choices=["switches", "speed"])
    parser.add_argument("--switches", type=int, default=50, help="How many.")
    parser.add_argument("--connections", type=int, default=32, help="Keep-alive connections at a time.")
    parser.add_argument("--hosts", type=int, default=10, help="How many hosts are compared with one.")
    parser.add_argument("--rounds", type=int, default=5, help="How often each is timed.")
    add_write(parser)
    options = parser.parse_args()
    if lacking():
        sys.exit(f"no hosts can be booted here: {lacking()}")
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        if options.what == "speed":
            pairs = speed(Path(name), options.hosts, options.rounds)
            return 0 if show(pairs, "hosts", options.write) else 1
        found = switches(Path(name), options.switches, options.connections)
        print(found.table)
        write(options.write, "switches", measured(found.table))
        return 1 if found.lost else 0


if __name__ == "__main__":
    end(main)
