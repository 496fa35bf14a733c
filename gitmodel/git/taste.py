"""How git is configured to show text to people: in which pager, and whether in colours.

git's own answers are asked for, with everything that its environment says: ``git -c color.ui=false …`` and
``git --no-pager …`` count too.
"""

import os

from gitmodel import process
from gitmodel.errors import ToolFailed


def pager() -> str | None:
    """Return the pager's command line, which git gives to a shell; ``None``: text is shown as it is."""
    found = _ask("var", "GIT_PAGER")
    return None if found in ("", "cat") else found


def wants_colour() -> bool:
    """Say whether text on a terminal is coloured: ``color.gitmodel``, else ``color.ui``, else yes."""
    return _ask("config", "--get-colorbool", "color.gitmodel", "true") == "true"


def _ask(*args: str) -> str:
    try:
        return process.run(["git", *args], env=dict(os.environ), check=False).text.strip()
    except ToolFailed:
        return ""
