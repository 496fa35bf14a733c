"""Text for people: coloured and paged as git does it, and only on a terminal. JSON never comes here."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gitmodel.reports.terminal import Colours


def show(lines: Sequence[str], colours: "Colours" = ()) -> None:
    """Print lines; on a terminal coloured, and in the pager where there are more than fit.

    Args:
        lines: Without escape codes.
        colours: What of them is coloured.
    """
    if not lines:
        return
    if not sys.stdout.isatty():
        click.echo("\n".join(lines))
        return
    text = "\n".join(_painted(lines, colours)) + "\n"
    if _asked("no_pager") or _fits(lines) or not _page(text):
        click.echo(text, nl=False)


def teller(colours: "Colours") -> Callable[[str], None]:
    """Return what prints a line as it comes, coloured on a terminal."""

    def tell(line: str) -> None:
        click.echo(_painted([line], colours)[0] if sys.stdout.isatty() else line)

    return tell


def _painted(lines: Sequence[str], colours: "Colours") -> list[str]:
    from gitmodel.git.taste import wants_colour
    from gitmodel.reports.terminal import paint

    plain = not colours or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or _asked("no_color") or not wants_colour():
        return [*lines]
    return [paint(line, colours) for line in lines]


def _asked(option: str) -> bool:
    """Say whether an option of the whole program was given."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().params.get(option))


def _fits(lines: Sequence[str]) -> bool:
    import shutil

    size = shutil.get_terminal_size()
    return sum(max(1, -(-len(line) // size.columns)) for line in lines) < size.lines


def _page(text: str) -> bool:
    """Show a text in git's pager; say whether there is one that could be started."""
    from gitmodel import process
    from gitmodel.git.taste import pager

    command = pager()
    # As git does: leave at once where it fits, keep colours, leave the text on the screen.
    defaults = {"LESS": "FRX", "LV": "-c"}
    return bool(command) and process.page(command or "", text, {**defaults, **os.environ})
