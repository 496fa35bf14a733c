"""The record of a training that failed, and the notebook that looks into it; a folder each.

The round trip law: ``parse_failure(format_failure(failure)) == failure``.
"""

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.notebooks.cells import write

_FILE = "failure.json"
_EXECUTED = "executed.ipynb"
_KEPT = 50


@dataclass(frozen=True)
class Failure:
    """A training that failed; paths are from the top of the repository.

    Attributes:
        id: The model and the run, such as ``hello-world-20261201T140512-001``.
        model: The model.
        commit: What was trained.
        at: When it failed, in UTC, as RFC 3339 writes it.
        message: Why, in a sentence.
        detail: The words of DVC.
        log: The last lines that were printed.
        stage: Name of the stage that failed; "": it is not known, or all ended well and the result was wrong.
        command, folder: What it runs, and where.
        inputs: What it reads.
        parameters: Values of the parameters that it reads, by file.
        locks: The ``dvc.lock`` files as it found them.
    """

    id: str
    model: str
    commit: str
    at: str
    message: str
    detail: str = ""
    log: tuple[str, ...] = ()
    stage: str = ""
    command: str = ""
    folder: str = ""
    inputs: tuple[str, ...] = ()
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    locks: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its notebook's file."""
        return f"failure-{self.id}.ipynb"


def format_failure(failure: Failure) -> str:
    """Write a failure."""
    return json.dumps(asdict(failure), indent=1, default=str) + "\n"


def parse_failure(text: str) -> Failure:
    """Read a failure.

    Raises:
        InvalidFile: If it is not what `format_failure` writes.
    """
    try:
        document = dict(json.loads(text))
        lists: dict[str, Any] = {name: tuple(map(str, document.pop(name, ()))) for name in ("log", "inputs")}
        return Failure(**document, **lists)
    except (ValueError, TypeError) as error:
        raise InvalidFile(f"not the record of a failure: {error}") from error


class Failures:
    """The failures that a repository's state folder keeps: the newest 50.

    Args:
        repo: The repository.
    """

    def __init__(self, repo: Repository) -> None:
        self.folder = repo.state / "failures"

    def keep(self, failure: Failure, notebook: bytes, executed: bytes | None) -> Path:
        """Write a failure with its notebook and, where the stage was a notebook, the executed copy.

        Returns:
            The notebook's file.
        """
        place = self.folder / failure.id
        if executed is not None:
            write(place / _EXECUTED, executed)
        write(place / failure.name, notebook)
        write(place / _FILE, format_failure(failure).encode("utf-8", "backslashreplace"))
        kept = sorted(self.folder.glob(f"*/{_FILE}"), key=lambda file: file.stat().st_mtime_ns)
        for old in kept[:-_KEPT]:
            shutil.rmtree(old.parent, ignore_errors=True)
        return place / failure.name

    def all(self) -> list[Failure]:
        """Return all that can be read, the oldest first."""
        found = []
        for file in self.folder.glob(f"*/{_FILE}"):
            try:
                found.append(parse_failure(file.read_text("utf-8")))
            except (OSError, ValueError, InvalidFile):
                continue
        return sorted(found, key=lambda failure: (failure.at, failure.id))

    def called(self, name: str) -> list[Failure]:
        """Return those whose id, or whose run, this is."""
        return [each for each in self.all() if each.id == name or each.id.endswith(f"-{name}")]

    def executed(self, failure: Failure) -> Path | None:
        """Return the notebook that the failed stage ran, as far as it came."""
        file = self.folder / failure.id / _EXECUTED
        return file if file.is_file() else None


def unused_id(repo: Repository, wanted: str) -> str:
    """Return the id, with a number behind it where there is such a failure already."""
    taken = {file.name for file in Failures(repo).folder.glob("*")}
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    return found
