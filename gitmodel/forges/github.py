"""GitHub, through PyGithub."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gitmodel.forges.forge import Issue, PullRequest, State
from gitmodel.forges.patience import Again, Patience, trying_again
from gitmodel.forges.problems import hidden, marked, refused

if TYPE_CHECKING:
    from github.Issue import Issue as TheirIssue
    from github.IssueComment import IssueComment
    from github.PullRequest import PullRequest as Theirs
    from github.Repository import Repository

_PAGE = 100
DISPATCH = "gitmodel"  # type of the event, as the rendered workflow names it
_FORBIDDEN, _INVALID = 403, 422
_SETTING = (
    "`pull-requests: write` and `contents: write`, and the repository's setting "
    '"Allow GitHub Actions to create and approve pull requests"'
)
# States of a workflow whose schedule does not start.
_OFF = {
    "disabled_inactivity": "switched off by GitHub after 60 days without a commit",
    "disabled_manually": "switched off by a person",
}


@dataclass(frozen=True)
class GitHub:
    """One repository on GitHub.

    Attributes:
        repository: ``owner/name``.
        secret: The token.
        api: Address of the API.
        patience: Seconds that are spent with waiting to try again, in all.
    """

    repository: str
    secret: str = field(repr=False)
    api: str = "https://api.github.com"
    patience: float = 120.0

    name = "GitHub"
    comment_limit = 65_000

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "GitHub":
        """Return the repository of a job, or of a desk that names it as a job does."""
        from gitmodel.forges import token

        api = environ.get("GITHUB_API_URL") or "https://api.github.com"
        return cls(environ["GITHUB_REPOSITORY"], token(environ) or "", api)

    def comment(self, number: int, marker: str, text: str) -> str:
        """Write a comment, or change the one that bears the marker; of two that do, the older stays."""
        from github import UnknownObjectException

        with self._asking(f"comment on #{number}", "`pull-requests: write`"):
            request = self._repository.get_issue(number)  # a pull request is one, to its comments
            body, mark = marked(marker, text), hidden(marker)
            with suppress(UnknownObjectException):  # somebody deleted ours meanwhile, or there is no request
                return self._comment(request, mark, body)
            return self._comment(request, mark, body)

    def _comment(self, request: "TheirIssue", mark: str, body: str) -> str:
        from github import UnknownObjectException

        found = self._marked(request, mark)
        if not found:
            made = request.create_comment(body)
            found = self._marked(request, mark) or [made]
        first, *others = found
        if first.body != body:
            first.edit(body)
        for other in others:
            with suppress(UnknownObjectException):  # the other job has deleted it, too
                other.delete()
        return first.html_url

    def _marked(self, request: "TheirIssue", mark: str) -> list["IssueComment"]:
        """Return the comments that bear a marker and are ours, oldest first, from all pages."""
        return [
            each for each in request.get_comments() if each.body.startswith(mark) and self._is_ours(each.user)
        ]

    def _is_ours(self, user: Any) -> bool:
        return user is not None and (user.type == "Bot" or user.login == self._login)

    @cached_property
    def _login(self) -> str:
        from github import GithubException

        try:
            return str(self._client.get_user().login)
        except GithubException as error:
            if error.status != _FORBIDDEN:
                raise
            return ""  # the token of a job belongs to no user

    def status(self, commit: str, context: str, state: State, description: str, url: str) -> None:
        """Say of a commit how a check went; GitHub takes 140 characters of a description."""
        with self._asking(f"set the status of {commit[:10]}", "`statuses: write`"):
            words = description if len(description) <= 140 else description[:139] + "…"  # noqa: PLR2004
            given = {"target_url": url} if url else {}
            self._repository.get_commit(commit).create_status(
                state, description=words, context=context, **given
            )

    def pull_request(self, number: int) -> PullRequest:
        """Return a pull request."""
        with self._asking(f"read #{number}", "`pull-requests: read`"):
            return self._ours(self._repository.get_pull(number))

    def open_pull_requests(self, head_owner: str, head_branch: str) -> Sequence[PullRequest]:
        """Return those that are open and come from a branch of an owner's repository."""
        with self._asking("list pull requests", "`pull-requests: read`"):
            found = self._repository.get_pulls(state="open", head=f"{head_owner}:{head_branch}")
            return [self._ours(each) for each in found]

    def propose(self, head_branch: str, base_branch: str, title: str, text: str) -> PullRequest:
        """Open a pull request from a branch that was pushed; change title and text of one that is open."""
        from github import GithubException

        with self._asking(f"open a pull request from {head_branch}", _SETTING):
            known = self._proposed(head_branch, base_branch)
            if known is None:
                try:
                    return self._ours(
                        self._repository.create_pull(
                            base=base_branch, head=head_branch, title=title, body=text
                        )
                    )
                except GithubException as error:
                    known = self._proposed(head_branch, base_branch) if error.status == _INVALID else None
                    if known is None:  # else another job has just opened it
                        raise
            known.edit(title=title, body=text)
            return self._ours(known)

    def _proposed(self, head_branch: str, base_branch: str) -> "Theirs | None":
        """Return the open pull request from a branch of this repository, never one of a fork's."""
        head = f"{self.repository.partition('/')[0]}:{head_branch}"
        found = self._repository.get_pulls(state="open", head=head, base=base_branch)
        return next((each for each in found if _name(each.head) == _name(each.base)), None)

    def sync_issue(self, wanted: Issue) -> str:
        """See `Forge`; what others wrote is not taken for ours, whatever it bears."""
        from gitmodel.forges import github_issues

        with self._asking("write an issue", "`issues: write`"):
            issue = github_issues.find_or_open(self._repository, wanted, self._is_ours)
            there = [each.body for each in issue.get_comments() if self._is_ours(each.user)]
            for marker, text in wanted.comments:
                mark = hidden(marker)
                if not any(body.startswith(mark) for body in there):
                    self._comment(issue, mark, marked(marker, text))
            if wanted.is_over:
                github_issues.close(issue)
            return issue.html_url

    def sync_schedules(self, wanted: Collection[str], branch: str) -> Sequence[str]:
        """Change nothing: GitHub's schedules are in the workflow."""
        del wanted, branch
        return ()

    def dispatch(self, inputs: Mapping[str, str], branch: str) -> str:
        """Send the event that the workflow of the default branch waits for."""
        del branch  # GitHub takes the default branch
        with self._asking("start the pipeline", "`contents: write`"):
            self._repository.create_repository_dispatch(DISPATCH, dict(inputs))
            return f"{_page_of(self.api)}/{self.repository}/actions"

    def switched_off_schedules(self) -> Sequence[str]:
        """Return the workflows that GitHub no longer starts."""
        with self._asking("list workflows", "`actions: read`"):
            found = [(each.path, _OFF.get(each.state)) for each in self._repository.get_workflows()]
            return [f"{path} is {why}" for path, why in found if why]

    def _ours(self, theirs: "Theirs") -> PullRequest:
        state: Any = "merged" if theirs.merged_at else theirs.state
        return PullRequest(
            number=theirs.number,
            state=state,
            draft=bool(theirs.draft),
            fork=_name(theirs.head) != _name(theirs.base),
            head=theirs.head.sha,
            head_branch=theirs.head.ref,
            base_branch=theirs.base.ref,
            url=theirs.html_url,
        )

    @cached_property
    def _client(self) -> Any:
        from github import Auth, Github

        logging.getLogger("github").setLevel(logging.WARNING)
        return Github(
            auth=Auth.Token(self.secret),
            base_url=self.api,
            per_page=_PAGE,
            retry=_retry(Patience(self.patience)),
            seconds_between_writes=None,
            seconds_between_requests=None,
            user_agent="gitmodel",
            lazy=True,
        )

    @cached_property
    def _repository(self) -> "Repository":
        found: Repository = self._client.get_repo(self.repository)
        return found

    @contextmanager
    def _asking(self, what: str, right: str) -> Iterator[None]:
        import requests
        from github import GithubException

        try:
            yield
        except GithubException as error:
            headers = {name.lower(): value for name, value in (error.headers or {}).items()}
            accepted = headers.get("x-accepted-github-permissions")
            wanted = f"{right} (GitHub says: {accepted})" if accepted else right
            limited = _is_limit(error, headers)
            raise refused(self.name, what, error.status, _words(error), wanted, limited=limited) from error
        except requests.RequestException as error:
            raise refused(self.name, what, None, f"{self.api}: {_reason(error)}", right) from error


def _retry(patience: Patience) -> Any:
    from github import GithubRetry

    class Retrying(Again, GithubRetry):
        """Knows GitHub's limits on the rate of requests, too, which come as 403."""

        def increment(self, *given: Any, **named: Any) -> Any:
            self.max_rate_limit_wait = self.patience.left
            return super().increment(*given, **named)

    return trying_again(Retrying, patience, secondary_rate_wait=min(60.0, patience.left))


def _page_of(api: str) -> str:
    """Return the address for people of the server whose API that is."""
    return "https://github.com" if api == "https://api.github.com" else api.removesuffix("/api/v3")


def _name(part: Any) -> str | None:
    """Return the repository of a side of a pull request; a fork may have been deleted."""
    return part.repo.full_name if part.repo else None


def _is_limit(error: Any, headers: Mapping[str, str]) -> bool:
    """Say whether GitHub has refused because of too many requests, for which it, too, answers 403."""
    from github import RateLimitExceededException

    said = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
    return isinstance(error, RateLimitExceededException) or (error.status == _FORBIDDEN and said)


def _words(error: Any) -> str:
    data = error.data if isinstance(error.data, dict) else {}
    errors = [
        str(each.get("message", each)) if isinstance(each, dict) else str(each)
        for each in data.get("errors", [])
    ]
    return "; ".join(filter(None, [str(data.get("message") or error.message or error.data), *errors]))


def _reason(error: BaseException) -> str:
    """Return why there was no answer, without the address and what it may carry."""
    cause: Any = error.args[0] if error.args else error
    return str(getattr(cause, "reason", None) or type(error).__name__)
