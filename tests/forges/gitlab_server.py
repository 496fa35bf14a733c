"""GitLab, played: the few verbs of its API that gitmodel uses, as its documentation has them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.forges.server import Answer, Request, Server, paged, serving

ME = {"id": 99, "username": "project_5_bot"}
PERSON = {"id": 7, "username": "ada"}
_STATES = {"pending", "running", "success", "failed", "canceled"}


@dataclass
class GitLabState:
    """One project; attributes as of `GitHubState`."""

    project: int = 5
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    requests: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    issue_notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    schedules: list[dict[str, Any]] = field(default_factory=list)
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    server: Server = field(default_factory=lambda: Server(lambda _: Answer(404)))

    def environ(self, token: str = "glpat-secretsecret") -> dict[str, str]:
        """Return the variables of a job that speaks to this server."""
        return {"CI_SERVER_URL": self.server.url, "CI_PROJECT_ID": str(self.project), "GITMODEL_TOKEN": token}

    def add_request(self, number: int, head: str, branch: str, base: str = "main", **more: Any) -> None:
        """Add an open merge request."""
        self.requests[number] = {
            "id": 1000 + number,
            "iid": number,
            "project_id": self.project,
            "state": "opened",
            "draft": False,
            "sha": head,
            "source_branch": branch,
            "target_branch": base,
            "source_project_id": self.project,
            "target_project_id": self.project,
            "web_url": f"https://gitlab.invalid/acme/models/-/merge_requests/{number}",
            "title": "",
            "description": "",
            **more,
        }

    def add_issue(self, description: str, author: dict[str, Any] = ME, **more: Any) -> dict[str, Any]:
        """Add an open issue."""
        number = 1 + max(self.issues, default=0)
        made = {
            "id": 2000 + number,
            "iid": number,
            "project_id": self.project,
            "state": "opened",
            "title": "",
            "description": description,
            "author": author,
            "created_at": "2026-11-28T00:00:00Z",
            "web_url": f"https://gitlab.invalid/acme/models/-/issues/{number}",
            **more,
        }
        self.issues[number] = made
        return made

    def add_note(self, number: int, body: str, author: dict[str, Any] = ME) -> dict[str, Any]:
        """Add a note."""
        made = {"id": next(self.ids), "body": body, "author": author}
        self.notes.setdefault(number, []).append(made)
        return made

    def act(self, request: Request) -> Answer:
        """Answer as GitLab does."""
        if not request.headers.get("private-token"):
            return Answer(401, {"message": "401 Unauthorized"})
        if request.path == "/api/v4/user":
            return Answer(200, ME)
        place = request.path.removeprefix(f"/api/v4/projects/{self.project}")
        for pattern, method, name in _ROUTES:
            match = re.fullmatch(pattern, place)
            if match and method == request.method:
                found: Answer = getattr(self, name)(request, *match.groups())
                return found
        self.server.problems.append(f"{request.method} {request.path}")
        return Answer(404, {"message": "404 Not Found"})

    def _request(self, _: Request, number: str) -> Answer:
        found = self.requests.get(int(number))
        return Answer(200, found) if found else Answer(404, {"message": "404 Not found"})

    def _all(self, request: Request) -> Answer:
        wanted = {
            key: request.query[key]
            for key in ("state", "source_branch", "target_branch")
            if key in request.query
        }
        found = [
            each
            for each in self.requests.values()
            if all(each[key] == value for key, value in wanted.items())
        ]
        return self._paged(request, found)

    def _open(self, request: Request) -> Answer:
        body, number = request.body, max(self.requests, default=0) + 1
        missing = {"source_branch", "target_branch", "title"} - set(body)
        if missing:
            return Answer(400, {"error": f"{', '.join(sorted(missing))} is missing"})
        for each in self.requests.values():
            same = all(each[key] == body[key] for key in ("source_branch", "target_branch"))
            if same and each["state"] == "opened" and each["source_project_id"] == self.project:
                return Answer(409, {"message": ["Another open merge request already exists"]})
        self.add_request(number, "1" * 40, body["source_branch"], body["target_branch"])
        self.requests[number].update(body)
        return Answer(201, self.requests[number])

    def _change(self, request: Request, number: str) -> Answer:
        self.requests[int(number)].update(request.body)
        return Answer(200, self.requests[int(number)])

    def _issues(self, request: Request) -> Answer:
        since = request.query.get("created_after", "")
        found = [each for each in self.issues.values() if each["created_at"] >= since]
        return self._paged(request, found if request.query.get("sort") == "asc" else found[::-1])

    def _open_issue(self, request: Request) -> Answer:
        return Answer(201, self.add_issue(**request.body))

    def _change_issue(self, request: Request, number: str) -> Answer:
        if request.body.get("state_event") == "close":
            self.issues[int(number)]["state"] = "closed"
        return Answer(200, self.issues[int(number)])

    def _issue_notes(self, request: Request, number: str) -> Answer:
        return self._paged(request, self.issue_notes.get(int(number), []))

    def _add_issue_note(self, request: Request, number: str) -> Answer:
        made = {"id": next(self.ids), "body": request.body["body"], "author": ME}
        self.issue_notes.setdefault(int(number), []).append(made)
        return Answer(201, made)

    def _delete_issue_note(self, _: Request, number: str, note: str) -> Answer:
        for made in [each for each in self.issue_notes[int(number)] if each["id"] == int(note)]:
            self.issue_notes[int(number)].remove(made)
            return Answer(204)
        return Answer(404, {"message": "404 Not found"})

    def _notes(self, request: Request, number: str) -> Answer:
        if int(number) not in self.requests:
            return Answer(404, {"message": "404 Not found"})
        found = self.notes.get(int(number), [])
        return self._paged(request, found if request.query.get("sort") == "asc" else found[::-1])

    def _add(self, request: Request, number: str) -> Answer:
        if len(request.body["body"]) > 1_000_000:
            return Answer(400, {"message": {"note": ["is too long (maximum is 1000000 characters)"]}})
        return Answer(201, self.add_note(int(number), request.body["body"]))

    def _edit(self, request: Request, number: str, note: str) -> Answer:
        for made in self.notes.get(int(number), []):
            if made["id"] == int(note):
                made["body"] = request.body["body"]
                return Answer(200, made)
        return Answer(404, {"message": "404 Not found"})

    def _delete(self, _: Request, number: str, note: str) -> Answer:
        for made in [each for each in self.notes[int(number)] if each["id"] == int(note)]:
            self.notes[int(number)].remove(made)
            return Answer(204)
        return Answer(404, {"message": "404 Not found"})

    def _status(self, request: Request, sha: str) -> Answer:
        if request.body["state"] not in _STATES:
            return Answer(400, {"error": "state does not have a valid value"})
        self.statuses.setdefault(sha, []).append(request.body)
        return Answer(201, {"id": 1, **request.body})

    def _schedules(self, request: Request) -> Answer:
        return self._paged(request, self.schedules)

    def _add_schedule(self, request: Request) -> Answer:
        missing = {"description", "ref", "cron"} - set(request.body)
        if missing:
            return Answer(400, {"error": f"{', '.join(sorted(missing))} is missing"})
        known = [each["id"] for each in self.schedules]
        made = {"id": 1 + max(known, default=0), "active": True, "variables": [], **request.body}
        self.schedules.append(made)
        return Answer(201, made)

    def _change_schedule(self, request: Request, number: str) -> Answer:
        (found,) = [each for each in self.schedules if each["id"] == int(number)]
        found.update(request.body)
        return Answer(200, found)

    def _delete_schedule(self, _: Request, number: str) -> Answer:
        self.schedules = [each for each in self.schedules if each["id"] != int(number)]
        return Answer(204)

    def _add_variable(self, request: Request, number: str) -> Answer:
        (found,) = [each for each in self.schedules if each["id"] == int(number)]
        found["variables"].append(request.body)
        return Answer(201, request.body)

    def _start(self, request: Request) -> Answer:
        self.pipelines.append(request.body)
        number = len(self.pipelines)
        return Answer(201, {"id": number, "web_url": f"https://gitlab.invalid/-/pipelines/{number}"})

    def _paged(self, request: Request, found: list[Any]) -> Answer:
        return paged(self.server, request, found, 20)


_ROUTES = (
    (r"/merge_requests/(\d+)", "GET", "_request"),
    (r"/merge_requests/(\d+)", "PUT", "_change"),
    (r"/merge_requests", "GET", "_all"),
    (r"/merge_requests", "POST", "_open"),
    (r"/merge_requests/(\d+)/notes", "GET", "_notes"),
    (r"/merge_requests/(\d+)/notes", "POST", "_add"),
    (r"/merge_requests/(\d+)/notes/(\d+)", "PUT", "_edit"),
    (r"/merge_requests/(\d+)/notes/(\d+)", "DELETE", "_delete"),
    (r"/issues", "GET", "_issues"),
    (r"/issues", "POST", "_open_issue"),
    (r"/issues/(\d+)", "PUT", "_change_issue"),
    (r"/issues/(\d+)/notes", "GET", "_issue_notes"),
    (r"/issues/(\d+)/notes", "POST", "_add_issue_note"),
    (r"/issues/(\d+)/notes/(\d+)", "DELETE", "_delete_issue_note"),
    (r"/statuses/([0-9a-f]+)", "POST", "_status"),
    (r"/pipeline", "POST", "_start"),
    (r"/pipeline_schedules", "GET", "_schedules"),
    (r"/pipeline_schedules", "POST", "_add_schedule"),
    (r"/pipeline_schedules/(\d+)", "PUT", "_change_schedule"),
    (r"/pipeline_schedules/(\d+)", "DELETE", "_delete_schedule"),
    (r"/pipeline_schedules/(\d+)/variables", "POST", "_add_variable"),
)


@contextmanager
def gitlab() -> Iterator[GitLabState]:
    """Play GitLab until the block ends."""
    state = GitLabState()
    state.server.act = state.act
    with serving(state.server):
        yield state
