"""GitHub and GitLab: the only place that speaks HTTP to a forge."""

from gitmodel.forges.event import Event
from gitmodel.forges.forge import Forge, PullRequest

__all__ = ["Event", "Forge", "PullRequest"]
