"""``python -m bench.ci [--write docs/benchmarks.md]``."""

import argparse
import tempfile
from pathlib import Path

from bench.ci.finished import finished_run
from bench.ci.many import many_models
from bench.program import add_write, end, show
from bench.registry.measure import sealed


def main() -> int:
    """Measure, print the table, and write it if asked to; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.ci")
    add_write(parser)
    parser.add_argument("--rounds", type=int, default=9, help="How often each is timed.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        pairs = [*many_models(Path(name), options.rounds), *finished_run(Path(name), options.rounds)]
    return 0 if show(pairs, "ci", options.write) else 1


if __name__ == "__main__":
    end(main)
