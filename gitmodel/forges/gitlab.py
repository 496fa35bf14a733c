"""GitLab, through python-gitlab."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal

from gitmodel.forges.forge import Issue, PullRequest, State
from gitmodel.forges.patience import Again, Patience, trying_again
from gitmodel.forges.problems import hidden, marked, refused

_SCOPE = (
    "the scope `api` and the role Developer (Maintainer for schedules of another user); a job's own token "
    "cannot do this: make a project access token and store it as the masked variable GITMODEL_TOKEN"
)
_SCHEDULE = "gitmodel: "
_MISSING, _TAKEN = 404, 409
_STATES: Mapping[State, str] = {
    "pending": "running",
    "success": "success",
    "failure": "failed",
    "error": "failed",
}
_REQUEST_STATES: Mapping[str, Literal["open", "closed", "merged"]] = {
    "opened": "open",
    "locked": "open",
    "merged": "merged",
    "closed": "closed",
}


@dataclass(frozen=True)
class GitLab:
    """One project on GitLab.

    Attributes:
        project: Its number, or its path.
        secret: The token.
        url: Address of the server.
        is_job_token: Whether the token is a job's own.
        patience: Seconds that are spent with waiting to try again, in all.
    """

    project: str
    secret: str = field(repr=False)
    url: str = "https://gitlab.com"
    is_job_token: bool = False
    patience: float = 120.0

    name = "GitLab"
    comment_limit = 999_000

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "GitLab":
        """Return the project of a job, or of a desk that names it as a job does."""
        from gitmodel.forges import token

        url = environ.get("CI_SERVER_URL") or "https://gitlab.com"
        return cls(
            environ["CI_PROJECT_ID"],
            token(environ) or "",
            url,
            is_job_token=not environ.get("GITMODEL_TOKEN"),
        )

    def comment(self, number: int, marker: str, text: str) -> str:
        """Write a comment, or change the one that bears the marker; of two that do, the older stays."""
        from gitlab.exceptions import GitlabUpdateError

        with self._asking(f"comment on !{number}"):
            request = self._project.mergerequests.get(number)
            body, mark = marked(marker, text), hidden(marker)
            try:
                made = self._note(request, mark, body)
            except GitlabUpdateError as error:
                if error.response_code != _MISSING:
                    raise
                made = self._note(request, mark, body)  # somebody has deleted ours meanwhile
            return f"{request.web_url}#note_{made}"

    def _note(self, request: Any, mark: str, body: str) -> int:
        from gitlab.exceptions import GitlabDeleteError

        found = self._marked(request, mark)
        if not found:
            made = request.notes.create({"body": body})
            found = self._marked(request, mark) or [made]
        first, *others = found
        if first.body != body:
            first.body = body
            first.save()
        for other in others:
            with suppress(GitlabDeleteError):  # the other job has deleted it, too
                other.delete()
        return int(first.id)

    def _marked(self, request: Any, mark: str) -> list[Any]:
        """Return the notes that bear a marker and are ours, oldest first, from all pages."""
        me = self._user
        notes = request.notes.list(iterator=True, order_by="created_at", sort="asc")
        return [note for note in notes if note.body.startswith(mark) and (not me or note.author["id"] == me)]

    @cached_property
    def _user(self) -> int:
        if self.is_job_token:  # belongs to no user
            return 0
        self._client.auth()
        return int(self._client.user.id)

    def status(self, commit: str, context: str, state: State, description: str, url: str) -> None:
        """Say of a commit how a check went; GitLab takes 255 characters of a description."""
        with self._asking(f"set the status of {commit[:10]}"):
            given = {"state": _STATES[state], "name": context, "description": description[:255]}
            if url:
                given["target_url"] = url
            self._project.commits.get(commit, lazy=True).statuses.create(given)

    def pull_request(self, number: int) -> PullRequest:
        """Return a merge request."""
        with self._asking(f"read !{number}"):
            return self._ours(self._project.mergerequests.get(number))

    def open_pull_requests(self, head_owner: str, head_branch: str) -> Sequence[PullRequest]:
        """Return those that are open and come from a branch; ``head_owner`` is not asked on GitLab."""
        del head_owner
        with self._asking("list merge requests"):
            found = self._project.mergerequests.list(state="opened", source_branch=head_branch, iterator=True)
            return [self._ours(each) for each in found]

    def propose(self, head_branch: str, base_branch: str, title: str, text: str) -> PullRequest:
        """Open a merge request from a branch that was pushed; change title and text of one that is open."""
        from gitlab.exceptions import GitlabCreateError

        with self._asking(f"open a merge request from {head_branch}"):
            known = self._proposed(head_branch, base_branch)
            if known is None:
                given = {"source_branch": head_branch, "target_branch": base_branch}
                try:
                    return self._ours(
                        self._project.mergerequests.create({**given, "title": title, "description": text})
                    )
                except GitlabCreateError as error:
                    known = (
                        self._proposed(head_branch, base_branch) if error.response_code == _TAKEN else None
                    )
                    if known is None:  # else another job has just opened it
                        raise
            known.title, known.description = title, text
            known.save()
            return self._ours(known)

    def _proposed(self, head_branch: str, base_branch: str) -> Any:
        """Return the open merge request from a branch of this project, never one of a fork's."""
        found = self._project.mergerequests.list(
            state="opened", source_branch=head_branch, target_branch=base_branch, iterator=True
        )
        return next((each for each in found if each.source_project_id == each.target_project_id), None)

    def sync_issue(self, wanted: Issue) -> str:
        """See `Forge`; what others wrote is not taken for ours, whatever it bears."""
        from gitmodel.forges import gitlab_issues

        with self._asking("write an issue"):
            issue = gitlab_issues.find_or_open(self._project, wanted, self._user)
            notes = issue.notes.list(iterator=True)
            there = [each.body for each in notes if not self._user or each.author["id"] == self._user]
            for marker, text in wanted.comments:
                mark = hidden(marker)
                if not any(body.startswith(mark) for body in there):
                    self._note(issue, mark, marked(marker, text))
            if wanted.is_over:
                gitlab_issues.close(issue)
            return str(issue.web_url)

    def sync_schedules(self, wanted: Collection[str], branch: str) -> Sequence[str]:
        """Make, change and remove the pipeline schedules that bear our mark; others are left alone.

        One serves all models of a cron expression: a project may have as few as ten.
        """
        with self._asking("write pipeline schedules"):
            told = []
            known: dict[str, Any] = {}
            for each in self._project.pipelineschedules.list(get_all=True):
                cron = each.description.removeprefix(_SCHEDULE)
                if each.description.startswith(_SCHEDULE) and (cron not in wanted or cron in known):
                    each.delete()
                    told.append(f"removed: {cron}")
                elif each.description.startswith(_SCHEDULE):
                    known[cron] = each
            for cron in sorted(wanted):
                told += self._schedule(known.get(cron), cron, branch)
            return told

    def _schedule(self, known: Any, cron: str, branch: str) -> list[str]:
        if known is None:
            # Its name comes last: what a killed run leaves without the variable, the next one removes.
            given = {"description": f"{_SCHEDULE}unfinished", "ref": branch}
            made = self._project.pipelineschedules.create({**given, "cron": cron, "cron_timezone": "UTC"})
            made.variables.create({"key": "GITMODEL_SCHEDULE", "value": cron})
            made.description = f"{_SCHEDULE}{cron}"
            made.save()
            return [f"made: {cron}"]
        if (known.cron, known.ref.removeprefix("refs/heads/")) == (cron, branch):
            return []
        known.cron, known.ref = cron, branch
        known.save()
        return [f"changed: {cron}"]

    def dispatch(self, inputs: Mapping[str, str], branch: str) -> str:
        """Start a pipeline with the variables that a person would enter."""
        with self._asking("start a pipeline"):
            variables = [{"key": f"GITMODEL_{name.upper()}", "value": text} for name, text in inputs.items()]
            made = self._project.pipelines.create({"ref": branch, "variables": variables})
            return str(made.web_url)

    def switched_off_schedules(self) -> Sequence[str]:
        """Return the schedules that GitLab does not start."""
        with self._asking("list pipeline schedules"):
            found = self._project.pipelineschedules.list(iterator=True)
            return [f"the schedule {each.description!r} is inactive" for each in found if not each.active]

    def _ours(self, theirs: Any) -> PullRequest:
        return PullRequest(
            number=theirs.iid,
            state=_REQUEST_STATES.get(theirs.state, "open"),
            draft=bool(getattr(theirs, "draft", False)),
            fork=theirs.source_project_id != theirs.target_project_id,
            head=theirs.sha,
            head_branch=theirs.source_branch,
            base_branch=theirs.target_branch,
            url=theirs.web_url,
        )

    @cached_property
    def _client(self) -> Any:
        import gitlab
        import requests
        from requests.adapters import HTTPAdapter

        again = trying_again(Again, Patience(self.patience))
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=again))
        secret = {"job_token" if self.is_job_token else "private_token": self.secret}
        client = gitlab.Gitlab(
            self.url, **secret, timeout=30, per_page=100, user_agent="gitmodel", session=session
        )
        # The session waits: the package's own way does so as long as the server likes.
        client.http_request = partial(client.http_request, obey_rate_limit=False)
        return client

    @cached_property
    def _project(self) -> Any:
        return self._client.projects.get(self.project, lazy=True)

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        import requests
        from gitlab.exceptions import GitlabError

        try:
            yield
        except GitlabError as error:
            raise refused(self.name, what, error.response_code, str(error.error_message), _SCOPE) from error
        except requests.RequestException as error:
            raise refused(self.name, what, None, f"{self.url}: {type(error).__name__}", _SCOPE) from error
