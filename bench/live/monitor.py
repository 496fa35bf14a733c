"""``python -m bench.live.monitor [--rows N] [--rounds N]``: `gitmodel monitor` beside reading the same files.

A million predictions of the example's model with their labels, as two hosts keep them. The peer reads the
files with pyarrow's JSON reader and joins them with pandas, and measures nothing.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.program import end
from bench.registry.measure import Pair, alternate, environment, sealed, table
from gitmodel import process
from gitmodel.delivery.collecting import live_folder
from gitmodel.git.repository import Repository

_A_SEGMENT = 50_000  # lines: about 16 MB
_PEER = """
import sys
from pathlib import Path
import pandas as pd
import pyarrow as pa
from pyarrow import json

def read(kind):
    return pa.concat_tables(
        [json.read_json(file) for file in sorted(Path(sys.argv[1]).glob(f"*/{kind}/*/*.jsonl"))],
        promote_options="permissive",
    ).to_pandas()

joined = read("predictions").merge(read("feedback"), left_on="id", right_on="prediction", how="left")
print(len(joined))
"""


def monitored(folder: Path, rows: int, rounds: int) -> list[Pair]:
    """Measure both over the same files."""
    program = str(Path(sys.executable).with_name("gitmodel"))
    root = folder / "loans"
    process.run([program, "init", "--example", "credit-risk", str(root)], env=environment())

    def run(*argv: str) -> str:
        return process.run([program, *argv], cwd=root, env=environment()).text

    run("register")
    run("promote", "local")
    found = live_folder(Repository.open(root), "local")
    _write(root, found, rows)

    def ours(_: int) -> None:
        (answer,) = json.loads(
            run("monitor", "credit-risk", "local", "--json", "--no-record", "--no-collect")
        )
        if answer["counts"]["labelled"] != rows or "roc_auc" not in answer["metrics"]:
            raise SystemExit(f"monitor did not measure all rows: {answer['counts']}, {answer['problem']}")

    def theirs(_: int) -> None:
        done = process.run([sys.executable, "-c", _PEER, str(found)], env=environment())
        if int(done.text) != rows:
            raise SystemExit("the peer did not join all rows")

    what = f"monitor {rows:,} predictions with labels"
    return [alternate(what, "pyarrow and pandas read and join them", ours, theirs, rounds=rounds, bound=2.0)]


def _write(root: Path, folder: Path, rows: int) -> None:
    """Write segments of two hosts; inputs are those of the test data, labels are right four times of five."""
    import pandas as pd

    (file,) = root.rglob("test.*")
    inputs = json.loads(pd.read_parquet(file).drop(columns=["Class"]).to_json(orient="records"))
    chance, now = random.Random(0), datetime.now(UTC)
    for number in range(0, rows, _A_SEGMENT):
        host = folder / f"host-{number // _A_SEGMENT % 2}"
        pairs = [
            _lines(count, inputs[count % len(inputs)], chance, now)
            for count in range(number, min(rows, number + _A_SEGMENT))
        ]
        for kind, lines in zip(("predictions", "feedback"), zip(*pairs, strict=True), strict=True):
            _segment(host / kind / "credit-risk" / f"20261127T100000Z-1-{number:07}.jsonl", lines)


def _lines(number: int, row: dict[str, Any], chance: random.Random, now: datetime) -> tuple[str, str]:
    bad = round(chance.random(), 4)
    said = "bad" if bad > 0.5 else "good"
    truth = said if chance.random() < 0.8 else "good" if said == "bad" else "bad"
    at = (now - timedelta(seconds=chance.uniform(3600, 500_000))).isoformat(timespec="milliseconds")
    name = f"{number:016x}-0"
    facts = {
        "id": name,
        "at": at.replace("+00:00", "Z"),
        "model": "credit-risk",
        "version": "1",
        "input": row,
    }
    output = {"prediction": said, "probabilities": {"bad": bad, "good": round(1 - bad, 4)}}
    label = {"id": f"{number:016x}", "prediction": name, "at": now.isoformat(timespec="milliseconds")}
    told = {
        **label,
        "at": label["at"].replace("+00:00", "Z"),
        "label": truth,
        "origin": "user",
        "signal": "label",
    }
    return json.dumps({**facts, "output": output, "ms": 3.1}), json.dumps(told)


def _segment(file: Path, lines: Sequence[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> int:
    """Measure and print the table; the exit code is 1 where the bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.live.monitor")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        pairs = monitored(Path(name), options.rows, options.rounds)
    print(table(pairs))
    return 0 if all(pair.kept for pair in pairs) else 1


if __name__ == "__main__":
    end(main)
