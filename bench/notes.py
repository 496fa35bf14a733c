"""``python -m bench.notes``: many notes read and merged, beside `git cat-file --batch` of the same blobs."""

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.registry.measure import Pair, alternate, environment, machine, sealed, table
from gitmodel import process
from gitmodel.git.notes import Lines, combine, list_places, read_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import Dataset, Record, format_record

NOTES, RECORDS, DIFFERING = 10_000, 5, 100
BOUND = 3.0


def main() -> int:
    """Measure and print the table; the exit code is 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.notes")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitmodel-bench-") as name, sealed(Path(name) / "home"):
        kept, whole, unread = measure(Path(name) / "repo", options.rounds)
    print(f"{machine()}\n\n{table([kept])}\n")
    print(f"{whole.what}: {statistics.median(whole.ours):.2f} s, {whole.ratio:.2f} times {whole.peer}")
    print(f"{kept.peer}: {unread * 1000:.0f} ms where nobody reads its output")
    return 0 if kept.kept else 1


def measure(folder: Path, rounds: int) -> tuple[Pair, Pair, float]:
    """Return what has a bound, the worst case (it writes every note), and the peer with no reader, once."""
    process.run(["git", "init", "-q", str(folder)])
    repo = Repository.open(folder)
    oids = [Oid(hashlib.sha1(b"%d" % number).hexdigest()) for number in range(NOTES)]
    base = _grown(repo, None, {oid: [_line(oid, k) for k in range(RECORDS - 1)] for oid in oids})
    # Each side has added a record of its own: to a few notes, and to all of them.
    few = {oid: [_line(oid, 100)] for oid in oids[:DIFFERING]}
    here = _grown(repo, base, {oid: [_line(oid, 10)] for oid in oids})
    there = _grown(repo, base, {oid: [_line(oid, 20)] for oid in oids})
    copy = _grown(repo, here, few)
    repo.git("repack", "-adq")
    ours, all_blobs = _blobs(repo, here), [*_blobs(repo, here), *_blobs(repo, there)]
    grown: list[Oid] = []

    def before(number: int) -> None:
        """Make what is merged differ from round to round: git writes no object twice."""
        one, two = _line("one", number), _line("two", number)
        grown[:] = [
            _grown(repo, here, {oid: [one] for oid in oids[:DIFFERING]}),
            _grown(repo, there, {oid: [two] for oid in oids}),
        ]

    def read_and_merge(_number: int) -> None:
        assert len(read_notes(repo, here)) == NOTES
        assert combine(repo, grown[0], copy, {}) not in (None, *grown)

    def merge_all(_number: int) -> None:
        assert combine(repo, here, grown[1], {}) not in (None, *grown)

    peer = "`git cat-file --batch` of the same blobs, read through a pipe"
    pairs = (
        alternate(
            f"{NOTES} notes of {RECORDS} records: read, then merged with a copy where {DIFFERING} differ",
            peer,
            read_and_merge,
            lambda _number: _cat(repo, ours),
            rounds=rounds,
            bound=BOUND,
            before=before,
        ),
        alternate(
            f"{NOTES} notes of {RECORDS} records, merged with a copy where all differ",
            peer,
            merge_all,
            lambda _number: _cat(repo, all_blobs),
            rounds=rounds,
            bound=float("inf"),
            before=before,
        ),
    )
    begun = time.perf_counter()
    _cat(repo, ours, output=subprocess.DEVNULL)
    return *pairs, time.perf_counter() - begun


def _line(text: str, number: int) -> str:
    digest = hashlib.md5(f"{text} {number}".encode()).hexdigest()
    dataset = Dataset("feedback", digest, 500 + number)
    values = {"accuracy": int(digest[:6], 16) / 16**6, "roc_auc": int(digest[6:12], 16) / 16**6}
    return format_record(
        Record("credit-risk", "live", values, "2026-11-27T15:46:31Z", "monitor", "4", dataset)
    )


def _grown(repo: Repository, tip: Oid | None, added: Lines) -> Oid:
    made = combine(repo, tip, None, added)
    assert made is not None
    repo.git("update-ref", f"refs/bench/{made}", made)
    return made


def _blobs(repo: Repository, tip: Oid) -> list[str]:
    return [blob for kept in list_places(repo, tip).values() for _, blob in kept]


def _cat(repo: Repository, blobs: Sequence[str], output: int = subprocess.PIPE) -> None:
    names = "\n".join([*blobs, ""]).encode()
    argv = ["git", "cat-file", "--batch"]
    subprocess.run(argv, cwd=repo.root, env=environment(), input=names, stdout=output, check=True)


if __name__ == "__main__":
    sys.exit(main())
