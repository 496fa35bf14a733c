"""Say what a forge has refused, and which right is missing."""

from gitmodel.errors import ToolFailed

_LACKING = (401, 403, 404)
_MISSING = 404
_TOO_MANY = 429


def refused(
    forge: str, what: str, status: int | None, words: str, right: str, *, limited: bool = False
) -> ToolFailed:
    """Return the error for an answer of a forge.

    Args:
        forge: Its name.
        what: What was asked, such as ``comment on #7``.
        status: Of the answer; ``None``: there was none.
        words: The forge's own.
        right: What a token needs for it.
        limited: Whether there were too many requests.
    """
    if status is None:
        hint = "the results are kept: run the job again when it answers"
        return ToolFailed(f"{forge} does not answer: could not {what}", detail=words, hint=hint)
    hint = ""
    if limited or status == _TOO_MANY:
        hint = "too many requests: the results are kept, run the job again later"
    elif status in _LACKING:
        hint = f"the token needs {right}"
        if status == _MISSING:
            hint = f"it does not exist, or the token may not see it: it needs {right}"
    elif status >= 500:  # noqa: PLR2004 - HTTP
        hint = "the results are kept: run the job again later"
    return ToolFailed(f"{forge} refused to {what} ({status})", detail=words, hint=hint)


def marked(marker: str, text: str) -> str:
    """Return a comment's text with the marker where people do not see it."""
    return f"{hidden(marker)}\n{text}"


def hidden(marker: str) -> str:
    """Return a marker as a comment of HTML; letters that could end it are written as numbers."""
    safe = "".join(
        letter if letter.isalnum() or letter in "./_" else f"%{ord(letter):x};" for letter in marker
    )
    return f"<!-- gitmodel:{safe} -->"
