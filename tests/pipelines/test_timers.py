"""The timer of a repository: texts that mean nothing else, a real crontab, a systemd that is played."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.timers import Timer, install, installed, preview, timer_of, turn_log, uninstall
from tests.conftest import commit_all, make_repository

ODD = """models %d $HOME "x" 'y' \\ & ;"""
needs_crontab = pytest.mark.skipif(
    shutil.which("crontab") is None, reason="there is no crontab (Debian: cron)"
)
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze"
)


@pytest.fixture
def timer(tmp_path: Path) -> Timer:
    """Return the timer of a repository whose path has every odd character that a path may have."""
    repo = make_repository(tmp_path / ODD)
    commit_all(repo, {"models/wine/model.yaml": "name: wine\nretrain: {schedule: every minute}\n"})
    made = timer_of(repo, os.environ)
    return Timer(repo, tmp_path / "units", made.is_root)


@pytest.fixture
def crontab() -> Iterator[None]:
    """Put the crontab back as it was."""
    before = subprocess.run(["crontab", "-l"], capture_output=True, check=False)
    yield
    if before.returncode == 0:
        subprocess.run(["crontab", "-"], input=before.stdout, check=True)
    else:
        subprocess.run(["crontab", "-r"], check=False, capture_output=True)


def read() -> str | None:
    done = subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def run_line(line: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of a crontab as cron does: a percent sign is written with a backslash; few variables."""
    command = line.split(" ", 5)[5].rstrip("\n").replace("\\%", "%")
    env = {"HOME": "/", "LOGNAME": "x", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"}
    return subprocess.run(["/bin/sh", "-c", command], env=env, capture_output=True, text=True, check=False)


@needs_crontab
@pytest.mark.usefixtures("crontab")
def test_a_crontab_is_changed_and_put_back(timer: Timer, tmp_path: Path) -> None:
    theirs = "# mine\nMAILTO=ada\n0 5 * * * true # 5 % \\%\n"
    subprocess.run(["crontab", "-"], input=theirs, text=True, check=True)
    said: list[str] = []
    assert install(timer, "crontab", os.environ, said.append) == "crontab"
    assert read() == theirs + timer.crontab_line
    assert installed(timer) == "crontab"
    assert said == [f"written: {timer.script}"]
    assert install(timer, "crontab", os.environ, said.append) == "crontab"
    assert read() == theirs + timer.crontab_line
    assert len(said) == 1
    other = Timer(make_repository(tmp_path / "other"), timer.units, timer.is_root)
    install(other, "crontab", os.environ, said.append)
    assert read() == theirs + timer.crontab_line + other.crontab_line
    assert uninstall(timer)
    assert read() == theirs + other.crontab_line
    assert (installed(timer), installed(other)) == (None, "crontab")
    assert uninstall(other)
    assert read() == theirs
    assert not uninstall(other)
    assert not timer.script.exists()
    subprocess.run(["crontab", "-r"], check=True)
    install(timer, "crontab", os.environ, said.append)
    uninstall(timer)
    assert read() is None


@needs_crontab
@pytest.mark.usefixtures("crontab")
def test_what_the_crontab_runs_is_what_is_meant(timer: Timer) -> None:
    install(timer, "crontab", os.environ, lambda _line: None)
    done = run_line(timer.crontab_line)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert timer.log.read_text() == ""
    assert (timer.repo.state / "schedule.json").read_text().count("retrain wine") == 1
    uninstall(timer)
    assert list(timer.repo.state.glob("*schedule*")) == []


@needs_systemd
def test_systemd_takes_the_units(timer: Timer) -> None:
    timer.script.parent.mkdir(parents=True)
    timer.script.write_text(timer.script_text(os.environ))
    timer.units.mkdir()
    for path, text in timer.unit_texts().items():
        path.write_text(text)
    scope = [] if timer.is_root else ["--user"]
    done = process.run(["systemd-analyze", *scope, "verify", *map(str, timer.unit_texts())], check=False)
    assert (done.code, done.stdout, done.stderr) == (0, b"", b"")


def test_units_say_the_path_in_their_own_way(timer: Timer) -> None:
    service, clock = timer.unit_texts().values()
    (line,) = [each for each in service.splitlines() if each.startswith("ExecStart=")]
    assert "models %%d $$HOME \\\"x\\\" 'y' \\\\ & ;" in line
    assert "KillMode=process" in service
    assert "Persistent=true" in clock
    assert not any(each.endswith("\\") for each in (service + clock).splitlines())
    ran = process.run(["/bin/sh", "-n", "/dev/stdin"], stdin=timer.script_text(os.environ).encode())
    assert ran.stderr == b""


PLAYED = """#!/bin/sh
echo "$*" >> "$SYSTEMCTL_LOG"
test ! -e "$SYSTEMCTL_LOG.down"
"""


def test_a_timer_of_systemd(timer: Timer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "systemctl").write_text(PLAYED)
    (folder / "systemctl").chmod(0o755)
    (folder / "crontab").write_text("#!/bin/sh\nexit 1\n")
    (folder / "crontab").chmod(0o755)
    log = tmp_path / "log"
    monkeypatch.setenv("SYSTEMCTL_LOG", str(log))
    clean = process.clean_environment
    monkeypatch.setattr(
        process,
        "clean_environment",
        lambda extra=None: {**clean(extra), "PATH": f"{folder}:{clean()['PATH']}"},
    )
    said: list[str] = []
    user = Timer(timer.repo, timer.units, is_root=False)
    assert install(user, None, os.environ, said.append) == "systemd"
    assert installed(user) == "systemd"
    assert [line.rpartition("/")[2] for line in said] == [
        "schedule.sh",
        f"{user.name}.service",
        f"{user.name}.timer",
    ]
    words = log.read_text().splitlines()
    assert words[-2:] == [
        "--user --no-ask-password daemon-reload",
        f"--user --no-ask-password enable --now {user.name}.timer",
    ]
    install(user, None, os.environ, said.append)
    assert len(said) == 3
    assert log.read_text().splitlines()[-1].endswith(f"enable --now {user.name}.timer")
    assert "daemon-reload" not in log.read_text().splitlines()[-2]
    assert uninstall(user)
    assert list(timer.units.iterdir()) == []
    assert installed(user) is None
    assert f"--user --no-ask-password disable --now {user.name}.timer" in log.read_text()
    (tmp_path / "log.down").touch()
    assert preview(user, None, os.environ).endswith(f"# crontab\n{user.crontab_line}")


def test_a_preview_writes_nothing(timer: Timer) -> None:
    text = preview(timer, "systemd", os.environ)
    assert [line for line in text.splitlines() if line.startswith(f"# {timer.units}")]
    assert "OnCalendar=minutely" in text
    assert not timer.units.exists()
    assert not timer.script.exists()


def test_a_path_that_nothing_can_write_is_refused(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "a\n* * * * * evil", None)
    with pytest.raises(UsageError, match="control characters"):
        timer_of(repo, {})


def test_the_log_begins_anew_where_it_is_long(timer: Timer) -> None:
    turn_log(timer)
    timer.log.parent.mkdir(parents=True)
    timer.log.write_text("x" * 1_000_001)
    turn_log(timer)
    assert not timer.log.exists()
    assert timer.log.with_suffix(".log.1").stat().st_size == 1_000_001
