"""GitHub, played: it keeps comments, statuses and pull requests, and refuses what GitHub would not know."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.forges.github_api import problem
from tests.forges.server import Answer, Request, Server, paged, serving

BOT = {"login": "github-actions[bot]", "type": "Bot", "id": 41898282}
PERSON = {"login": "ada", "type": "User", "id": 7}


@dataclass
class GitHubState:
    """One repository.

    Attributes:
        name: ``owner/name``.
        comments: By number of the pull request, oldest first.
        statuses: By commit.
        pulls: By number.
        issues: By number.
        workflows: State by path.
        dispatches: What pipelines were started with.
    """

    name: str = "acme/models"
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    workflows: dict[str, str] = field(default_factory=dict)
    dispatches: list[dict[str, Any]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    server: Server = field(default_factory=lambda: Server(lambda _: Answer(404)))

    def environ(self, token: str = "ghs_secretsecret") -> dict[str, str]:
        """Return the variables of a job that speaks to this server."""
        return {"GITHUB_API_URL": self.server.url, "GITHUB_REPOSITORY": self.name, "GITHUB_TOKEN": token}

    def add_pull(self, number: int, head: str, branch: str, base: str = "main", **more: Any) -> None:
        """Add an open pull request of this repository (``repo`` names another one)."""
        repo = more.pop("repo", self.name)
        self.pulls[number] = {
            "url": f"{self.server.url}/repos/{self.name}/pulls/{number}",
            "number": number,
            "state": "open",
            "draft": False,
            "merged_at": None,
            "html_url": f"https://github.invalid/{self.name}/pull/{number}",
            "title": "",
            "body": "",
            "head": {
                "sha": head,
                "ref": branch,
                "repo": repo and {"full_name": repo},
                "label": f"{(repo or 'x').split('/')[0]}:{branch}",
            },
            "base": {"sha": "0" * 40, "ref": base, "repo": {"full_name": self.name}},
            **more,
        }

    def add_issue(self, body: str, user: dict[str, Any] = BOT, **more: Any) -> dict[str, Any]:
        """Add an open issue; numbers are those of pull requests, too."""
        number = 1 + max([*self.pulls, *self.issues], default=0)
        made = {
            "url": f"{self.server.url}/repos/{self.name}/issues/{number}",
            "number": number,
            "state": "open",
            "html_url": f"https://github.invalid/{self.name}/issues/{number}",
            "title": "",
            "body": body,
            "user": user,
            "updated_at": "2026-11-28T00:00:00Z",
            **more,
        }
        self.issues[number] = made
        return made

    def add_comment(self, number: int, body: str, user: dict[str, Any] | None = BOT) -> dict[str, Any]:
        """Add a comment."""
        ids = next(self.ids)
        url = f"{self.server.url}/repos/{self.name}/issues/comments/{ids}"
        page = f"https://github.invalid/{self.name}/pull/{number}#issuecomment-{ids}"
        made = {"id": ids, "url": url, "html_url": page, "body": body, "user": user}
        self.comments.setdefault(number, []).append(made)
        return made

    def act(self, request: Request) -> Answer:
        """Answer as GitHub does."""
        told = problem(request)
        if told:
            self.server.problems.append(told)
            return Answer(422, {"message": told})
        if not request.headers.get("authorization"):
            return Answer(401, {"message": "Requires authentication"})
        place = request.path.removeprefix(f"/repos/{self.name}")
        for pattern, method, name in _ROUTES:
            match = re.fullmatch(pattern, place)
            if match and method == request.method:
                found: Answer = getattr(self, name)(request, *match.groups())
                return found
        return Answer(404, {"message": "Not Found"})

    def _user(self, _: Request) -> Answer:
        return Answer(403, {"message": "Resource not accessible by integration"})

    def _pull(self, _: Request, number: str) -> Answer:
        found = self.pulls.get(int(number))
        return Answer(200, found) if found else Answer(404, {"message": "Not Found"})

    def _pulls(self, request: Request) -> Answer:
        head, base, state = (request.query.get(key) for key in ("head", "base", "state"))
        found = [
            pull
            for pull in self.pulls.values()
            if (not head or pull["head"]["label"] == head)
            and (not base or pull["base"]["ref"] == base)
            and (state in (None, "all") or pull["state"] == state)
        ]
        return self._paged(request, found)

    def _open(self, request: Request) -> Answer:
        number = max(self.pulls, default=0) + 1
        body = request.body
        head = f"{self.name.partition('/')[0]}:{body['head']}"
        for pull in self.pulls.values():
            if (pull["state"], pull["head"]["label"], pull["base"]["ref"]) == ("open", head, body["base"]):
                words = f"A pull request already exists for {head}."
                return Answer(422, {"message": "Validation Failed", "errors": [{"message": words}]})
        self.add_pull(
            number, "1" * 40, body["head"], body["base"], title=body["title"], body=body.get("body")
        )
        return Answer(201, self.pulls[number])

    def _change(self, request: Request, number: str) -> Answer:
        self.pulls[int(number)].update(request.body)
        return Answer(200, self.pulls[int(number)])

    def _issues(self, request: Request) -> Answer:
        since, state = request.query.get("since", ""), request.query.get("state", "open")
        found = [
            each
            for each in self.issues.values()
            if each["updated_at"] >= since and state in ("all", each["state"])
        ]
        return self._paged(request, found if request.query.get("direction") == "asc" else found[::-1])

    def _open_issue(self, request: Request) -> Answer:
        return Answer(201, self.add_issue(**request.body))

    def _change_issue(self, request: Request, number: str) -> Answer:
        self.issues[int(number)].update(request.body)
        return Answer(200, self.issues[int(number)])

    def _comments(self, request: Request, number: str) -> Answer:
        if int(number) not in {*self.pulls, *self.issues}:
            return Answer(404, {"message": "Not Found"})
        return self._paged(request, self.comments.get(int(number), []))

    def _add(self, request: Request, number: str) -> Answer:
        return Answer(201, self.add_comment(int(number), request.body["body"]))

    def _edit(self, request: Request, comment: str) -> Answer:
        for made in (each for of_one in self.comments.values() for each in of_one):
            if made["id"] == int(comment):
                made["body"] = request.body["body"]
                return Answer(200, made)
        return Answer(404, {"message": "Not Found"})

    def _delete(self, _: Request, comment: str) -> Answer:
        for of_one in self.comments.values():
            for made in [each for each in of_one if each["id"] == int(comment)]:
                of_one.remove(made)
                return Answer(204)
        return Answer(404, {"message": "Not Found"})

    def _commit(self, _: Request, sha: str) -> Answer:
        return Answer(200, {"sha": sha, "url": f"{self.server.url}/repos/{self.name}/commits/{sha}"})

    def _status(self, request: Request, sha: str) -> Answer:
        self.statuses.setdefault(sha, []).append(request.body)
        return Answer(201, {"id": 1, **request.body})

    def _workflows(self, request: Request) -> Answer:
        del request
        found = [
            {"id": at, "path": path, "state": state}
            for at, (path, state) in enumerate(self.workflows.items())
        ]
        return Answer(200, {"total_count": len(found), "workflows": found})

    def _dispatch(self, request: Request) -> Answer:
        self.dispatches.append(request.body)
        return Answer(204)

    def _paged(self, request: Request, found: list[Any]) -> Answer:
        return paged(self.server, request, found, 30)


_ROUTES = (
    (r"/user", "GET", "_user"),
    (r"/pulls/(\d+)", "GET", "_pull"),
    (r"/pulls/(\d+)", "PATCH", "_change"),
    (r"/pulls", "GET", "_pulls"),
    (r"/pulls", "POST", "_open"),
    (r"/issues", "GET", "_issues"),
    (r"/issues", "POST", "_open_issue"),
    (r"/issues/(\d+)", "PATCH", "_change_issue"),
    (r"/issues/(\d+)/comments", "GET", "_comments"),
    (r"/issues/(\d+)/comments", "POST", "_add"),
    (r"/issues/comments/(\d+)", "PATCH", "_edit"),
    (r"/issues/comments/(\d+)", "DELETE", "_delete"),
    (r"/commits/([0-9a-f]+)", "GET", "_commit"),
    (r"/statuses/([0-9a-f]+)", "POST", "_status"),
    (r"/actions/workflows", "GET", "_workflows"),
    (r"/dispatches", "POST", "_dispatch"),
)


@contextmanager
def github() -> Iterator[GitHubState]:
    """Play GitHub until the block ends."""
    state = GitHubState()
    state.server.act = state.act
    with serving(state.server):
        yield state
