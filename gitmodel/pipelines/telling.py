"""How a run tells an error."""

from collections.abc import Callable

from gitmodel.errors import GitmodelError

Say = Callable[[str], None]


def tell_error(error: GitmodelError, say: Say) -> int:
    """Say what is wrong, the words of the tool that failed, and what to do; return the exit code."""
    say(f"error: {error.message}")
    for line in error.detail.splitlines():
        say(f"    {line}")
    if error.hint:
        say(f"hint: {error.hint}")
    return error.exit_code
