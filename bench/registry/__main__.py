"""``python -m bench.registry [--write docs/benchmarks.md]``."""

import argparse
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.markdown import put_between
from bench.registry.loop import push_to_deployed
from bench.registry.measure import Pair, machine, sealed, table
from bench.registry.starts import check_push, list_one
from gitmodel.errors import GitmodelError


def main() -> int:
    """Measure, print the table, and write it if asked to; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.registry")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="Put the table between the markers of FILE."
    )
    parser.add_argument("--rounds", type=int, default=3, help="Rounds of push to deployed.")
    parser.add_argument("--starts", type=int, default=25, help="Rounds of the short ones.")
    parser.add_argument("--only", choices=["list", "pre-receive", "push"], help="Measure one of them.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        pairs = _measure(Path(name), options)
    print(table(pairs))
    if options.write:
        text = options.write.read_text("utf-8")
        options.write.write_text(put_between(text, "registry", _section(pairs)), "utf-8")
    return 0 if all(pair.kept for pair in pairs) else 1


def _measure(folder: Path, options: argparse.Namespace) -> list[Pair]:
    pairs = []
    if options.only in {None, "list"}:
        pairs.append(list_one(folder, options.starts))
    if options.only in {None, "pre-receive"}:
        pairs.append(check_push(folder, options.starts))
    if options.only in {None, "push"}:
        pairs.append(push_to_deployed(folder, options.rounds))
    return pairs


def _section(pairs: list[Pair]) -> str:
    day = datetime.now(UTC).date().isoformat()
    return f"Measured on {day}, Python {platform.python_version()}, {machine()}.\n\n{table(pairs)}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except GitmodelError as error:
        sys.exit(f"error: {error.message}\n{error.detail}")
