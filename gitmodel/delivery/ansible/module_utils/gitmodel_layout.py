"""Where everything of an environment lies on a host, and how a program of it is named and written down.

Below the root::

    releases/<model key>/<version>-<digest12>/   what a version needs to run
    router/traefik.yaml, router/dynamic/<model key>.yaml
    supervisor/supervisord.conf, supervisor/conf.d/<program>.ini      (systemd has its units in /etc)
    envs/<digest>/, tools/<digest>/               Python environments and programs, where they were sent
    run/                                          pids, the lock, the supervisor's socket
    logs/                                         rotated by the supervisor
    state/                                        predictions and feedback, which outlive releases

A model key is the name with ``/`` as ``.``: model names hold no ``.``, so two names never share a key.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

# A unix socket's path has 107 bytes on Linux and 103 on macOS; the supervisor binds it with a suffix first.
SOCKET_PATH_BYTES = 88
ROUTER = "router"
SUPERVISOR = "supervisord"
_MODEL = re.compile(r"[a-z0-9]([a-z0-9_/-]*[a-z0-9])?")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
_DIGEST = re.compile(r"[0-9a-f]{12,128}")
_MARK = ";gitmodel "
_ODD = "%*?[];#\"'\\"
UNITS = Path("/etc/systemd/system")
_NOT_IN_UNITS = re.compile(r"[^0-9A-Za-z._-]")


class HostError(Exception):
    """Something on the host is not as it must be; ``detail`` holds the words of the program concerned."""

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class VersionError(HostError):
    """It is the version's own fault: it does not start, or answers wrongly; trying again does not help."""


@dataclass(frozen=True)
class Program:
    """One version of one model as a running service; ``port`` is its own, on loopback (0: none yet)."""

    model: str
    version: str
    digest: str
    port: int = 0

    def __post_init__(self) -> None:
        for what, pattern, value in (
            ("model name", _MODEL, self.model),
            ("version", _VERSION, self.version),
            ("digest", _DIGEST, self.digest),
        ):
            if not pattern.fullmatch(value):
                raise HostError(f"{value!r} is not a {what}")
        if not 0 <= self.port < 65536:  # noqa: PLR2004 - a port
            raise HostError(f"{self.port!r} is not a port")

    @property
    def key(self) -> str:
        """The model's name as one path segment."""
        return self.model.replace("/", ".")

    @property
    def release(self) -> str:
        """The name of its release folder."""
        return f"{self.version}-{self.digest[:12]}"

    @property
    def name(self) -> str:
        """The name that supervisor, router and logs know it by."""
        return f"{self.key}@{self.release}"

    def at(self, port: int) -> "Program":
        """Return the same program on a port."""
        return replace(self, port=port)

    def same_release(self, other: "Program") -> bool:
        """Say whether both are the same version with the same content, wherever they listen."""
        return self.at(0) == other.at(0)

    def as_json(self) -> dict[str, Any]:
        """Return the fields; `parse_program` is the inverse."""
        return asdict(self)


def parse_program(fields: Mapping[str, Any]) -> Program:
    """Return the program that fields describe.

    Raises:
        HostError: If a field is missing or is not what it must be.
    """
    try:
        return Program(
            str(fields["model"]), str(fields["version"]), str(fields["digest"]), int(fields.get("port", 0))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise HostError(f"not a program: {error!r}") from error


@dataclass(frozen=True)
class Layout:
    """The folders and files of one environment on a host.

    ``units`` is what the names of its units of systemd begin with; "": supervisor runs its programs.
    """

    root: Path
    units: str = ""

    @property
    def run(self) -> Path:
        """Pids, locks, the socket."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """A log a program."""
        return self.root / "logs"

    @property
    def state(self) -> Path:
        """What services keep of predictions and feedback."""
        return self.root / "state"

    @property
    def home(self) -> Path:
        """The HOME of everything that runs here."""
        return self.root / "home"

    @property
    def programs(self) -> Path:
        """One file a program: an ``.ini`` of supervisor, or a unit of systemd."""
        return UNITS if self.units else self.root / "supervisor" / "conf.d"

    @property
    def supervisor_config(self) -> Path:
        """What supervisord reads first."""
        return self.root / "supervisor" / "supervisord.conf"

    @property
    def router_config(self) -> Path:
        """What the router reads at its start."""
        return self.root / "router" / "traefik.yaml"

    @property
    def routes(self) -> Path:
        """What the router watches: one file a model."""
        return self.root / "router" / "dynamic"

    @property
    def certificate(self) -> Path:
        """Where the router is told of its certificate; a dot keeps it apart from models."""
        return self.routes / ".tls.yaml"

    def secrets(self, name: str) -> Path:
        """Return the file with variables of a program that are nobody's business, read by systemd alone."""
        return self.root / "secrets" / f"{name}.env"

    def release(self, program: Program) -> Path:
        """Return the folder of a program's release."""
        return self.root / "releases" / program.key / program.release

    def route(self, key: str) -> Path:
        """Return the file with the weights of a model's versions."""
        return self.routes / f"{key}.yaml"

    def previous_route(self, key: str) -> Path:
        """Return where a model's route is kept while it is being switched."""
        return self.root / "router" / "previous" / f"{key}.yaml"

    def strategy(self, key: str) -> Path:
        """Return the file that tells how far a canary or shadow of a model is."""
        return self.root / "router" / "strategy" / f"{key}.json"

    def shadow(self, key: str) -> Path:
        """Return the file that tells services of a model which of them is a shadow."""
        return self.state / "shadow" / f"{key}.json"

    def scratch(self, name: str) -> Path:
        """Return the folder for what a program writes while it runs."""
        return self.home / name

    def log(self, name: str) -> Path:
        """Return the log of a program."""
        return self.logs / f"{name}.log"

    def pid(self, name: str) -> Path:
        """Return the file in which a program records its process id."""
        return self.run / f"{name}.pid"

    def config(self, name: str) -> Path:
        """Return the file of a program that supervisor or systemd reads."""
        return self.programs / (self.unit(name) if self.units else f"{name}.ini")

    def unit(self, name: str) -> str:
        """Return the unit of a program.

        A dot stands between the environment and the program: no environment's name has one.
        """
        return f"{self.units}.{_NOT_IN_UNITS.sub('-', name)}.service"

    @property
    def socket(self) -> Path:
        """The supervisor's socket: in ``run/``, or, where that is too long a path, in a private folder."""
        path = self.run / "supervisor.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
            return path
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path("/tmp") / f"gitmodel-{os.getuid()}" / f"{digest}.sock"  # noqa: S108 - checked in `make`

    def make(self) -> bool:
        """Make the folders that are missing; say whether there were any.

        Raises:
            HostError: If the root cannot be written in supervisor's format, or a folder is not ours.
        """
        refuse_odd_path(self.root)
        missing = not self.routes.is_dir()
        for folder in (self.programs, self.routes, self.previous_route("x").parent, self.logs, self.home):
            folder.mkdir(parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, exist_ok=True)
        if not self.units:
            _private(self.socket.parent)
        return missing


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise HostError(f"{folder} is not a folder that only you can write")


def refuse_odd_path(path: Path) -> None:
    """Refuse paths that supervisor's format cannot hold: it expands patterns and cuts comments.

    Raises:
        HostError: If the path has such a character.
    """
    text = str(path)
    odd = sorted({character for character in text if character in _ODD or ord(character) < ord(" ")})
    if odd or not path.is_absolute():
        found = f"holds {' '.join(map(repr, odd))}" if odd else "is not absolute"
        raise HostError(f"the environment's folder {text!r} {found}; choose another `root`")


def write(path: Path, text: str) -> bool:
    """Replace a file by one rename, so that its folder never holds another name; say whether it changed."""
    if path.is_file() and path.read_text("utf-8") == text:
        return False
    temporary = path.parent.parent / f".{path.name}.{os.getpid()}"
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
    return True


def ini(program: Program, sections: str) -> str:
    """Return the text of a program's file: its fields in a comment, then what supervisor or systemd reads."""
    return f"{_MARK}{json.dumps(program.as_json(), sort_keys=True)}\n{sections}"


def read_programs(layout: Layout) -> dict[str, Program]:
    """Return the services that supervisor or systemd is told to run, by name; others' files are skipped."""
    return {program.name: program for program in _programs(layout)}


def _programs(layout: Layout) -> Iterator[Program]:
    for path in sorted(layout.programs.glob(f"{layout.units}.*.service" if layout.units else "*.ini")):
        first = path.read_text("utf-8", "replace").partition("\n")[0]
        if first.startswith(_MARK):
            try:
                yield parse_program(json.loads(first.removeprefix(_MARK)))
            except (HostError, ValueError):
                continue
