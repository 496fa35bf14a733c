"""What a deployment has to write to git, kept on this machine until git has it.

A remote may be down just when a rollout has failed; and a deployment may be killed. Whoever deploys next
writes what is left here, and does not try again what is noted here as bad.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from gitmodel.delivery.locks import environment_lock
from gitmodel.git.repository import Repository


@dataclass(frozen=True)
class Entry:
    """An outcome to write, and what follows from it.

    Attributes:
        model: Name of the model.
        version: The version that was rolled out.
        tip: The commit of the environment's branch that the note goes to.
        line: The note; "": there is none.
        bad: Whether the version failed by its own fault.
        object: Id of the version's tag object.
        running: The version that goes on instead; "": none.
        reason: Why it failed.
    """

    model: str
    version: str
    tip: str
    line: str
    bad: bool = False
    object: str = ""
    running: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Journal:
    """The entries of one environment, in a file."""

    file: Path

    def read(self) -> list[Entry]:
        """Return what is still to be written; a last line that a killed process left half is passed over."""
        try:
            lines = self.file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        entries = []
        for line in lines:
            try:
                entries.append(Entry(**json.loads(line)))
            except (TypeError, ValueError):
                continue
        return entries

    def add(self, entry: Entry) -> None:
        """Keep an entry, on the disk before this returns."""
        with self._held(), self.file.open("a", encoding="utf-8") as file:
            file.write("\n" * self._is_torn() + json.dumps(asdict(entry)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _is_torn(self) -> bool:
        """Say whether a killed process has left a line without its end."""
        with self.file.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            return file.read() not in (b"", b"\n")

    def drop(self, done: Sequence[Entry]) -> None:
        """Forget what git has; what others have added meanwhile stays."""
        with self._held():
            left = [entry for entry in self.read() if entry not in done]
            part = self.file.with_suffix(f".{os.getpid()}")
            part.write_text("".join(json.dumps(asdict(entry)) + "\n" for entry in left), "utf-8")
            part.replace(self.file)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with environment_lock(self.file.with_suffix(".lock"), "the journal", lambda _line: None):
            yield


def journal_of(repo: Repository, env: str) -> Journal:
    """Return the journal of an environment in this copy."""
    return Journal(repo.state / "deployments" / f"{env}.jsonl")
