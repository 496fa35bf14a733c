"""Carry measurements over to a commit that has the same inputs as one that history lost.

A merge that squashes or rebases leaves the commits of a pull request, and the notes on them, on no branch.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import read_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Record, parse_record


@dataclass(frozen=True)
class Twin:
    """An earlier training of the same inputs: the commit that was trained, and the one with its result."""

    source: Oid
    result: Oid


def carried(
    repo: Repository, model: str, twin: Twin, *, commit: Oid, result: Oid, digest: str
) -> dict[Oid, list[str]]:
    """Return the lines of notes to add, by commit: those that are about this model and no version yet.

    Args:
        repo: The repository.
        model: Name of the model.
        twin: The earlier training.
        commit: The commit that has the same inputs.
        result: The commit that holds its result.
        digest: Of the inputs.

    Returns:
        What was measured of the same inputs, for ``result``; what else the lost commits tell, for ``commit``
        where that is another one, since readers take what a version's commit bears for its own.
    """
    lost = [Oid(line) for line in repo.git("rev-list", twin.source, f"^{commit}").splitlines()]
    holders = dict.fromkeys([twin.result, *_noted(repo, digest)])
    notes = read_notes(repo, METRICS_REF, [*lost, *holders, twin.source, result, commit])
    same, others = [], []
    for oid in dict.fromkeys([*holders, *lost]):
        for line, record in _of_model(notes.get(oid, ()), model):
            if record.run == digest or (record.run is None and (oid in holders or oid == twin.source)):
                same.append(line)
            else:
                others.append(line)
    wanted = {result: same} if commit == result else {result: same, commit: others}
    missing = {
        oid: [line for line in lines if line not in notes.get(oid, ())] for oid, lines in wanted.items()
    }
    return {oid: lines for oid, lines in missing.items() if lines}


def _noted(repo: Repository, digest: str) -> list[Oid]:
    """Return the commits whose notes name a run: the results of the same inputs, wherever they were made."""
    found = repo.run(
        "grep", "--files-with-matches", "--fixed-strings", "-e", digest, METRICS_REF, check=False
    )
    commits = []
    for line in found.text.splitlines():
        with suppress(ValueError):  # another file in the tree
            commits.append(Oid(line.partition(":")[2].replace("/", "")))
    return commits


def _of_model(lines: Iterable[str], model: str) -> Iterable[tuple[str, Record]]:
    for line in lines:
        with suppress(InvalidFile):  # `doctor` names what cannot be read
            record = parse_record(line)
            if record.model == model and record.version is None:
                yield line, record
