"""What gitmodel asks of a forge: few verbs, with types of our own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["pending", "success", "failure", "error"]


@dataclass(frozen=True)
class PullRequest:
    """A pull request (a merge request on GitLab).

    Attributes:
        number: Its number.
        state: Where it stands.
        draft: Whether it is not meant to be merged yet.
        fork: Whether its head is in another repository.
        head: Newest commit.
        head_branch: Branch that it comes from.
        base_branch: Branch that it goes into.
        url: Its page.
    """

    number: int
    state: Literal["open", "closed", "merged"]
    draft: bool
    fork: bool
    head: str
    head_branch: str
    base_branch: str
    url: str


@dataclass(frozen=True)
class Issue:
    """How an issue should be.

    Attributes:
        marker: What it is known by; it is put into the text where people do not see it.
        since: It was not opened before this (UTC, RFC 3339).
        title: Plain text.
        text: Markdown.
        comments: Marker and Markdown of each, oldest first.
        is_over: Whether it is closed.
    """

    marker: str
    since: str
    title: str
    text: str
    comments: tuple[tuple[str, str], ...] = ()
    is_over: bool = False


class Forge(Protocol):
    """One repository on a forge.

    What is refused or does not answer is tried again where that helps; then it is a `ToolFailed` whose
    message names what was asked, whose hint names the right that the token lacks, if that is the reason.
    """

    name: str
    comment_limit: int  # characters of a text that is handed over: what is put around it has room

    def comment(self, number: int, marker: str, text: str) -> str:
        """Write a comment, or change the one that bears the marker, and return its address.

        ``marker`` is put into the comment where people do not see it.
        """

    def status(self, commit: str, context: str, state: State, description: str, url: str) -> None:
        """Say of a commit how a check went."""

    def pull_request(self, number: int) -> PullRequest:
        """Return a pull request."""

    def open_pull_requests(self, head_owner: str, head_branch: str) -> Sequence[PullRequest]:
        """Return those that are open and come from a branch of an owner's repository."""

    def propose(self, head_branch: str, base_branch: str, title: str, text: str) -> PullRequest:
        """Open a pull request from a branch that was pushed; change title and text of one that is open."""

    def sync_issue(self, wanted: Issue) -> str:
        """Open an issue that is not there yet, add the comments that it lacks, close it; return its address.

        What people wrote or did with it stays, and of two that jobs opened at once the older is used.
        """

    def sync_schedules(self, wanted: Collection[str], branch: str) -> Sequence[str]:
        """Make the forge start pipelines by the clock; return what has changed, in words.

        Args:
            wanted: Cron expressions (UTC).
            branch: Where the pipelines run.
        """

    def dispatch(self, inputs: Mapping[str, str], branch: str) -> str:
        """Start the pipeline as a person would by hand; return the page where it can be seen.

        Args:
            inputs: As `Event.inputs` names them.
            branch: The default branch.
        """

    def switched_off_schedules(self) -> Sequence[str]:
        """Return the pipelines whose schedule the forge no longer starts, each in words that say why."""
