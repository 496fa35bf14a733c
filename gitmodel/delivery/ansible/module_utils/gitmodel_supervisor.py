"""Speak with the supervisor of an environment, and bring it up or down."""

import http.client
import os
import shlex
import shutil
import socket
import subprocess
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import gitmodel_processes as processes
from .gitmodel_layout import SUPERVISOR, HostError, Layout, Program, ini, write
from .gitmodel_probe import wait

_STOP_SECONDS = 10
_RUNNING = 1
_PASSED = ("LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "GITMODEL_CLOCK")
_CONFIG = """\
[unix_http_server]
file={socket}
chmod=0600

[supervisord]
logfile={logs}/supervisord.log
logfile_maxbytes=1MB
logfile_backups=2
loglevel=info
pidfile={run}/supervisord.pid
childlogdir={logs}
directory={root}
identifier=gitmodel
nocleanup=true

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files=conf.d/*.ini
"""
# `sh` only records its process id and becomes the program: no text of ours is in its script.
_RECORD = 'echo $$ >"$0" && exec "$@"'
_PROGRAM = """\
[program:{name}]
command={command}
directory={folder}
environment={environment}
autostart=true
autorestart=true
startsecs=1
startretries=5
stopwaitsecs={stop}
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=2
"""


def program_sections(
    layout: Layout, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> str:
    """Return what supervisor reads to run a command in a folder, its process id recorded by itself."""
    argv = ("/bin/sh", "-c", _RECORD, str(layout.pid(name)), *command)
    variables = {"GITMODEL_PROGRAM": name, **environment}
    return _PROGRAM.format(
        name=name,
        command=_escape(shlex.join(argv)),
        folder=_escape(str(folder)),
        environment=_escape(",".join(f'{key}="{value}"' for key, value in sorted(variables.items()))),
        stop=_STOP_SECONDS,
        log=_escape(str(layout.log(name))),
    )


def _escape(text: str) -> str:
    return text.replace("%", "%%")


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _Connection(self._path)
        self._connection: Any = (host, connection)  # what its `close` closes
        return connection


class Supervisor:
    """The running supervisor of an environment, by its unix socket.

    Every method raises `HostError` where it does not answer or refuses.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = _Transport(self._layout.socket)
        with xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport) as server:
            try:
                return getattr(server.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                raise HostError(f"supervisor refused {method}: {fault.faultString}") from fault
            except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
                raise HostError(f"supervisor does not answer: {error}") from error

    def answers(self) -> bool:
        """Say whether it is there and not about to go."""
        try:
            return bool(self._call("getState")["statecode"] == _RUNNING)
        except HostError:
            return False

    def state(self, name: str) -> "dict[str, Any] | None":
        """Return what it knows of a program (``statename``, ``pid``, ``start``, ``now``), if anything."""
        return self.states().get(name)

    def states(self) -> "dict[str, dict[str, Any]]":
        """Return the same of all programs, by name."""
        return {str(row["name"]): row for row in self._call("getAllProcessInfo")}

    def start(self, name: str) -> None:
        """See to it that a program whose file is in place is started; a running one is left as it is."""
        self._call("reloadConfig")
        found = self.state(name)
        if found is None:
            self._call("addProcessGroup", name)
            found = self.state(name)
        if found is None or found["statename"] not in ("STARTING", "RUNNING", "BACKOFF"):
            try:
                self._call("startProcess", name, False)  # noqa: FBT003 - "do not wait" of its protocol
            except HostError as error:
                if "ALREADY_STARTED" not in error.message:
                    raise

    def stop(self, name: str) -> None:
        """Stop a program and wait until it has ended; an unknown or stopped one is no error."""
        found = self.state(name)
        if found is None or found["statename"] in ("STOPPED", "EXITED", "FATAL"):
            return
        try:
            self._call("stopProcess", name, False)  # noqa: FBT003
        except HostError as error:
            if "NOT_RUNNING" not in error.message:
                raise
        if not wait(lambda: not self._alive(name), _STOP_SECONDS + 5):
            raise HostError(f"{name} does not end")

    def _alive(self, name: str) -> bool:
        found = self.state(name)
        return found is not None and found["statename"] not in ("STOPPED", "EXITED", "FATAL")

    def remove(self, name: str) -> bool:
        """Stop a program and forget it; say whether there was one."""
        config = self._layout.config(name)
        known = self.state(name) is not None
        if known:
            self.stop(name)
            self._call("removeProcessGroup", name)
        existed = config.exists()
        config.unlink(missing_ok=True)
        self._layout.pid(name).unlink(missing_ok=True)
        shutil.rmtree(self._layout.scratch(name), ignore_errors=True)
        return known or existed

    def bring_up(self, python: str, before: Callable[[], None]) -> str:
        """Start it unless it runs (see `ensure`)."""
        return ensure(self._layout, python, before)

    def write(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        *,
        program: "Program | None" = None,
        limits: Mapping[str, str] = {},  # noqa: ARG002 - it cannot hold a program to them
        low_port: bool = False,  # noqa: ARG002 - it runs as who started it
        credentials: Mapping[str, str] = {},  # noqa: ARG002 - it is for hosts with systemd
    ) -> bool:
        """Put the ``.ini`` of a program in place; say whether that changed it."""
        self._layout.scratch(name).mkdir(parents=True, exist_ok=True)
        sections = program_sections(self._layout, name, command, folder, variables)
        return write(self._layout.config(name), ini(program, sections) if program else sections)

    def position(self, name: str) -> float:
        """Return how long a program's log is (bytes)."""
        return log.stat().st_size if (log := self._layout.log(name)).exists() else 0

    def words(self, name: str, position: float = 0, *, lines: int = 40) -> str:
        """Return the last lines of a program's log after a position."""
        return tail(self._layout.log(name), int(position), lines=lines)

    def shut_down(self) -> None:
        """Ask it to stop everything and to end."""
        self._call("shutdown")


def ensure(layout: Layout, python: str, before: Callable[[], None]) -> str:
    """Return "" where it already runs, else call ``before``, start one, and say what was done.

    What a killed one has left is ended first: nothing restarts it any more, and it holds its ports.

    Raises:
        HostError: If it does not come up, with its words.
    """
    supervisor = Supervisor(layout)
    if supervisor.answers():
        return ""
    ended = end_leftovers(layout)
    before()
    _start(layout, python)
    if not wait(supervisor.answers, 10):
        raise HostError("supervisord does not start", detail=tail(layout.log(SUPERVISOR)))
    return "started supervisord" + (f"; ended {len(ended)} processes of a killed one" if ended else "")


def _start(layout: Layout, python: str) -> None:
    folders = {"socket": layout.socket, "logs": layout.logs, "run": layout.run, "root": layout.root}
    told = {name: _escape(str(path)) for name, path in folders.items()}
    write(layout.supervisor_config, _CONFIG.format(**told))
    done = subprocess.run(
        [python, "-m", "supervisor.supervisord", "-c", str(layout.supervisor_config)],
        env=_environment(layout, python),
        cwd=layout.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise HostError("supervisord does not start", detail=os.fsdecode(done.stderr or done.stdout)[-2000:])


def _environment(layout: Layout, python: str) -> dict[str, str]:
    """Return all that services see: nothing of the caller's, git's variables and secrets least of all."""
    path = os.pathsep.join((str(Path(python).parent), os.environ.get("PATH", os.defpath)))
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {
        **passed,
        "PATH": path,
        "HOME": str(layout.home),
        "BENTOML_DO_NOT_TRACK": "True",
        "GITMODEL_PROGRAM": SUPERVISOR,
        processes.ROOT_VARIABLE: str(layout.root),
    }


def end_leftovers(layout: Layout) -> list[int]:
    """End what a supervisor that does not answer has left, itself included; return the ids that were ours."""
    first = layout.pid(SUPERVISOR)
    others = [path for path in sorted(layout.run.glob("*.pid")) if path != first]
    return processes.end_recorded([first, *others], layout.root)


def shut_down(layout: Layout) -> bool:
    """Stop everything of an environment, the supervisor last; say whether anything ran.

    Raises:
        HostError: If the supervisor refuses.
    """
    pid = processes.recorded(layout.pid(SUPERVISOR))
    supervisor = Supervisor(layout)
    ran = supervisor.answers()
    if ran:
        supervisor.shut_down()
        wait(lambda: not processes.is_ours(pid, layout.root), _STOP_SECONDS + 10)
    return bool(end_leftovers(layout)) or ran


def tail(log: Path, start: int = 0, *, lines: int = 40) -> str:
    """Return the last lines that were written to a log after a position (bytes)."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start if start <= size else 0, size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
