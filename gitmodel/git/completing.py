"""Make whole what a forge checks out for a job: one commit, no tags, no notes, no branch."""

import base64
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from gitmodel.errors import ToolFailed
from gitmodel.git.refs import resolve
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.git.values import Oid


def with_token(repo: Repository, server: str, user: str, token: str) -> Repository:
    """Return the repository with a token for its remote, if that is on the server.

    The token goes to git through the environment of its processes: no command line, file or setting holds it.
    One that the forge has written into the address of the remote (GitLab does) is taken out of there.

    Args:
        repo: The repository.
        server: Address of the forge, such as ``https://github.com``.
        user: Name that the forge wants beside a token.
        token: The token.
    """
    remote = default_remote(repo)
    address = urlsplit(repo.git("remote", "get-url", remote)) if remote else None
    wanted = urlsplit(server)
    if address is None or address.scheme not in ("http", "https") or address.hostname != wanted.hostname:
        return repo
    if remote and address.username is not None:
        plain = address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
        repo.git("remote", "set-url", remote, plain)
    secret = base64.b64encode(f"{user}:{token}".encode()).decode()
    settings = {
        "GIT_CONFIG_COUNT": "2",
        # An empty value takes back what a checkout may have left in the configuration.
        "GIT_CONFIG_KEY_0": f"http.{server}/.extraheader",
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": f"http.{server}/.extraheader",
        "GIT_CONFIG_VALUE_1": f"Authorization: basic {secret}",
    }
    return Repository(repo.git_dir, repo.root, {**repo.extra_env, **settings})


def complete(
    repo: Repository, *, default_branch: str, heads: Mapping[str, str], perhaps: Sequence[str] = ()
) -> None:
    """Bring history, tags, branches and notes of the remote, and what commits the job is about.

    Args:
        repo: The checkout.
        default_branch: Short name of the remote's default branch, which a checkout of one commit lacks.
        heads: Commits that must be here, with what each is, in words.
        perhaps: Commits that are of use if the remote still has them.

    Raises:
        ToolFailed: If the remote does not answer, or no longer has one of the commits.
    """
    remote = default_remote(repo)
    if remote is None:
        return
    deepen = ["--unshallow"] if repo.is_shallow else []
    # A checkout of a tag leaves one of that name that is not the annotated one: the remote's goes before it.
    specs = ["+refs/tags/*:refs/tags/*", f"+refs/heads/*:refs/remotes/{remote}/*"]
    _git(repo, "fetch", "--no-write-fetch-head", "--no-tags", "--quiet", *deepen, remote, *specs)
    repo.git("symbolic-ref", f"refs/remotes/{remote}/HEAD", f"refs/remotes/{remote}/{default_branch}")
    for commit in (*heads, *perhaps):
        if resolve(repo, commit) is None:
            # No branch may have it by now (one was pushed anew): the job is about what was.
            repo.run("fetch", "--no-write-fetch-head", "--quiet", remote, commit, check=False)
    fetch(repo)
    for commit, what in heads.items():
        if resolve(repo, commit) is None:
            raise ToolFailed(
                f"{what} {Oid(commit).short} is no longer at {remote}",
                hint="its branch was pushed anew; the newest push has a run of its own",
            )


def set_identity(repo: Repository, name: str, email: str) -> None:
    """Let commits of this copy bear a name, unless one is configured."""
    for key, value in (("user.name", name), ("user.email", email)):
        if repo.config(key) is None:
            repo.git("config", key, value)


def _git(repo: Repository, *words: str) -> None:
    done = repo.run(*words, check=False)
    if done.code:
        raise ToolFailed(
            "could not bring the history of the remote",
            detail=done.stderr.decode("utf-8", "replace").strip(),
            hint="the job needs to read the repository: `contents: read`",
        )
