"""``python -m bench.live [--write docs/benchmarks.md]``."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.live.serving import keeping_beside_not
from bench.markdown import put_between
from bench.registry.measure import sealed, section, table
from gitmodel.errors import GitmodelError


def main() -> int:
    """Measure, print the table, and write it if asked to; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.live")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="Put the table between the markers of FILE."
    )
    parser.add_argument("--rounds", type=int, default=9, help="How often each is timed.")
    parser.add_argument("--requests", type=int, default=1000, help="Predictions a round.")
    parser.add_argument("--rows", type=int, default=1, help="Rows of a prediction.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        pairs = keeping_beside_not(Path(name), options.rounds, options.requests, options.rows)
    print(table(pairs))
    if options.write:
        text = options.write.read_text("utf-8")
        options.write.write_text(put_between(text, "live", section(pairs)), "utf-8")
    return 0 if all(pair.kept for pair in pairs) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GitmodelError as error:
        sys.exit(f"error: {error.message}\n{error.detail}")
