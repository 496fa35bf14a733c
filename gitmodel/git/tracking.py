"""Which remote shares the registry, and under which names this copy keeps its refs."""

from gitmodel.git.repository import Repository


def default_remote(repo: Repository) -> str | None:
    """Return the name of the remote that shares the registry: ``origin``, or the only one; else ``None``."""
    if repo.is_bare:
        return None
    names = repo.git("remote").split()
    if "origin" in names or not names:
        return "origin" if names else None
    return names[0] if len(names) == 1 else None


def local_name(repo: Repository, ref: str) -> str:
    """Return the name under which this copy keeps a ref that the remote shares.

    Branches of a remote are kept below ``refs/remotes``; tags, notes and runs under their own names.
    """
    remote = default_remote(repo)
    if remote and ref.startswith("refs/heads/"):
        return f"refs/remotes/{remote}/{ref.removeprefix('refs/heads/')}"
    return ref
