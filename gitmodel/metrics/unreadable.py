"""Lines among notes that are not what they must be: found, and set aside without losing one."""

from collections.abc import Callable
from typing import NamedTuple

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import raw_lines, read_texts
from gitmodel.git.remotes import publish, take_out
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, parse_record

UNREADABLE_REF = f"{METRICS_REF}-unreadable"


class Kind(NamedTuple):
    """Notes that hold a line a fact: their ref, and what reads a line or raises `InvalidFile`."""

    ref: str
    parse: Callable[[str], object]

    @property
    def aside(self) -> str:
        """Where lines that cannot be read are set aside."""
        return f"{self.ref}-unreadable"


METRICS = Kind(METRICS_REF, parse_record)


class Broken(NamedTuple):
    """A line that cannot be read.

    Attributes:
        commit: What the note is on.
        number: The line's number in the note, from 1; 0: the whole note is missing or damaged.
        text: The line as it stands.
        reason: Why it cannot be.
    """

    commit: Oid
    number: int
    text: str
    reason: str

    def __str__(self) -> str:
        """Return it as one line."""
        where = f"{self.commit.short} line {self.number}" if self.number else self.commit.short
        return f"{where}: {self.reason}"


def read_broken(repo: Repository, kind: Kind = METRICS) -> tuple[int, list[Broken]]:
    """Return how many lines can be read, and those that cannot.

    Raises:
        ToolFailed: If the list of notes cannot be read.
    """
    count, broken = 0, []
    for commit, texts in read_texts(repo, kind.ref):
        for text in texts:
            if text is None:
                broken.append(Broken(commit, 0, "", "the text of this note is missing or damaged in git"))
                continue
            for number, line in enumerate(raw_lines(text), 1):
                try:
                    count += bool(line.strip() and kind.parse(line))
                except InvalidFile as error:
                    broken.append(Broken(commit, number, line, error.message))
    return count, broken


def set_aside(repo: Repository, kind: Kind = METRICS) -> int:
    """Move the lines that cannot be read, byte for byte, to notes of their own; return how many were moved.

    They are there, and at the remote, before they are taken away here: killed in between, nothing is lost,
    and the next call goes on.

    Raises:
        ToolFailed: If the remote does not answer or refuses.
    """
    publish(repo, [], {kind.ref: {}, kind.aside: {}})  # what others wrote counts too
    found: dict[Oid, list[str]] = {}
    for line in read_broken(repo, kind)[1]:
        if line.number:
            found.setdefault(line.commit, []).append(line.text)
    if found:
        publish(repo, [], {kind.aside: found})
        take_out(repo, kind.ref, found)
    return sum(map(len, found.values()))
