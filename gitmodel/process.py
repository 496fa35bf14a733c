"""The one place that starts processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gitmodel.errors import ToolFailed

# Nothing that gitmodel starts reports home.
_NO_TELEMETRY = {
    "DVC_NO_ANALYTICS": "1",
    "BENTOML_DO_NOT_TRACK": "True",
    "ANSIBLE_HOME_TELEMETRY": "0",
    "DO_NOT_TRACK": "1",
}
# What git sets for its hooks would make git, run elsewhere, act on the hook's repository.
# These few configure the user's own git and are kept.
_KEPT_GIT_VARIABLES = frozenset(
    {
        "GIT_ASKPASS",
        "GIT_AUTHOR_DATE",
        "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME",
        "GIT_COMMITTER_DATE",
        "GIT_COMMITTER_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_SYSTEM",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSL_CAINFO",
        "GIT_TERMINAL_PROMPT",
    }
)


class Completed(NamedTuple):
    """What a finished process left: exit code and output."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are not UTF-8 survive a round trip."""
        return self.stdout.decode("utf-8", "surrogateescape")


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a child: no ``GIT_*`` from hooks, telemetry off, our Python first."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _KEPT_GIT_VARIABLES
    }
    environment.update(_NO_TELEMETRY)
    programs = str(Path(sys.executable).parent)
    if environment.get("PATH", "").split(os.pathsep)[0] != programs:
        environment["PATH"] = os.pathsep.join(filter(None, (programs, environment.get("PATH"))))
    environment.update(extra or {})
    return environment


def run(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    check: bool = True,
    timeout: float | None = None,
) -> Completed:
    """Run a program to its end and return what it printed.

    Args:
        argv: Program and arguments; never a shell line.
        cwd: Folder to run in.
        env: The whole environment; default: `clean_environment`.
        stdin: What the program reads; nothing when absent.
        check: Raise where the exit code is not 0.
        timeout: Seconds after which the program is killed.

    Raises:
        ToolFailed: If the program is missing, times out, or (with ``check``) fails.
    """
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            env=clean_environment() if env is None else env,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            check=False,
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise _not_started(argv, cwd) from error
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(f"`{argv[0]}` did not finish within {timeout:g} s") from error
    if check and done.returncode:
        words = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise ToolFailed(f"`{' '.join(argv[:3])}` failed with exit code {done.returncode}", detail=words)
    return Completed(done.returncode, done.stdout, done.stderr)


def _not_started(argv: Sequence[str], cwd: Path | None) -> ToolFailed:
    if cwd is not None and not cwd.is_dir():
        return ToolFailed(f"the folder {cwd} does not exist")
    return ToolFailed(f"the program `{argv[0]}` is not installed", hint="run `gitmodel doctor`")


def stream(
    argv: Sequence[str],
    *,
    sink: Callable[[str], None],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Run a program, hand each line of its output (both streams) to ``sink``, return its exit code."""
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=clean_environment() if env is None else env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise _not_started(argv, cwd) from error
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            sink(line.rstrip("\n"))
    return process.returncode


def page(command: str, text: str, env: Mapping[str, str]) -> bool:
    """Show a text in a pager and wait until its reader has left it.

    Args:
        command: What the user has configured; a shell runs it, as git's documentation promises.
        text: The text, which reaches the pager as its input only.
        env: The whole environment.

    Returns:
        Whether the pager could be started.
    """
    # Ctrl-C is the pager's to understand; unlike an ignored signal, a handler is not passed on to it.
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    try:
        pager = subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, env=env)
        pager.communicate(text.encode("utf-8", "backslashreplace"))
    finally:
        signal.signal(signal.SIGINT, before)
    return pager.returncode not in _NOT_STARTED


_NOT_STARTED = (126, 127)  # what a shell says of a program that it cannot run


def is_alive(pid: int) -> bool:
    """Say whether there is a process of that id, whosever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def spawn_detached(
    argv: Sequence[str], *, log: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Start a program that outlives us, its output appended to ``log``; return its process id."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=clean_environment() if env is None else env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    process.returncode = 0  # it is not ours to wait for
    return process.pid
