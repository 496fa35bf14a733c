"""Run the shipped playbook and read what it says.

`ansible-playbook` is started directly, with a callback of ours that prints a line of JSON a task, and not
through `ansible-runner`: measured side by side that costs 0.4 to 0.6 s more a run on two cores, passes on
the whole environment of a git hook, leaves a copy of it in a file, and ansible outlives a killed runner.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.errors import ToolFailed

CONTENT = Path(__file__).parent / "ansible"
_MARK = "@gitmodel "
_OWN = "ANSIBLE_"
_WORK = "rollout-"
_NO_TRACEBACK = "(traceback unavailable)"  # ansible's word for a module that failed in an orderly way
# What says how hosts are reached stays the user's.
_KEPT = frozenset(
    {
        "ANSIBLE_BECOME_PASSWORD_FILE",
        "ANSIBLE_CONNECTION_PASSWORD_FILE",
        "ANSIBLE_HOST_KEY_CHECKING",
        "ANSIBLE_PRIVATE_KEY_FILE",
        "ANSIBLE_REMOTE_USER",
        "ANSIBLE_SSH_ARGS",
        "ANSIBLE_SSH_COMMON_ARGS",
        "ANSIBLE_SSH_CONTROL_PATH_DIR",
        "ANSIBLE_VAULT_PASSWORD_FILE",
    }
)
# This machine needs no plugins of collections; looking for them costs a fifth of a second.
_LOCAL = {"ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "0"}


@dataclass(frozen=True)
class Task:
    """A task that ended: name, host, ``status`` (ok, failed, unreachable), and what its module returned.

    ``seconds`` passed since the task before it ended, or since the start.
    """

    name: str
    host: str
    status: str
    result: Mapping[str, Any]
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Say whether the task changed anything."""
        return bool(self.result.get("changed"))

    @property
    def phases(self) -> Mapping[str, float]:
        """Seconds by step: those that its module told, else the task is the step."""
        told = self.result.get("phases")
        return told if isinstance(told, dict) and told else {self.name: self.seconds}

    @property
    def message(self) -> str:
        """The module's words about its failure, or its notes."""
        return str(self.result.get("msg") or self.result.get("notes") or "")


class RolloutFailed(ToolFailed):
    """A task of a rollout failed; ``tasks`` are those that ended, ``hosts`` what each host runs now.

    ``bad_version`` says that it was the version's own fault: it does not start, or answers wrongly.
    """

    tasks: tuple[Task, ...] = ()
    hosts: tuple[HostOutcome, ...] = ()
    bad_version: bool = False


@dataclass
class Output:
    """What a run has printed so far: finished tasks, and lines that are not ours (warnings, errors)."""

    sink: Callable[[Task], None]
    tasks: list[Task] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)

    def take(self, line: str) -> None:
        """Take one line of ansible's output."""
        task = parse_line(line)
        if task is None:
            self.words.append(line)
            return
        now = time.monotonic()
        task, self.since = replace(task, seconds=round(now - self.since, 2)), now
        self.tasks.append(task)
        self.sink(task)


def parse_line(line: str) -> Task | None:
    """Return the task that a line of our callback tells of, ``None`` for any other line."""
    if not line.startswith(_MARK):
        return None
    try:
        found = json.loads(line.removeprefix(_MARK))
        return Task(str(found["task"]), str(found["host"]), str(found["status"]), dict(found["result"]))
    except (KeyError, TypeError, ValueError):
        return None


def run(
    play: str,
    request: Mapping[str, Any],
    *,
    workspace: Path,
    sink: Callable[[Task], None],
    inventory: str = "",
    check: bool = False,
) -> tuple[Task, ...]:
    """Carry out a playbook for a request and return its tasks.

    Args:
        play: The playbook's file.
        request: What the role reads as ``rollout``; written to a private file, never to a command line.
        workspace: A private folder for what ansible needs meanwhile; what a killed run has left there goes.
        sink: Told of each task as it ends.
        inventory: An ansible inventory; this machine when empty.
        check: Only say what would change.

    Raises:
        RolloutFailed: If a task fails; the message and detail are those of the first one.
    """
    output, code = attempt(play, request, workspace=workspace, sink=sink, inventory=inventory, check=check)
    if code:
        raise failure(output, code)
    return tuple(output.tasks)


def attempt(
    play: str,
    request: Mapping[str, Any],
    *,
    workspace: Path,
    sink: Callable[[Task], None],
    inventory: str = "",
    limit: str = "",
    check: bool = False,
    environment: Mapping[str, str] | None = None,
) -> tuple[Output, int]:
    """Carry out a playbook, return what it said and its exit code; see `run`. ``limit`` names hosts."""
    output = Output(sink)
    sweep(workspace)
    with tempfile.TemporaryDirectory(prefix=_WORK, dir=workspace) as folder:
        file = Path(folder) / "rollout.json"
        file.write_text(json.dumps(request), "utf-8")
        argv = ["ansible-playbook", *(["--check"] if check else []), *_hosts(inventory, limit), play]
        around = _environment(Path(folder), file) | (_connections() if inventory else _LOCAL)
        code = process.stream(argv, cwd=CONTENT, env=around | dict(environment or {}), sink=output.take)
    sweep(workspace)  # the ansible of a killed runner may have written again while it ended
    return output, code


def nobody(_task: Task) -> None:
    """Tell nobody: what is asked of many is told together."""


def sweep(workspace: Path) -> None:
    """Remove what killed rollouts left in a folder; only for one who holds the environment."""
    for left in workspace.glob(f"{_WORK}*"):
        shutil.rmtree(left, ignore_errors=True)


def _connections() -> dict[str, str]:
    """Say where connections are kept: in one place, so that each run of ansible finds those of the last."""
    return {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(Path.home() / ".ansible" / "cp"), **_given()}


def _given() -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def _hosts(inventory: str, limit: str) -> list[str]:
    if inventory:
        return ["-i", inventory, *(["--limit", limit] if limit else [])]
    python = json.dumps({"ansible_python_interpreter": sys.executable})
    return ["-i", "localhost,", "--connection", "local", "--extra-vars", python]


def _environment(folder: Path, request: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in process.clean_environment().items()
        if not name.startswith(_OWN) or name in _KEPT
    }
    own = {
        "ANSIBLE_CONFIG": str(CONTENT / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_NOCOLOR": "1",
        "GITMODEL_ROLLOUT": str(request),
    }
    locale = {} if kept.get("LC_ALL") else {"LC_ALL": "C.UTF-8"}
    return {**kept, **locale, **own}


def failure(output: Output, code: int) -> RolloutFailed:
    """Return the error that a failed run is: the first failed task's words, else ansible's own."""
    failed = next((task for task in output.tasks if task.status != "ok"), None)
    if failed is None:
        return RolloutFailed(
            f"`ansible-playbook` failed with exit code {code}", detail="\n".join(output.words[-30:])
        )
    returned = failed.result
    detail = returned.get("detail") or returned.get("module_stderr") or returned.get("exception") or ""
    if detail == _NO_TRACEBACK:
        detail = ""
    error = RolloutFailed(failed.message or f"the task {failed.name!r} failed", detail=str(detail))
    error.tasks = tuple(output.tasks)
    error.bad_version = any(task.result.get("bad_version") is True for task in output.tasks)
    return error
