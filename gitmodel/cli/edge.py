"""The one place where errors are caught: told in words, or for a bug written to a file that can be sent."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gitmodel.errors import GitmodelError, of_the_machine

INTERRUPTED = 130
BUG = 70


def guard(run: Callable[[], Any]) -> int:
    """Run and return the exit code; what goes wrong is told on standard error."""
    _write_anything(sys.stdout)
    _write_anything(sys.stderr)
    try:
        code = run()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GitmodelError as error:
        tell(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: what arrives here is the machine's fault or a bug
        return _unexpected(error)
    return code if isinstance(code, int) else 0


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        return _reader_gone()
    known = of_the_machine(error)
    if known is None:
        return _bug(error)
    tell(known)
    return known.exit_code


def _write_anything(stream: Any) -> None:
    """Let a stream escape characters that its encoding lacks."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def tell(error: GitmodelError) -> None:
    """Say what is wrong, the words of the tool that failed, and what to do."""
    from gitmodel.reports.terminal import clean, clean_lines

    first, *rest = clean_lines(error.message) or [type(error).__name__]
    click.echo(f"error: {first}", err=True)
    for line in [*rest, *clean_lines(error.detail.strip("\n"))]:
        click.echo(f"    {line}".rstrip(), err=True)
    if error.hint:
        click.echo(f"hint: {clean(error.hint)}", err=True)


def _reader_gone() -> int:
    """End quietly where nobody reads any more, as in ``gitmodel log | head``."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return 0


def _bug(error: BaseException) -> int:
    from gitmodel.reports.terminal import clean

    path = _write_report(error)
    words = clean(f"{type(error).__name__}: {error}")
    click.echo(f"error: this is a bug in gitmodel ({words})", err=True)
    click.echo(f"hint: please report it with the file {path}", err=True)
    return BUG


def _write_report(error: BaseException) -> Path:
    """Write what is needed to find a bug into the repository's state folder, else into a temporary one."""
    import platform
    import shlex
    import tempfile
    import traceback

    from gitmodel import __version__

    lines = [
        f"gitmodel {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: {shlex.join(sys.argv)}",
        "",
        *traceback.format_exception(error),
    ]
    folder = _folder() or Path(tempfile.gettempdir())
    handle, name = tempfile.mkstemp(prefix="gitmodel-bug-", suffix=".log", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write("\n".join(lines))
    return Path(name)


def _folder() -> Path | None:
    from gitmodel.git.repository import Repository

    try:
        folder = Repository.open().state / "bugs"
        folder.mkdir(parents=True, exist_ok=True)
    except (GitmodelError, OSError):
        return None
    return folder
