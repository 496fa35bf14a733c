"""What the programs of the benches share: how they write to the page, and how they end."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from bench.markdown import put_between
from bench.registry.measure import Pair, section, table
from gitmodel.errors import GitmodelError


def add_write(parser: ArgumentParser) -> None:
    """Add the option `--write`."""
    parser.add_argument("--write", type=Path, metavar="FILE", help="Put tables between the markers of FILE.")


def write(page: Path | None, part: str, content: str) -> None:
    """Put a part into the page, if one is asked for."""
    if page:
        page.write_text(put_between(page.read_text("utf-8"), part, content), "utf-8")


def show(pairs: Sequence[Pair], part: str, page: Path | None) -> bool:
    """Print a table, write it if asked to, and say whether all bounds were kept."""
    print(table(pairs))
    write(page, part, section(pairs))
    return all(pair.kept for pair in pairs)


def end(main: Callable[[], int]) -> NoReturn:
    """Run a program and exit with its code; an error is told in words."""
    try:
        sys.exit(main())
    except GitmodelError as error:
        sys.exit(f"error: {error.message}\n{error.detail}")
