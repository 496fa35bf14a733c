"""Runtime ``kubernetes``: a Deployment a version, and a Service that says which one answers.

The cluster keeps pods alive, spreads, scales and drains them; a rollout only says which objects there are.
It is asked, and told, by ansible's collection ``kubernetes.core`` from this machine.
"""

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from gitmodel.delivery import playbook
from gitmodel.delivery.hosts import HostOutcome
from gitmodel.delivery.playbook import RolloutFailed, Task
from gitmodel.delivery.runtimes import images
from gitmodel.delivery.runtimes.cluster import (
    Cluster,
    decide,
    drift,
    is_bad_version,
    plan,
    reference,
    states,
)
from gitmodel.delivery.runtimes.looking import Found
from gitmodel.delivery.runtimes.names import ENVIRONMENT, MANAGED_BY, Names, cluster_of, image_of
from gitmodel.delivery.runtimes.states import HostState
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import ToolFailed, UsageError

Sink = Callable[[Task], None]
_PLAY = "kubernetes.yml"
_TOLD, _PODS = "Tell what is there", "Tell what its pods say"
_PULL_SECONDS = 300
_KINDS = (
    ("apps/v1", "Deployment"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "Ingress"),
)
_NEEDED = "ansible-galaxy collection install kubernetes.core, and pip install 'gitmodel[kubernetes]'"
_MISSING = ("unable to locate collection kubernetes.core", "Failed to import the required Python library")
_COLLECTIONS = "~/.ansible/collections:/usr/share/ansible/collections"


class KubernetesRuntime:
    """See `gitmodel.delivery.runtimes.Runtime`."""

    def look(self, target: Target, release: Release) -> Found:
        """Look whether exactly this release runs, is ready, and gets the requests."""
        return Found(decide(release, look(target)))

    def deploy(
        self,
        target: Target,
        release: Release,
        *,
        check: bool,
        sink: Sink,
        found: Found | None = None,  # noqa: ARG002 - a fellow's argument
    ) -> tuple[tuple[Task, ...], tuple[HostOutcome, ...]]:
        """See to its image, then run the playbook."""
        cluster = look(target)
        cluster.refuse_foreign(release.model)
        settings = cluster_of(target)
        if not check:
            images.publish(image_of(settings.image, release), release, target)
        asked = {
            "action": "deploy",
            **_where(target),
            **plan(release, cluster),
            "seconds": math.ceil(release.ready_seconds) + _PULL_SECONDS,
            "drain_seconds": math.ceil(target.drain),
        }
        return _play(target, asked, sink, check=check), ()

    def observe(self, target: Target) -> tuple[HostState, ...]:
        """Return what runs in the cluster; one that does not answer is named as such."""
        host = _host(target)
        try:
            return (states(look(target), host),)
        except RolloutFailed as error:
            return (HostState(host, problems=(error.message,), is_reachable=False),)

    def drift(self, target: Target, release: Release) -> tuple[str, ...]:
        """Compare each object with what is rendered."""
        cluster = look(target)
        missing = decide(release, cluster)
        return tuple(dict.fromkeys([*([missing] if missing else []), *drift(release, cluster)]))

    def remove(self, target: Target, model: str, *, forget: bool) -> tuple[str, ...]:
        """Delete the objects of a model; its volume only where predictions are to be forgotten."""
        objects = [reference(each) for each in look(target).of(model)]
        words = [f"{each['kind']} {each['metadata']['name']} deleted" for each in objects]
        if forget:
            space = cluster_of(target).namespace
            about = {"name": Names(model, "").stable, "namespace": space}
            objects.append({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": about})
            words.append("its predictions deleted")
        if objects:
            asked = {"action": "remove", **_where(target), "objects": objects, "seconds": _PULL_SECONDS}
            _play(target, asked, lambda _task: None)
        return tuple(words)

    def step(
        self, target: Target, release: Release, share: Mapping[str, Any], *, sink: Sink
    ) -> tuple[Task, ...]:
        """Refuse."""
        del release, share, sink
        _refuse_steps(target)

    def act(self, target: Target, model: str, action: str, *, sink: Sink) -> tuple[Task, ...]:
        """Refuse."""
        del model, action, sink
        _refuse_steps(target)

    def down(self, target: Target) -> bool:
        """Refuse: a cluster is not stopped by a word of this machine."""
        raise UsageError(
            f"{target.name} is in a cluster; only what runs on this machine is stopped",
            hint="`gitmodel withdraw` takes a model out",
        )


def _refuse_steps(target: Target) -> NoReturn:
    raise UsageError(
        f"environment {target.name} is in a cluster, where there is no {target.strategy.kind} yet",
        hint="strategy: {kind: blue-green}; Argo Rollouts does such steps in a cluster",
    )


def _host(target: Target) -> str:
    cluster = cluster_of(target)
    return f"{cluster.context or 'kubernetes'}/{cluster.namespace}"


def _where(target: Target) -> dict[str, Any]:
    cluster = cluster_of(target)
    return {"context": cluster.context or "", "namespace": cluster.namespace}


def look(target: Target) -> Cluster:
    """Ask the cluster what there is.

    Raises:
        RolloutFailed: If it does not answer, or does not let us ask.
        ToolFailed: If what is needed to ask it is not installed.
    """
    chosen = [
        f"app.kubernetes.io/managed-by={MANAGED_BY}",
        f"{ENVIRONMENT}={target.name}",
    ]
    kinds = [{"api_version": version, "kind": kind, "labels": chosen} for version, kind in _KINDS]
    kinds.append({"api_version": "v1", "kind": "Service", "labels": []})
    asked = {"action": "look", **_where(target), "kinds": kinds}
    tasks = _play(target, asked, lambda _task: None)
    found = [each for task in tasks if task.name.endswith(_TOLD) for each in task.result["msg"]]
    return Cluster(target, tuple(found))


def _play(target: Target, asked: Mapping[str, Any], sink: Sink, *, check: bool = False) -> tuple[Task, ...]:
    workspace = target.workspace
    workspace.mkdir(mode=0o700, parents=True, exist_ok=True)

    def tell(task: Task) -> None:
        if not task.name.endswith((_TOLD, _PODS)):
            sink(task)

    output, code = playbook.attempt(
        _PLAY, asked, workspace=workspace, sink=tell, check=check, environment=_environment()
    )
    if not code:
        return tuple(output.tasks)
    failed = playbook.failure(output, code)
    words = f"{failed.message}\n{failed.detail}"
    if (
        "unable to locate collection kubernetes.core" in words
        or "Failed to import the required Python library" in words
    ):
        raise ToolFailed(
            "what is needed to speak to a cluster is not installed", hint=_NEEDED, detail=failed.detail
        )
    pods = [each for task in output.tasks if task.name.endswith(_PODS) for each in task.result["msg"]]
    failed.bad_version = is_bad_version(pods)
    raise failed


def _environment() -> dict[str, str]:
    """Let ansible find collections where they are installed: of the user, of the system, beside ansible."""
    given = os.environ.get("ANSIBLE_COLLECTIONS_PATH") or _COLLECTIONS
    paths = os.pathsep.join(str(Path(part).expanduser()) for part in given.split(os.pathsep))
    return {"ANSIBLE_COLLECTIONS_PATH": paths, "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "1"}
