"""Issues on GitHub."""

from datetime import datetime
from typing import TYPE_CHECKING

from gitmodel.forges.forge import Issue
from gitmodel.forges.problems import hidden, marked

if TYPE_CHECKING:
    from collections.abc import Callable

    from github.Issue import Issue as Theirs
    from github.NamedUser import NamedUser
    from github.Repository import Repository

LABEL = "gitmodel"


def find_or_open(repository: "Repository", wanted: Issue, is_ours: "Callable[[NamedUser], bool]") -> "Theirs":
    """Return the issue that bears a marker, whatever its state; of two that are ours the older stays open."""
    found = _marked(repository, wanted, is_ours)
    if not found:
        made = repository.create_issue(wanted.title, marked(wanted.marker, wanted.text), labels=[LABEL])
        found = _marked(repository, wanted, is_ours) or [made]
    first, *others = found
    for other in others:
        if other.state == "open":
            other.edit(state="closed", state_reason="not_planned")
    return first


def close(issue: "Theirs") -> None:
    """Close an issue that is open."""
    if issue.state == "open":
        issue.edit(state="closed", state_reason="completed")


def _marked(
    repository: "Repository", wanted: Issue, is_ours: "Callable[[NamedUser], bool]"
) -> "list[Theirs]":
    mark = hidden(wanted.marker)
    changed = repository.get_issues(
        state="all", sort="created", direction="asc", since=datetime.fromisoformat(wanted.since)
    )
    return [each for each in changed if (each.body or "").startswith(mark) and is_ours(each.user)]
