"""GitHub and GitLab: the only place that speaks HTTP to a forge."""

from collections.abc import Mapping

from gitmodel.forges.event import Event, encode_event
from gitmodel.forges.forge import Forge, Issue, PullRequest, State
from gitmodel.forges.outputs import add_summary, set_outputs
from gitmodel.forges.reading import read_event

__all__ = [
    "Event",
    "Forge",
    "Issue",
    "PullRequest",
    "State",
    "add_summary",
    "encode_event",
    "open_forge",
    "read_event",
    "set_outputs",
    "token",
]


def token(environ: Mapping[str, str]) -> str | None:
    """Return the token that a job acts with; one made for gitmodel goes before the job's own."""
    names = ("GITMODEL_TOKEN", "GITHUB_TOKEN", "CI_JOB_TOKEN")
    return next((environ[name] for name in names if environ.get(name)), None)


def open_forge(environ: Mapping[str, str]) -> Forge | None:
    """Return the repository of this job on its forge; ``None`` where there is none, or no token."""
    if environ.get("GITHUB_REPOSITORY") and token(environ):
        from gitmodel.forges.github import GitHub

        return GitHub.of(environ)
    if environ.get("CI_PROJECT_ID") and token(environ):
        from gitmodel.forges.gitlab import GitLab

        return GitLab.of(environ)
    return None
