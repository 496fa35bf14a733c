"""Issues on GitLab."""

from typing import Any

from gitmodel.forges.forge import Issue
from gitmodel.forges.problems import hidden, marked

LABEL = "gitmodel"


def find_or_open(project: Any, wanted: Issue, user: int) -> Any:
    """Return the issue that bears a marker, whatever its state; of two that are ours the older stays open.

    Args:
        project: Where.
        wanted: What it should be.
        user: Who we are; 0: that is not known.
    """
    found = _marked(project, wanted, user)
    if not found:
        text = marked(wanted.marker, wanted.text)
        made = project.issues.create({"title": wanted.title, "description": text, "labels": LABEL})
        found = _marked(project, wanted, user) or [made]
    first, *others = found
    for other in others:
        close(other)
    return first


def close(issue: Any) -> None:
    """Close an issue that is open."""
    if issue.state == "opened":
        issue.state_event = "close"
        issue.save()


def _marked(project: Any, wanted: Issue, user: int) -> list[Any]:
    mark = hidden(wanted.marker)
    since = project.issues.list(
        iterator=True, created_after=wanted.since, order_by="created_at", sort="asc", scope="all"
    )
    return [
        each
        for each in since
        if (each.description or "").startswith(mark) and (not user or each.author["id"] == user)
    ]
