"""Lines among the metrics notes that are no records: found, and set aside without losing one."""

from typing import NamedTuple

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import raw_lines, read_texts
from gitmodel.git.remotes import publish, take_out
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, parse_record

UNREADABLE_REF = "refs/notes/metrics-unreadable"


class Broken(NamedTuple):
    """A line that is no record.

    Attributes:
        commit: What the note is on.
        number: The line's number in the note, from 1; 0: the whole note is missing or damaged.
        text: The line as it stands.
        reason: Why it is no record.
    """

    commit: Oid
    number: int
    text: str
    reason: str

    def __str__(self) -> str:
        """Return it as one line."""
        where = f"{self.commit.short} line {self.number}" if self.number else self.commit.short
        return f"{where}: {self.reason}"


def read_broken(repo: Repository) -> tuple[int, list[Broken]]:
    """Return how many records there are, and the lines that are none.

    Raises:
        ToolFailed: If the list of notes cannot be read.
    """
    count, broken = 0, []
    for commit, texts in read_texts(repo, METRICS_REF):
        for text in texts:
            if text is None:
                broken.append(Broken(commit, 0, "", "the text of this note is missing or damaged in git"))
                continue
            for number, line in enumerate(raw_lines(text), 1):
                try:
                    count += bool(line.strip() and parse_record(line))
                except InvalidFile as error:
                    broken.append(Broken(commit, number, line, error.message))
    return count, broken


def set_aside(repo: Repository) -> int:
    """Move the lines that are no records, byte for byte, to notes of their own; return how many were moved.

    They are there, and at the remote, before they are taken away here: killed in between, nothing is lost,
    and the next call goes on.

    Raises:
        ToolFailed: If the remote does not answer or refuses.
    """
    publish(repo, [], {METRICS_REF: {}, UNREADABLE_REF: {}})  # what others wrote counts too
    found: dict[Oid, list[str]] = {}
    for line in read_broken(repo)[1]:
        if line.number:
            found.setdefault(line.commit, []).append(line.text)
    if found:
        publish(repo, [], {UNREADABLE_REF: found})
        take_out(repo, METRICS_REF, found)
    return sum(map(len, found.values()))
