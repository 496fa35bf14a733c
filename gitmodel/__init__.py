"""Git-native GitOps for machine-learning models.

From Python a repository is read as a mapping of models::

    registry = gitmodel.open("https://git.example.org/risk/models.git")
    model = registry["credit-risk"]["production"].load()

`gitmodel.api` describes what `open` returns. Nothing large is imported before it is needed.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in `typing`, whose import would take longer than all the rest
if TYPE_CHECKING:
    from os import PathLike

    from gitmodel.api import Registry


def open(source: "str | PathLike[str]" = ".") -> "Registry":  # noqa: A001 - read as gitmodel.open
    """Open the registry of a repository.

    Args:
        source: A folder inside a repository, or a URL (https, ssh, git, file, or ``git@host:path``). Of a URL
            a small copy is kept in the user's cache: tags, environments and notes. It is brought in line
            with the remote now; where that does not answer, the copy as it is is used, with a warning.

    Raises:
        gitmodel.errors.UsageError: If there is no repository, or the URL is of no kind that is fetched from.
        gitmodel.errors.ToolFailed: If a remote does not answer that was never fetched from.
    """
    from gitmodel.api import open_registry

    return open_registry(source)
