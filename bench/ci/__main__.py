"""``python -m bench.ci [--write docs/benchmarks.md]``."""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.ci.finished import finished_run
from bench.ci.many import many_models
from bench.markdown import put_between
from bench.registry.measure import sealed, section, table
from gitmodel.errors import GitmodelError


def main() -> int:
    """Measure, print the table, and write it if asked to; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.ci")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="Put the table between the markers of FILE."
    )
    parser.add_argument("--rounds", type=int, default=9, help="How often each is timed.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        pairs = [*many_models(Path(name), options.rounds), *finished_run(Path(name), options.rounds)]
    print(table(pairs))
    if options.write:
        text = options.write.read_text("utf-8")
        options.write.write_text(put_between(text, "ci", section(pairs)), "utf-8")
    return 0 if all(pair.kept for pair in pairs) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GitmodelError as error:
        sys.exit(f"error: {error.message}\n{error.detail}")
