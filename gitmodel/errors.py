"""The one exception root: each error knows its exit code, whether a retry helps, and the next step."""

import errno


class GitmodelError(Exception):
    """An error that is told to the user in words, without a traceback.

    Args:
        message: What is wrong, in one sentence.
        hint: What to do about it.
        detail: The words of an outside tool, shown below the message.
    """

    exit_code = 2
    retryable = False

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class Refused(GitmodelError):  # noqa: N818 - reads as what happened: a gate or a check said no
    """A gate or a check said no."""

    exit_code = 1


class UsageError(GitmodelError):
    """The command was asked for something that does not exist or makes no sense."""


class InvalidFile(GitmodelError):  # noqa: N818 - names the finding
    """A specification, tag, note or data file is not what it must be."""


class ToolFailed(GitmodelError):  # noqa: N818 - names the finding
    """A program or service that gitmodel drives has failed; its own words are in ``detail``."""

    exit_code = 3


class Conflict(ToolFailed):
    """A ref moved between reading and writing it; reading again and retrying helps."""

    retryable = True


def of_the_machine(error: BaseException) -> ToolFailed | None:
    """Return the error that tells of a full disk, a missing right or want of memory; ``None``: it is a bug.

    Args:
        error: What was raised; what it was raised from counts too.
    """
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, MemoryError) or getattr(found, "errno", None) == errno.ENOMEM:
            return ToolFailed("there is not enough memory", hint="end other programs, then run it again")
        # SQLite, which DVC uses, has no number for it.
        if getattr(found, "errno", None) in _FULL or "disk is full" in str(found):
            where = f" for {name}" if (name := getattr(found, "filename", None)) else ""
            return ToolFailed(
                f"no space is left{where}", hint="make room, then run it again", detail=str(error)
            )
        if isinstance(found, OSError) and found.errno in _FORBIDDEN:
            what = f"{found.filename or 'a file'}: {found.strerror}"
            return ToolFailed(what, hint="see to it that this user may write there, then run it again")
        found = found.__cause__ or found.__context__
    return None


_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
