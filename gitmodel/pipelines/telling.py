"""How a run tells an error."""

from collections.abc import Callable

from gitmodel.errors import GitmodelError

Say = Callable[[str], None]


def guarded(act: Callable[[], int], say: Say) -> int:
    """Do it, tell an error in the words for people, and return the exit code: others go on."""
    try:
        return act()
    except GitmodelError as error:
        return tell_error(error, say)


def tell_error(error: GitmodelError, say: Say) -> int:
    """Say what is wrong, the words of the tool that failed, and what to do; return the exit code."""
    say(f"error: {error.message}")
    for line in error.detail.splitlines():
        say(f"    {line}")
    if error.hint:
        say(f"hint: {error.hint}")
    return error.exit_code
