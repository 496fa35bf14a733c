"""The record of a run: what was pushed or asked for, by whom, and what became of it; a small file each.

A run is written by the hook that queues it and by the worker that carries it out, never by two at once, and
each time as a whole. The round trip law: ``parse_run(format_run(run)) == run``.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from gitmodel import process
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.pushed import Pushed, describe

QUEUED, RUNNING, DONE, FAILED, INTERRUPTED = "queued", "running", "done", "failed", "interrupted"
ENDED = frozenset({DONE, FAILED})
_FILE = "run.json"


@dataclass(frozen=True)
class Task:
    """What a schedule or an event asks for.

    Attributes:
        what: ``retrain``, ``monitor`` or ``reconcile``.
        model: Name of the model; "" where it is about an environment.
        environment: What is mended, or where the model is watched; "": wherever it is live.
        due: When it was found due by its schedule (RFC 3339); "": it has none.
        at: The moment that is judged (RFC 3339); "": when its turn has come.
    """

    what: str
    model: str
    environment: str = ""
    due: str = ""
    at: str = ""

    @property
    def name(self) -> str:
        """How people call it."""
        if not self.model:
            return f"{self.what} {self.environment}"
        return f"{self.what} {self.model}" + (f" in {self.environment}" if self.environment else "")


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        id: Sorts as the pushes came: ``20261127T154631-001``.
        state: queued, running, done or failed, as it was written; see `state_now`.
        pushed: The refs that moved.
        by: Who pushed.
        queued: When, in UTC, as RFC 3339 writes it; so are ``started`` (last) and ``ended``.
        attempts: How often it was begun.
        code: Its exit code, once it has ended.
        pid: The process that carries it out, and when that began, as the system tells it.
        task: What is to be done where nothing was pushed.
    """

    id: str
    state: str
    pushed: tuple[Pushed, ...]
    by: str
    queued: str
    started: str | None = None
    ended: str | None = None
    attempts: int = 0
    code: int | None = None
    pid: int | None = None
    pid_since: str | None = None
    task: Task | None = None

    @property
    def words(self) -> str:
        """What it is about, in a few words."""
        return self.task.name if self.task else describe(self.pushed)

    @property
    def state_now(self) -> str:
        """The state, with ``interrupted`` for a run whose process is gone before it ended."""
        gone = self.state == RUNNING and (self.pid is None or process_since(self.pid) != self.pid_since)
        return INTERRUPTED if gone else self.state

    @property
    def seconds(self) -> float | None:
        """How long it took, or has taken since it (last) began; ``None`` before."""
        if self.started is None:
            return None
        end = datetime.fromisoformat(self.ended) if self.ended else datetime.now(UTC)
        return (end - datetime.fromisoformat(self.started)).total_seconds()


def format_run(run: Run) -> str:
    """Write a run."""
    return json.dumps(asdict(run), indent=2) + "\n"


def parse_run(text: str) -> Run:
    """Read a run.

    Raises:
        ValueError: If it is not what `format_run` writes.
    """
    try:
        document = dict(json.loads(text))
        refs = document.pop("pushed")
        pushed = tuple(Pushed(item["ref"], _oid(item["old"]), _oid(item["new"])) for item in refs)
        task = document.pop("task", None)  # older records have none
        return Run(pushed=pushed, task=Task(**task) if task else None, **document)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a run: {error}") from error


def _oid(text: str | None) -> Oid | None:
    return Oid(text) if text else None


def now() -> str:
    """Return the time in UTC, with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def process_since(pid: int) -> str | None:
    """Return when a process began, in the system's own words; ``None``: there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return None
        found = process.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], check=False).text.split(None, 1)
        return found[1].strip() if found and not found[0].startswith("Z") else None
    except ProcessLookupError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]  # the 22nd of proc(5), less pid and name


class Runs:
    """The runs of a repository, in its state folder.

    Args:
        repo: The repository whose pushes started them.
    """

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        self.folder = repo.state / "runs"

    def create(self, pushed: Sequence[Pushed], by: str, task: Task | None = None) -> Run:
        """Queue a run."""
        moment = now()
        stamp = moment[:19].replace("-", "").replace(":", "")
        self.folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while not _made(self.folder / f"{stamp}-{number:03}"):
            number += 1
        run = Run(f"{stamp}-{number:03}", QUEUED, tuple(pushed), by, moment, task=task)
        self.save(run)
        return run

    def save(self, run: Run) -> None:
        """Write a run, as a whole or not at all."""
        file = self.folder / run.id / _FILE
        part = file.with_name(f".{os.getpid()}-{_FILE}")
        part.write_text(format_run(run), encoding="utf-8")
        part.replace(file)

    def load(self, run_id: str) -> Run:
        """Read a run anew.

        Raises:
            UsageError: If it was removed.
        """
        try:
            return parse_run((self.folder / run_id / _FILE).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"the run {run_id} cannot be read: {error}") from error

    def all(self) -> list[Run]:
        """Return all runs that can be read, the oldest first."""
        found = []
        for file in sorted(self.folder.glob(f"[0-9]*/{_FILE}")):
            try:
                found.append(self.load(file.parent.name))
            except UsageError:
                continue
        return found

    def find(self, name: str | None = None) -> Run:
        """Return the run whose id this is, or begins or ends with; without a name the newest.

        Raises:
            UsageError: If there is none, or more than one.
        """
        runs = self.all()
        if not runs:
            raise UsageError("nothing has run here yet", hint="push something")
        if name is None:
            return runs[-1]
        found = [run for run in runs if run.id == name] or [
            run for run in runs if run.id.startswith(name) or run.id.endswith(name)
        ]
        if len(found) != 1:
            what = f"{len(found)} runs are" if found else "there is no run"
            raise UsageError(f"{what} called {name!r}", hint="`gitmodel runs` lists them")
        return found[0]

    def log(self, run_id: str) -> Path:
        """Return the file that a run writes to; it may not be there yet."""
        return self.folder / run_id / "log"

    def prune(self, keep: int = 500) -> None:
        """Remove the oldest runs that have ended, so that ``keep`` are left."""
        ended = [run for run in self.all() if run.state in ENDED]
        for run in ended[: max(0, len(ended) - keep)]:
            shutil.rmtree(self.folder / run.id, ignore_errors=True)


def _made(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True
