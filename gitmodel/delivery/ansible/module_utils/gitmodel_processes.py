"""End processes by the id they recorded, and only after making sure that they are ours.

Everything that runs below a root carries ``GITMODEL_ROOT`` in its environment; ids are used again by the
system, so an id alone proves nothing.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

ROOT_VARIABLE = "GITMODEL_ROOT"
_PROC = Path("/proc")


def is_ours(pid: int, root: Path) -> bool:
    """Say whether a live process was started below that root (not merely one that has its id now)."""
    marker = f"{ROOT_VARIABLE}={root}"
    if _PROC.joinpath("self").exists():
        try:
            environment = _PROC.joinpath(str(pid), "environ").read_bytes()
        except OSError:
            return False
        return os.fsencode(marker) in environment.split(b"\0")
    return marker in _ps("eww", "-o", "command=", "-p", str(pid)).split()


def _ps(*arguments: str) -> str:
    done = subprocess.run(("ps", *arguments), capture_output=True, check=False)
    return os.fsdecode(done.stdout)


def group_members(leader: int) -> list[int]:
    """Return the live processes of a process group, its leader among them if it lives."""
    if not _PROC.joinpath("self").exists():
        rows = (line.split() for line in _ps("-axo", "pid=,pgid=").splitlines())
        return [int(pid) for pid, group in rows if int(group) == leader]
    return [int(path.name) for path in _PROC.iterdir() if path.name.isdigit() and _group(path) == leader]


def _group(process: Path) -> int:
    try:
        text = process.joinpath("stat").read_text("utf-8", "replace")
    except OSError:
        return 0
    state, _parent, group = text.rpartition(")")[2].split()[:3]
    return 0 if state == "Z" else int(group)


def end(leader: int, root: Path, *, seconds: float = 5.0) -> bool:
    """End a recorded process and its group, politely and then not; say whether there was anything of ours."""
    found = [pid for pid in {leader, *group_members(leader)} if is_ours(pid, root)]
    if not found:
        return False
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        _send(found, signal_number)
        deadline = time.monotonic() + seconds
        while found and time.monotonic() < deadline:
            time.sleep(0.02)
            found = [pid for pid in found if is_ours(pid, root)]
        if not found:
            break
    return True


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def recorded(path: Path) -> int:
    """Return the process id in a file, 0 where there is none."""
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def end_recorded(files: Iterable[Path], root: Path) -> list[int]:
    """End each process whose id a file records, remove the files, return the ids that were ours."""
    ended = []
    for path in files:
        pid = recorded(path)
        if pid > 1 and end(pid, root):
            ended.append(pid)
        path.unlink(missing_ok=True)
    return ended
