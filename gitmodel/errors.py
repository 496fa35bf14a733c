"""The one exception root: each error knows its exit code, whether a retry helps, and the next step."""


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
