"""``python -m bench.site [--write docs/benchmarks.md]``."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.program import add_write, end, show
from bench.registry.measure import Pair, alternate, environment, sealed
from bench.registry.scale import FIELDS, build
from gitmodel import process
from gitmodel.delivery.outcomes import Outcome, format_outcome
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record
from gitmodel.registry.environments import DEPLOYMENTS_REF

MODELS, VERSIONS, LIVE = 1000, 10, 5
# The first bound is of all files, the second of a build where nothing has changed.
_WHOLE, _AGAIN = 10.0, 15.0
# What any generator must do: read it all from git, and write the pages.
_FLOOR = """\
import subprocess, sys
from pathlib import Path
source, target = Path(sys.argv[1]), Path(sys.argv[2])
tags = ["git", "for-each-ref", "--format=" + sys.argv[3], "refs/tags"]
subprocess.run(tags, capture_output=True, check=True)
for tree in ("main", "env/staging", "env/production", "refs/notes/metrics", "refs/notes/deployments"):
    found = subprocess.run(["git", "ls-tree", "-r", tree], capture_output=True, check=True).stdout
    blobs = b"".join(line.split()[2] + b"\\n" for line in found.splitlines())
    subprocess.run(["git", "cat-file", "--batch"], input=blobs, capture_output=True, check=True)
for file in source.rglob("*"):
    if file.is_file():
        place = target / file.relative_to(source)
        data = file.read_bytes()
        if not place.is_file() or place.read_bytes() != data:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
"""


def main() -> int:
    """Measure, print the table, and write it if asked to; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.site")
    add_write(parser)
    parser.add_argument("--rounds", type=int, default=5, help="How often each is timed.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        pairs = measure(Path(name), options.rounds)
    return 0 if show(pairs, "site", options.write) else 1


def measure(folder: Path, rounds: int) -> list[Pair]:
    """Time a first build, and one where nothing has changed, each beside its floor."""
    repo = folder / "many.git"
    build(repo, MODELS, VERSIONS)
    _note(Repository.open(repo))
    program = str(Path(sys.executable).with_name("gitmodel"))
    ours, theirs, kept = folder / "ours", folder / "theirs", folder / "kept"

    def site(target: Path) -> None:
        argv = [program, "site", "build", "-o", str(target), "--json"]
        done = process.run(argv, cwd=repo, env=environment())
        if json.loads(done.stdout)["versions"] != MODELS * VERSIONS:
            raise SystemExit("the site lacks versions")

    def floor(target: Path) -> None:
        argv = [sys.executable, "-c", _FLOOR, str(kept), str(target), FIELDS]
        subprocess.run(argv, cwd=repo, env=environment(), check=True)

    def before(_number: int) -> None:
        for place in (ours, theirs):
            shutil.rmtree(place, ignore_errors=True)

    site(kept)
    floor(theirs)
    size = f"{MODELS:,} models, {MODELS * VERSIONS:,} versions"
    reading = "`git for-each-ref`, `git cat-file --batch` of what is read,"
    return [
        alternate(
            f"`gitmodel site build`, {size}",
            f"{reading} and writing the same files",
            lambda _number: site(ours),
            lambda _number: floor(theirs),
            rounds=rounds,
            bound=_WHOLE,
            before=before,
        ),
        alternate(
            "the same, nothing has changed",
            f"{reading} and comparing the same files",
            lambda _number: site(ours),
            lambda _number: floor(theirs),
            rounds=rounds,
            bound=_AGAIN,
        ),
    ]


def _note(repo: Repository) -> None:
    """Note a training and some live figures of each version, and a deployment of each model."""
    models = [line.split("/")[1] for line in repo.git("ls-tree", "-r", "--name-only", "main").splitlines()]
    head, tip = Oid(repo.git("rev-parse", "main")), Oid(repo.git("rev-parse", "env/production"))
    append_notes(repo, METRICS_REF, {head: [format_record(each) for each in _records(models)]})
    append_notes(repo, DEPLOYMENTS_REF, {tip: [format_outcome(_outcome(model)) for model in models]})


def _records(models: list[str]) -> Iterator[Record]:
    for model in models:
        for version in range(1, VERSIONS + 1):
            figures = {"accuracy": 0.8 + version / 1000, "roc_auc": 0.7}
            yield Record(model, "training", figures, f"2026-11-{version:02d}T00:00:00Z", "ci", f"{version}")
        for at in range(LIVE):
            live = {"recall": 0.6, "recall.low": 0.5, "recall.high": 0.7, "predictions": 90.0}
            day, data = f"2026-11-{12 + at}T00:00:00Z", Dataset("live/production")
            yield Record(model, "live", live, day, "cron", f"{VERSIONS - 1}", data)


def _outcome(model: str) -> Outcome:
    url = f"http://127.0.0.1:8400/{model}"
    return Outcome("production", model, f"{VERSIONS - 1}", "deployed", "2026-11-11T00:00:00Z", "ci", 4.5, url)


if __name__ == "__main__":
    end(main)
