"""The frame of the command line: finding commands, changing folders, telling errors."""

import errno
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from gitmodel import __version__, process
from gitmodel.cli import edge
from gitmodel.cli.commands import COMMANDS, SECTIONS
from gitmodel.cli.main import program
from gitmodel.errors import Conflict, GitmodelError, Refused, ToolFailed
from gitmodel.git.repository import Repository
from tests.cli.conftest import Run

HELP = {name: text for section in SECTIONS.values() for name, text in section.items()}
HEAVY = (
    "git.repo",
    "dvc",
    "bentoml",
    "papermill",
    "ansible",
    "pandas",
    "numpy",
    "sklearn",
    "yaml",
    "jsonschema",
)
TELLS_IMPORTS = """\
import sys
from gitmodel.cli.main import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def load(name: str) -> click.Command:
    found = program.get_command(click.Context(program), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_what_the_table_says(name: str) -> None:
    found = load(name)
    assert found.get_short_help_str(limit=200).rstrip(".") == HELP[name].rstrip(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_an_example(name: str, run: Run) -> None:
    out = run(name, "--help").out
    assert "Example" in out
    assert f"gitmodel {name}" in out


def test_help_imports_no_command() -> None:
    done = process.run([sys.executable, "-c", TELLS_IMPORTS, "--help"])
    for name, text in HELP.items():
        assert f"  {name} " in done.text
        assert text[:20] in done.text
        assert f"gitmodel.cli.{name}" not in done.stderr.decode().split()


@pytest.mark.parametrize("argv", [["list"], ["log"]])
def test_reading_imports_nothing_heavy(models: Repository, argv: list[str]) -> None:
    done = process.run([sys.executable, "-c", TELLS_IMPORTS, *argv], cwd=models.root)
    loaded = done.stderr.decode().split()
    assert not [name for name in HEAVY if name in loaded]


def test_version(run: Run) -> None:
    assert run("--version").out == f"gitmodel, version {__version__}\n"


def test_a_command_that_does_not_exist(run: Run) -> None:
    done = run("lst")
    assert done.code == 2
    assert "No such command 'lst'. Did you mean 'list'?" in done.err


def test_wrong_use(run: Run) -> None:
    assert run("list", "--nonsense").code == 2
    assert run("deploy").code == 2
    assert run("-C", "/nowhere", "list").code == 2


def test_another_folder(
    models: Repository, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    expected = run("-C", "repo", "list").out
    monkeypatch.chdir(tmp_path)
    assert expected.startswith("credit-risk")
    assert run("-C", "repo", "-C", "models", "list").out == expected


def test_outside_a_repository(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("list")
    assert done.code == 2
    assert done.err == (
        f"error: {tmp_path} is not inside a git repository\n"
        "hint: change into a models repository, or make one with `gitmodel init`\n"
    )


def test_an_error_is_told_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ToolFailed("it\x1b broke", detail="one\r\ntwo\n\n50%\r100%\n", hint="mend it")

    assert edge.guard(fail) == 3
    assert capsys.readouterr().err == "error: it\\x1b broke\n    one\n    two\n\n    100%\nhint: mend it\n"


@pytest.mark.parametrize(("error", "code"), [(Refused, 1), (GitmodelError, 2), (Conflict, 3)])
def test_exit_codes(error: type[GitmodelError], code: int) -> None:
    def fail() -> None:
        raise error("no")

    assert edge.guard(fail) == code


def test_an_interrupt(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    assert edge.guard(stop) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_bug_leaves_a_report(models: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        raise ZeroDivisionError("by\nnought")

    assert edge.guard(broken) == 70
    err = capsys.readouterr().err
    assert err.startswith("error: this is a bug in gitmodel (ZeroDivisionError: by\\nnought)\n")
    path = Path(err.strip().rpartition(" ")[2])
    text = path.read_text()
    assert path.parent == models.state / "bugs"
    assert path.stat().st_mode & 0o077 == 0
    assert f"gitmodel {__version__}, Python " in text
    assert "in broken" in text


def test_a_bug_outside_a_repository_leaves_a_report_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise OSError(5, "odd")

    monkeypatch.chdir(tmp_path)
    assert edge.guard(broken) == 70
    path = Path(capsys.readouterr().err.strip().rpartition(" ")[2])
    assert path.read_text().count("OSError")
    path.unlink()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a/b"), "no space is left for a/b"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "no space is left"),
        (sqlite3.OperationalError("database or disk is full"), "no space is left"),
        (PermissionError(errno.EACCES, "Permission denied", "a/b"), "a/b: Permission denied"),
        (OSError(errno.EROFS, "Read-only file system", "a/b"), "a/b: Read-only file system"),
        (MemoryError(), "there is not enough memory"),
    ],
)
def test_what_the_machine_lacks_is_no_bug(
    error: Exception, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def direct() -> None:
        raise error

    def wrapped() -> None:
        raise RuntimeError("could not go on") from error

    for fail in (direct, wrapped):
        assert edge.guard(fail) == 3
        told = capsys.readouterr().err
        assert told.startswith(f"error: {words}\n")
        assert "hint: " in told


def test_a_reader_that_leaves_is_no_error(models: Repository) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [sys.executable, "-m", "gitmodel", "log"],
            cwd=models.root,
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.stderr == b""
    assert done.returncode in (0, 1)


def test_a_terminal_with_few_letters(models: Repository) -> None:
    environment = {**process.clean_environment(), "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = process.run(["gitmodel", "show", "credit-risk:4"], cwd=models.root, env=environment)
    assert b"md5:1f3c\\u2026 9857 rows" in done.stdout
