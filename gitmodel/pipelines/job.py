"""A job of a pipeline: the checkout made whole, what started it, and the forge."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from gitmodel.errors import UsageError
from gitmodel.forges import Event, Forge, open_forge, read_event, token
from gitmodel.git.completing import complete, set_identity, with_token
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.pipelines.forge_of_remote import TOKEN, forge_of_remote
from gitmodel.spec import load_repository

_TOKENS = ("GITMODEL_TOKEN", "GITHUB_TOKEN", "GH_TOKEN", "CI_JOB_TOKEN")
_SERVERS = {"github": "GITHUB_SERVER_URL", "gitlab": "CI_SERVER_URL"}
_BOTS = {
    "github": ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com"),
    "gitlab": ("gitmodel", "gitmodel@noreply.gitlab.com"),
}


@dataclass(frozen=True)
class Job:
    """What a command of a pipeline works with.

    Attributes:
        repo: The repository, whole; pushes to the forge bear the job's token.
        event: What started the job; ``None`` at a desk.
        forge: The repository on its forge; ``None`` where there is none or no token for it.
        environ: The environment that the job was started with, without tokens.
    """

    repo: Repository
    event: Event | None = None
    forge: Forge | None = None
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def here(self) -> Event:
        """What started the job.

        Raises:
            UsageError: At a desk.
        """
        if self.event is None:
            raise UsageError(
                "this is no job of a forge, so nothing says what to do", hint="name it; see --help"
            )
        return self.event


@contextmanager
def without_tokens() -> Iterator[None]:
    """Keep tokens out of the reach of what is trained, until the block ends."""
    kept = {name: os.environ.pop(name) for name in _TOKENS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def open_job(environ: Mapping[str, str] | None = None) -> Job:
    """Read what the forge says, make the checkout whole, and put tokens out of the reach of what is trained.

    Args:
        environ: Default: the environment of the process, which loses its tokens.

    Raises:
        InvalidFile: If the forge says something that cannot be, or gitmodel.yaml is not valid.
        ToolFailed: If the remote does not answer.
    """
    given = os.environ if environ is None else environ
    event, forge, secret = read_event(given), open_forge(given), token(given)
    kept = {name: value for name, value in given.items() if name not in _TOKENS}
    if environ is None:
        for name in _TOKENS:
            os.environ.pop(name, None)
    repo = Repository.open()
    if event is None:
        return Job(repo, None, forge or _forge_at_desk(repo, given), kept)
    server = given.get(_SERVERS[event.provider], "")
    if secret and server:
        own = event.provider == "gitlab" and not given.get("GITMODEL_TOKEN")
        user = "gitlab-ci-token" if own else "x-access-token"
        repo = with_token(repo, server, user, secret)
    set_identity(repo, *_BOTS[event.provider])
    # The trusted job that posts the report of a fork needs none of the fork's commits.
    heads = {} if event.kind == "report" else {event.head: "the commit"}
    perhaps = [event.base] if event.base else []
    complete(repo, default_branch=event.default_branch, heads=heads, perhaps=perhaps)
    return Job(repo, event, forge, kept)


def _forge_at_desk(repo: Repository, environ: Mapping[str, str]) -> Forge | None:
    """Return the forge that the remote's address names, where a person has set a token for it."""
    rev = default_rev(repo)
    if rev is None or not environ.get(TOKEN):
        return None
    return forge_of_remote(repo, load_repository(repo, rev).ci.provider, environ)
