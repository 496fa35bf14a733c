"""Keep the programs of an environment alive by units of systemd: an account without rights, a box for each.

A program may read what everybody may, write its own scratch folder and the environment's state, listen and
connect; it has no capability, no device, no new privilege and none of the rarer system calls.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .gitmodel_layout import ROUTER, HostError, Layout, Program, ini, read_programs, write

ACCOUNT = "gitmodel"
_RUNS = Path("/run/systemd/system")
_MICRO = 1_000_000
_UNIT = """\
# Written by gitmodel, which replaces it at the next rollout.
[Unit]
Description={description}
After=network.target
StartLimitIntervalSec=0

[Service]
Type=exec
User={account}
Group={account}
WorkingDirectory={folder}
ExecStart={command}
{environment}
{given}
Restart=always
RestartSec=1
TimeoutStopSec=10
KillMode=mixed
LimitNOFILE=65536
LogRateLimitIntervalSec=30
LogRateLimitBurst=2000
{limits}
UMask=0077
ReadWritePaths={writable}
CapabilityBoundingSet={capabilities}
AmbientCapabilities={capabilities}
DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""
_DIGEST = "# sha256 of what follows: "
_LIMITS = {"memory": "MemoryMax", "cpu": "CPUQuota"}
_LOW_PORT = "CAP_NET_BIND_SERVICE"
_SHOWN = "LoadState,ActiveState,SubState,MainPID,ActiveEnterTimestampMonotonic"


class Systemd:
    """The units of an environment. See `gitmodel_keeper.Keeper`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def answers(self) -> bool:
        """Say whether the host runs systemd and the environment's folders are there."""
        return _RUNS.is_dir() and self._layout.routes.is_dir()

    def bring_up(self, python: str, before: Callable[[], None]) -> str:  # noqa: ARG002 - a fellow's arguments
        """See to the account and to the folders that programs write into; say what was missing.

        Raises:
            HostError: If systemd does not run here, or we are not root.
        """
        if not _RUNS.is_dir():
            raise HostError("this host does not run systemd; choose another `runtime`")
        if os.geteuid() != 0:
            raise HostError("only root can set up services; add `ansible_become: true` to the inventory")
        made = _make_account()
        group = pwd.getpwnam(ACCOUNT).pw_gid
        os.chown(self._layout.root, 0, group)
        self._layout.root.chmod(0o750)
        self._layout.run.chmod(0o700)
        for folder in (self._layout.state, self._layout.state / "live"):
            _own(folder)
        return made

    def write(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        *,
        program: "Program | None" = None,
        limits: Mapping[str, str] = {},
        low_port: bool = False,
        credentials: Mapping[str, str] = {},
    ) -> bool:
        """Put the unit of a program in place; say whether that changed it."""
        scratch = self._layout.scratch(name)
        _own(scratch)
        writable = (scratch, self._layout.state) if program else (scratch,)
        told = {"HOME": str(scratch), "BENTOML_DO_NOT_TRACK": "True", "GITMODEL_PROGRAM": name, **variables}
        text = _UNIT.format(
            description=_escape(f"{name} ({self._layout.units})"),
            account=ACCOUNT,
            folder=_escape(str(folder)),
            command=" ".join(_quote(word).replace("$", "$$") for word in command),
            environment="\n".join(f"Environment={_quote(f'{key}={told[key]}')}" for key in sorted(told)),
            given="\n".join(self._given(name, credentials)),
            limits="\n".join(f"{_LIMITS[key]}={limits[key]}" for key in sorted(limits)),
            writable=" ".join(_quote(str(path)) for path in writable),
            capabilities=_LOW_PORT if low_port else "",
        )
        text = f"{_DIGEST}{_sha256(text)}\n{text}"
        return write(self._layout.config(name), ini(program, text) if program else text)

    def _given(self, name: str, credentials: Mapping[str, str]) -> Iterator[str]:
        """What root reads for a program, and nobody else can."""
        secrets = self._layout.secrets(name)
        if secrets.exists():
            yield f"EnvironmentFile={_escape(str(secrets))}"
        for key in sorted(credentials):
            yield f"LoadCredential={key}:{_escape(credentials[key])}"

    def state(self, name: str) -> "dict[str, Any] | None":
        """Return what systemd knows of a program, in the words of supervisor (whose states were first)."""
        unit = self._layout.unit(name)
        shown = dict(line.partition("=")[::2] for line in _systemctl("show", "-p", _SHOWN, unit).splitlines())
        if shown.get("LoadState") in ("not-found", None):
            return None
        return {
            "statename": _state(shown.get("ActiveState", ""), shown.get("SubState", "")),
            "pid": int(shown.get("MainPID") or 0),
            "start": int(shown.get("ActiveEnterTimestampMonotonic") or 0) / _MICRO,
            "now": time.clock_gettime(time.CLOCK_MONOTONIC),
        }

    def states(self) -> "dict[str, dict[str, Any]]":
        """Return the same of all programs whose units are in place, by name."""
        if not _RUNS.is_dir():
            raise HostError("this host does not run systemd")
        names = [*read_programs(self._layout), ROUTER]
        found = {name: self.state(name) for name in names}
        return {name: state for name, state in found.items() if state is not None}

    def start(self, name: str) -> None:
        """See to it that a program is started, now and whenever the host starts."""
        found = self.state(name)
        if found is not None and found["statename"] in ("STARTING", "RUNNING"):
            return
        _systemctl("enable", "--quiet", "--now", "--no-block", self._layout.unit(name))  # reloads, too

    def remove(self, name: str) -> bool:
        """Stop a program and forget it; say whether there was one."""
        unit, config = self._layout.unit(name), self._layout.config(name)
        known = config.exists() or self.state(name) is not None
        if known:
            _systemctl("disable", "--quiet", "--no-reload", "--now", unit, check=config.exists())
            config.unlink(missing_ok=True)
            self._layout.secrets(name).unlink(missing_ok=True)
            _systemctl("daemon-reload")
            _systemctl("reset-failed", unit, check=False)
        shutil.rmtree(self._layout.scratch(name), ignore_errors=True)
        return known

    def position(self, name: str) -> float:  # noqa: ARG002 - the journal is one for all
        """Return the time: a journal has no length."""
        return time.time()

    def words(self, name: str, position: float = 0, *, lines: int = 40) -> str:
        """Return the last lines that a program has put into the journal."""
        _run("journalctl", "--sync", check=False)
        since = f"--since=@{position:.3f}"
        unit = self._layout.unit(name)
        return _run("journalctl", "--quiet", "-o", "cat", "-n", str(lines), since, "-u", unit, check=False)


def _state(active: str, sub: str) -> str:
    if sub == "auto-restart":
        return "BACKOFF"
    return {"active": "RUNNING", "activating": "STARTING", "failed": "FATAL", "deactivating": "STOPPING"}.get(
        active, "STOPPED"
    )


def keep_secrets(layout: Layout, name: str, values: Mapping[str, str]) -> bool:
    """Put variables of a program where only root reads them; say whether they are others than before."""
    file = layout.secrets(name)
    if not values:
        there = file.exists()
        file.unlink(missing_ok=True)
        return there
    text = "".join(f'{key}="{_shielded(values[key])}"\n' for key in sorted(values))
    if file.exists() and file.read_text("utf-8") == text:
        return False
    file.parent.mkdir(mode=0o700, exist_ok=True)
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    new.replace(file)
    return True


def _shielded(value: str) -> str:
    """Return a value as it stands between double quotes in a file of variables."""
    return "".join(f"\\{letter}" if letter in '"\\`$' else letter for letter in value)


def is_unit_changed(layout: Layout, name: str) -> bool:
    """Say whether somebody else has written into a program's unit; what is put beside it is theirs."""
    head, mark, rest = layout.config(name).read_text("utf-8", "replace").partition(_DIGEST)
    if not mark:
        return False  # of an earlier release
    told, _, text = rest.partition("\n")
    return head.count("\n") > 1 or told != _sha256(text)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _make_account() -> str:
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        nowhere = ("--home-dir", "/nonexistent", "--no-create-home", "--shell", "/usr/sbin/nologin")
        _run("useradd", "--system", "--user-group", *nowhere, ACCOUNT)
        return f"made the account {ACCOUNT}"
    return ""


def _own(folder: Path) -> None:
    """See to a folder that only the account can read and write."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    account = pwd.getpwnam(ACCOUNT)
    if (folder.stat().st_uid, folder.stat().st_gid) != (account.pw_uid, account.pw_gid):
        os.chown(folder, account.pw_uid, account.pw_gid)


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _quote(text: str) -> str:
    return '"' + _escape(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _systemctl(*arguments: str, check: bool = True) -> str:
    return _run("systemctl", *arguments, check=check)


def _run(*argv: str, check: bool = True) -> str:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if check and done.returncode:
        words = os.fsdecode(done.stderr or done.stdout).strip()
        raise HostError(
            f"`{' '.join(argv[:2])}` failed with exit code {done.returncode}", detail=words[-2000:]
        )
    return os.fsdecode(done.stdout).rstrip("\n")
