"""Bring the default branch of a clone forward to where the remote's is, as a pull does."""

from collections.abc import Callable

from gitmodel.git.refs import default_branch, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name


def follow_remote(repo: Repository, say: Callable[[str], None]) -> bool:
    """Fast-forward the default branch to what was fetched last; whatever a person did here stays.

    Args:
        repo: The repository.
        say: Told why it stays behind, where it does.

    Returns:
        Whether the branch holds all that the remote's does.
    """
    branch = default_branch(repo)
    ours, theirs = f"refs/heads/{branch}", local_name(repo, f"refs/heads/{branch}")
    before, after = resolve(repo, ours), resolve(repo, theirs)
    if before is None or after is None:
        return True
    if repo.run("merge-base", "--is-ancestor", after, before, check=False).code == 0:
        return True
    is_here = repo.run("symbolic-ref", "--quiet", "HEAD", check=False).text.strip() == ours
    forward = ["merge", "--quiet", "--ff-only", theirs]
    aside = ["fetch", "--quiet", ".", f"{theirs}:{ours}"]
    done = repo.run(*(forward if is_here else aside), check=False)
    if done.code:
        words = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        say(f"{branch} here stays behind the remote's: {words.partition(chr(10))[0]}")
    return done.code == 0
