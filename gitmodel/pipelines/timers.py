"""The timer of a repository on this machine: of systemd, or a line of the crontab; each minute it ticks."""

import hashlib
import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gitmodel import process
from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.telling import Say

Kind = Literal["systemd", "crontab"]
_SCRIPT = """\
#!/bin/sh
# Written by `gitmodel schedule install`; its timer starts it each minute.
export PATH={path}
export HOME={home}
{variables}exec {python} -P -m gitmodel -C {repository} schedule run --quiet
"""
_SERVICE = """\
# Written by `gitmodel schedule install`.
[Unit]
Description=gitmodel: the schedules of "{description}"

[Service]
Type=oneshot
ExecStart=/bin/sh {script}
# What it has started, workers and services, goes on.
KillMode=process
"""
_TIMER = """\
# Written by `gitmodel schedule install`.
[Unit]
Description=gitmodel: the schedules of "{description}"

[Timer]
OnCalendar=minutely
AccuracySec=5s
Persistent=true

[Install]
WantedBy=timers.target
"""
_LOG_LIMIT = 1_000_000


@dataclass(frozen=True)
class Timer:
    """What starts the schedules of one repository.

    Attributes:
        repo: The repository.
        units: The folder of systemd's units; those of the user, or for root those of the system.
        is_root: Whether the system's own manager is meant.
    """

    repo: Repository
    units: Path
    is_root: bool

    @property
    def name(self) -> str:
        """What it is called: the path itself may hold anything."""
        digest = hashlib.sha256(os.fsencode(self.repo.git_dir.resolve())).hexdigest()[:12]
        return f"gitmodel-{digest}"

    @property
    def script(self) -> Path:
        """The file that the timer starts."""
        return self.repo.state / "schedule.sh"

    @property
    def log(self) -> Path:
        """What the crontab's runs print; systemd has its journal."""
        return self.repo.state / "schedule.log"

    def script_text(self, environ: Mapping[str, str]) -> str:
        """Return the script: with the programs that were found when it was installed."""
        variables = "".join(
            f"export {name}={shlex.quote(environ[name])}\n"
            for name in ("XDG_RUNTIME_DIR", "LANG")
            if environ.get(name)
        )
        return _SCRIPT.format(
            path=shlex.quote(process.clean_environment()["PATH"]),
            home=shlex.quote(str(Path.home())),
            variables=variables,
            python=shlex.quote(sys.executable),
            repository=shlex.quote(str(self.repo.workdir)),
        )

    def unit_texts(self) -> dict[Path, str]:
        """Return the files of systemd, by path."""
        description = _unit(str(self.repo.workdir))
        service = _SERVICE.format(description=description, script=_argument(str(self.script)))
        timer = _TIMER.format(description=description)
        return {
            self.units / f"{self.name}.service": service,
            self.units / f"{self.name}.timer": timer,
        }

    @property
    def crontab_line(self) -> str:
        """The line of the crontab, where a percent sign would end the command."""
        command = f"/bin/sh {shlex.quote(str(self.script))} >>{shlex.quote(str(self.log))} 2>&1"
        return f"* * * * * {command.replace('%', chr(92) + '%')} # {self.name}\n"


def timer_of(repo: Repository, environ: Mapping[str, str]) -> Timer:
    """Return the timer of a repository.

    Raises:
        UsageError: If its path holds what neither systemd nor a crontab can write.
    """
    if re.search(r"[\x00-\x1f\x7f]", f"{repo.git_dir}{repo.workdir}{sys.executable}"):
        raise UsageError("the repository's path holds control characters", hint="move it")
    is_root = os.geteuid() == 0
    home = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Timer(repo, Path("/etc/systemd/system") if is_root else home / "systemd/user", is_root)


def _unit(text: str) -> str:
    return text.replace("%", "%%")


def _argument(text: str) -> str:
    """Write an argument of a command in a unit."""
    return '"' + _unit(text).replace("\\", r"\\").replace('"', r"\"").replace("$", "$$") + '"'


def install(timer: Timer, kind: Kind | None, environ: Mapping[str, str], say: Say) -> Kind:
    """Let the schedules start; what is as it should be stays.

    Args:
        timer: Of which repository.
        kind: By what; default: systemd where it answers, else the crontab.
        environ: Variables that the script keeps.
        say: Told what has changed.

    Raises:
        ToolFailed: If systemd or the crontab refuses.
    """
    chosen: Kind = kind or ("systemd" if _has_systemd(timer) else "crontab")
    _remove_from("crontab" if chosen == "systemd" else "systemd", timer)
    _write(timer.script, timer.script_text(environ), say)
    if chosen == "systemd":
        changed = [_write(path, text, say) for path, text in timer.unit_texts().items()]
        if any(changed):
            _systemctl(timer, "daemon-reload")
        _systemctl(timer, "enable", "--now", f"{timer.name}.timer")
    else:
        _crontab(timer, timer.crontab_line)
    return chosen


def preview(timer: Timer, kind: Kind | None, environ: Mapping[str, str]) -> str:
    """Return what `install` would write."""
    chosen = kind or ("systemd" if _has_systemd(timer) else "crontab")
    parts = {timer.script: timer.script_text(environ)}
    if chosen == "systemd":
        parts |= timer.unit_texts()
    told = "\n".join(f"# {path}\n{text}" for path, text in parts.items())
    return told if chosen == "systemd" else f"{told}\n# crontab\n{timer.crontab_line}"


def uninstall(timer: Timer) -> bool:
    """Take the timer away, without a trace; say whether there was one."""
    found = [_remove_from(kind, timer) for kind in ("systemd", "crontab")]
    for file in timer.repo.state.glob("schedule.*"):  # script, logs, and when each schedule was started last
        file.unlink(missing_ok=True)
    return any(found)


def installed(timer: Timer) -> Kind | None:
    """Return what starts the schedules; ``None``: nothing."""
    if all(path.exists() for path in timer.unit_texts()):
        return "systemd"
    return "crontab" if timer.crontab_line in _read_crontab() else None


def _remove_from(kind: str, timer: Timer) -> bool:
    if kind == "crontab":
        return _crontab(timer, "")
    files = [path for path in timer.unit_texts() if path.exists()]
    if not files:
        return False
    for verb in (("disable", "--now"), ("reset-failed",)):
        _systemctl(timer, *verb, f"{timer.name}.timer", check=False)
    for path in files:
        path.unlink()
    _systemctl(timer, "daemon-reload", check=False)
    return True


def _has_systemd(timer: Timer) -> bool:
    try:
        return _systemctl(timer, "show-environment", check=False) == 0
    except ToolFailed:
        return False


def _systemctl(timer: Timer, *words: str, check: bool = True) -> int:
    scope = [] if timer.is_root else ["--user"]
    return process.run(["systemctl", *scope, "--no-ask-password", *words], check=check, timeout=60).code


def _read_crontab() -> str:
    try:
        done = process.run(["crontab", "-l"], check=False, timeout=60)
    except ToolFailed:
        return ""
    return done.text if done.code == 0 else ""


def _crontab(timer: Timer, line: str) -> bool:
    """Put our line into the crontab in the place of an older one; say whether there was another text."""
    before = _read_crontab()
    mark = f"# {timer.name}"
    kept = "".join(each for each in before.splitlines(keepends=True) if not each.rstrip("\n").endswith(mark))
    if kept and not kept.endswith("\n") and line:
        kept += "\n"
    after = kept + line
    if after == before:
        return False
    if after:
        process.run(["crontab", "-"], stdin=after.encode("utf-8", "surrogateescape"), timeout=60)
    else:
        process.run(["crontab", "-r"], timeout=60)
    return True


def _write(path: Path, text: str, say: Say) -> bool:
    if path.is_file() and path.read_text("utf-8", "surrogateescape") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{os.getpid()}-{path.name}")
    part.write_text(text, "utf-8", "surrogateescape")
    part.replace(path)
    say(f"written: {path}")
    return True


def turn_log(timer: Timer) -> None:
    """Begin a new log where the old one is long; one older is kept."""
    try:
        if timer.log.stat().st_size > _LOG_LIMIT:
            timer.log.replace(timer.log.with_suffix(".log.1"))
    except FileNotFoundError:
        return
