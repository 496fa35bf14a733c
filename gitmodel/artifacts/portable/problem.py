"""What goes wrong with an artifact or with rows, told in words."""


class Problem(Exception):  # noqa: N818 - names the finding
    """An artifact cannot be loaded, or rows cannot be predicted.

    Args:
        message: What is wrong, in one sentence.
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
