"""``python -m bench.registry [--write docs/benchmarks.md]``."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.program import add_write, end, show
from bench.registry.loop import push_to_deployed
from bench.registry.measure import Pair, sealed
from bench.registry.mlflow import beside_mlflow
from bench.registry.scale import answers, beside_gto
from bench.registry.starts import check_push, list_one

_MEASURES: dict[str, Callable[[Path, argparse.Namespace], list[Pair]]] = {
    "list": lambda folder, options: [list_one(folder, options.starts)],
    "pre-receive": lambda folder, options: [check_push(folder, options.starts)],
    "push": lambda folder, options: [push_to_deployed(folder, options.rounds)],
    "many": lambda folder, options: answers(folder, max(5, options.starts // 2)),
    "mlflow": lambda folder, options: beside_mlflow(folder, max(5, options.starts // 2)),
    "gto": lambda folder, options: [beside_gto(folder, options.slow)],
}

# What stands together in a table of the page.
_PARTS = {"registry": ("list", "pre-receive", "push"), "many": ("many", "mlflow", "gto")}


def main() -> int:
    """Measure, print the table, and write it if asked to; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.registry")
    add_write(parser)
    parser.add_argument("--rounds", type=int, default=3, help="Rounds of push to deployed.")
    parser.add_argument("--starts", type=int, default=25, help="Rounds of the short ones.")
    parser.add_argument("--slow", type=int, default=5, help="Rounds of what takes a peer minutes.")
    parser.add_argument("--only", choices=[*_MEASURES], help="Measure one of them.")
    options = parser.parse_args()
    kept = True
    for part, names in _PARTS.items():
        chosen = [name for name in names if options.only in {None, name}]
        if not chosen:
            continue
        with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
            pairs = [pair for each in chosen for pair in _MEASURES[each](Path(name), options)]
        kept &= show(pairs, part, options.write)
    return 0 if kept else 1


if __name__ == "__main__":
    end(main)
