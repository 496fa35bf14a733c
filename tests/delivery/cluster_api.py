"""As much of the API of Kubernetes as a client needs to keep objects: no server of it can be had in tests.

Each object that is written is checked against the API's own schema. Deployments are ready at once, and Jobs
end at once.
"""

import copy
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import kubernetes_validate

Json = dict[str, Any]
_NOW = "2026-12-01T10:00:00Z"
_GROUPS: dict[str, dict[str, str]] = {
    "v1": {
        "services": "Service",
        "configmaps": "ConfigMap",
        "pods": "Pod",
        "persistentvolumeclaims": "PersistentVolumeClaim",
    },
    "apps/v1": {"deployments": "Deployment"},
    "batch/v1": {"jobs": "Job"},
    "autoscaling/v2": {"horizontalpodautoscalers": "HorizontalPodAutoscaler"},
    "policy/v1": {"poddisruptionbudgets": "PodDisruptionBudget"},
    "networking.k8s.io/v1": {"ingresses": "Ingress"},
}


class Api(ThreadingHTTPServer):
    """The server with its objects, by kind and name; ``requests`` are those that changed something."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[tuple[str, str], Json] = {}
        self.requests: list[tuple[str, str, str]] = []
        self.fails_jobs_of: set[str] = set()

    def names(self, kind: str) -> list[str]:
        return sorted(name for found, name in self.objects if found == kind)

    def settle(self, body: Json) -> None:
        """Do what the controllers of a cluster would do."""
        meta = body["metadata"]
        meta.setdefault("uid", f"uid-{meta['name']}")
        meta.setdefault("creationTimestamp", _NOW)
        meta["generation"] = meta.get("generation", 0) + 1
        if body["kind"] == "Deployment":
            count = body["spec"]["replicas"]
            done = [
                {
                    "type": "Available",
                    "status": "True",
                    "reason": "MinimumReplicasAvailable",
                    "lastTransitionTime": _NOW,
                },
                {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
            ]
            counts = dict.fromkeys(
                ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), count
            )
            body["status"] = {"observedGeneration": meta["generation"], "conditions": done, **counts}
        elif body["kind"] == "Job":
            failed = meta["name"] in self.fails_jobs_of
            condition = {"type": "Failed" if failed else "Complete", "status": "True"}
            body["status"] = {"conditions": [condition], "failed" if failed else "succeeded": 1}
            self._end_pod(meta, failed=failed)

    def _end_pod(self, meta: Json, *, failed: bool) -> None:
        name = f"{meta['name']}-pod"
        ended = {"name": "smoke", "restartCount": 0, "state": {"terminated": {"exitCode": int(failed)}}}
        labels = {**meta["labels"], "job-name": meta["name"]}
        about = {"name": name, "namespace": meta["namespace"], "labels": labels}
        self.objects["Pod", name] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": about,
            "spec": {},
            "status": {"containerStatuses": [ended]},
        }


class _Handler(BaseHTTPRequestHandler):
    server: Api
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - of the base class
        """Be silent."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        words = parts.path.strip("/").split("/")
        if parts.path == "/version":
            self._answer({"major": "1", "minor": "34", "gitVersion": "v1.34.0"})
        elif parts.path == "/api":
            self._answer({"kind": "APIVersions", "versions": ["v1"]})
        elif parts.path == "/apis":
            self._answer(
                {"kind": "APIGroupList", "groups": [_group(name) for name in _GROUPS if "/" in name]}
            )
        elif "namespaces" not in words:
            version = "/".join(words[1:])
            found = _GROUPS.get(version)
            resources = [_resource(plural, kind) for plural, kind in (found or {}).items()]
            self._answer({"kind": "APIResourceList", "groupVersion": version, "resources": resources})
        else:
            self._find(*self._place(words), parse_qs(parts.query))

    def _find(self, version: str, kind: str, name: str, query: dict[str, list[str]]) -> None:
        if name:
            found = self.server.objects.get((kind, name))
            self._answer(found) if found else self._missing(name)
            return
        asked = [each.split("=", 1) for each in query.get("labelSelector", [""])[0].split(",") if each]
        items = [
            each
            for (of, _), each in self.server.objects.items()
            if of == kind
            and all(each["metadata"].get("labels", {}).get(key) == value for key, value in asked)
        ]
        self._answer({"apiVersion": version, "kind": f"{kind}List", "metadata": {}, "items": items})

    def do_POST(self) -> None:
        _, kind, _ = self._place(urlsplit(self.path).path.strip("/").split("/"))
        body = self._body()
        self._keep(kind, body["metadata"]["name"], body, 201)

    def do_PATCH(self) -> None:
        _, kind, name = self._place(urlsplit(self.path).path.strip("/").split("/"))
        body = copy.deepcopy(self.server.objects[kind, name])
        _merge(body, self._body())
        self._keep(kind, name, body, 200)

    def _keep(self, kind: str, name: str, body: Json, status: int) -> None:
        kubernetes_validate.validate({key: body[key] for key in body if key != "status"}, "1.34", strict=True)
        if "dryRun" not in self.path:
            self.server.settle(body)
            self.server.objects[kind, name] = body
            self.server.requests.append((self.command, kind, name))
        self._answer(body, status)

    def do_DELETE(self) -> None:
        _, kind, name = self._place(urlsplit(self.path).path.strip("/").split("/"))
        self._body()
        if self.server.objects.pop((kind, name), None) is None:
            self._missing(name)
            return
        self.server.requests.append((self.command, kind, name))
        self._answer({"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def _place(self, words: list[str]) -> tuple[str, str, str]:
        at = words.index("namespaces")
        version = "/".join(words[1:at])
        return version, _GROUPS[version][words[at + 2]], words[at + 3] if len(words) > at + 3 else ""

    def _body(self) -> Json:
        length = int(self.headers.get("Content-Length") or 0)
        return dict(json.loads(self.rfile.read(length) or b"{}"))

    def _missing(self, name: str) -> None:
        self._answer(
            {"kind": "Status", "reason": "NotFound", "message": f"{name} not found", "code": 404}, 404
        )

    def _answer(self, body: Json | None, status: int = 200) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _group(name: str) -> Json:
    group, version = name.split("/")
    known = {"groupVersion": name, "version": version}
    return {"name": group, "versions": [known], "preferredVersion": known}


def _resource(plural: str, kind: str) -> Json:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    return {"name": plural, "singularName": kind.lower(), "namespaced": True, "kind": kind, "verbs": verbs}


def _merge(target: Json, patch: Json) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = value


@contextmanager
def running_api() -> Iterator[Api]:
    api = Api()
    thread = threading.Thread(target=api.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join()


def kubeconfig(api: Api) -> str:
    """Return a kubeconfig whose context ``test`` is the server."""
    cluster = {"name": "test", "cluster": {"server": f"http://127.0.0.1:{api.server_address[1]}"}}
    user = {"name": "test", "user": {"token": "none"}}
    context = {"name": "test", "context": {"cluster": "test", "user": "test"}}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [user], "contexts": [context]}
    )
