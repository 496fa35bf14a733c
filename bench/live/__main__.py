"""``python -m bench.live [--write docs/benchmarks.md]``."""

import argparse
import tempfile
from pathlib import Path

from bench.live.serving import keeping_beside_not
from bench.program import add_write, end, show
from bench.registry.measure import sealed


def main() -> int:
    """Measure, print the table, and write it if asked to; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.live")
    add_write(parser)
    parser.add_argument("--rounds", type=int, default=9, help="How often each is timed.")
    parser.add_argument("--requests", type=int, default=1000, help="Predictions a round.")
    parser.add_argument("--rows", type=int, default=1, help="Rows of a prediction.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        pairs = keeping_beside_not(Path(name), options.rounds, options.requests, options.rows)
    return 0 if show(pairs, "live", options.write) else 1


if __name__ == "__main__":
    end(main)
