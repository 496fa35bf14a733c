"""What a cluster has of an environment, what that lacks, and what a rollout does about it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.delivery.runtimes import manifests as rendered
from gitmodel.delivery.runtimes.names import (
    DIGEST,
    ENVIRONMENT,
    MANAGED_BY,
    MODEL,
    RENDERED,
    VERSION,
    WHOLE_DIGEST,
    Names,
    cluster_of,
    names_of,
    selector,
)
from gitmodel.delivery.runtimes.pods import Manifest
from gitmodel.delivery.runtimes.smoke_job import check_manifests
from gitmodel.delivery.runtimes.states import HostState, ServiceState
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import UsageError

_VERSIONED = ("HorizontalPodAutoscaler", "PodDisruptionBudget", "Service", "Deployment")
_CRASHED = ("CrashLoopBackOff", "RunContainerError", "CreateContainerError")


@dataclass(frozen=True)
class Cluster:
    """The objects of an environment's namespace: all that are its own, and the Services of others."""

    target: Target
    objects: tuple[Manifest, ...]

    @property
    def own(self) -> tuple[Manifest, ...]:
        """The objects that gitmodel made for this environment."""
        return tuple(each for each in self.objects if self._is_own(each))

    def _is_own(self, found: Manifest) -> bool:
        labels = labels_of(found)
        by = labels.get("app.kubernetes.io/managed-by")
        return (by, labels.get(ENVIRONMENT)) == (MANAGED_BY, self.target.name)

    def of(self, model: str) -> tuple[Manifest, ...]:
        """Return the objects of a model."""
        return tuple(each for each in self.own if annotations_of(each).get(MODEL) == model)

    def find(self, kind: str, name: str) -> Manifest | None:
        """Return one of the environment's own objects."""
        return next((each for each in self.own if (each["kind"], name_of(each)) == (kind, name)), None)

    def routed(self, model: str) -> str:
        """Return the digest's start of the version that the requests of a model go to; "": none."""
        service = self.find("Service", Names(model, "").stable)
        return "" if service is None else str(service["spec"].get("selector", {}).get(DIGEST, ""))

    def refuse_foreign(self, model: str) -> None:
        """Refuse to take over a Service that is somebody else's.

        Raises:
            UsageError: If there is one.
        """
        name = Names(model, "").stable
        for each in self.objects:
            if (each["kind"], name_of(each)) == ("Service", name) and not self._is_own(each):
                owner = labels_of(each).get(ENVIRONMENT)
                whose = f"belongs to the environment {owner}" if owner else "was not made by gitmodel"
                space = cluster_of(self.target).namespace
                raise UsageError(
                    f"the Service {name} of the namespace {space} {whose}",
                    hint="give each environment a namespace of its own",
                )


def name_of(found: Manifest) -> str:
    """Return the name of an object."""
    return str(found["metadata"]["name"])


def labels_of(found: Manifest) -> Mapping[str, str]:
    """Return the labels of an object."""
    return found["metadata"].get("labels") or {}


def annotations_of(found: Manifest) -> Mapping[str, str]:
    """Return the annotations of an object."""
    return found["metadata"].get("annotations") or {}


def decide(release: Release, cluster: Cluster) -> str:
    """Return "" where exactly this release runs as it is rendered, routed and ready; else what is missing."""
    names, routed = names_of(release), cluster.routed(release.model)
    deployment = cluster.find("Deployment", names.version)
    if not routed:
        return "its Service is gone" if cluster.of(release.model) else "nothing runs there yet"
    if routed != release.digest[:16]:
        return "another version runs there"
    if deployment is None:
        return "its Deployment is gone"
    return _lack(release, cluster, deployment)


def _lack(release: Release, cluster: Cluster, deployment: Manifest) -> str:
    wanted = rendered.rendered_digest(cluster.target, release)
    if annotations_of(deployment).get(RENDERED) != wanted:
        return "the environment's file says otherwise than when it was deployed"
    if _others(release, cluster):
        return "services of other versions are left"
    return "" if ready_pods(deployment) else "none of its pods is ready"


def ready_pods(deployment: Manifest) -> int:
    """Return how many pods of a Deployment are ready."""
    return int((deployment.get("status") or {}).get("readyReplicas") or 0)


def _others(release: Release, cluster: Cluster) -> list[Manifest]:
    """Return the objects of other versions of the model."""
    names = names_of(release)
    return [
        each
        for each in cluster.of(release.model)
        if each["kind"] in _VERSIONED and name_of(each) not in (names.stable, names.version)
    ]


def changed(wanted: Any, found: Any) -> bool:
    """Say whether something that was rendered is not so any more; what the API adds does not count."""
    if isinstance(wanted, dict):
        return not isinstance(found, dict) or any(
            changed(value, found.get(key)) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        same_length = isinstance(found, list) and len(found) == len(wanted)
        return not same_length or any(changed(*pair) for pair in zip(wanted, found, strict=True))
    return bool(wanted != found)


def drift(release: Release, cluster: Cluster) -> tuple[str, ...]:
    """Return all that was changed by hand in what was rendered; 500m and 0.5 are the same."""
    target, found = cluster.target, []
    wanted = [
        *rendered.version_manifests(target, release),
        *rendered.route_manifests(target, release),
        *rendered.scaling_manifests(target, release),
    ]
    for each in wanted:
        live = cluster.find(each["kind"], name_of(each))
        spec = dict(each["spec"])
        spec.pop("replicas", None)  # the autoscaler's
        if live is None:
            found.append(f"its {each['kind']} is gone")
        elif changed(_normal(spec), _normal(live["spec"])):
            found.append(f"its {each['kind']} was changed")
    return tuple(found)


def _normal(spec: Any) -> Any:
    """Return a specification with amounts as numbers, so that 0.5 and 500m are the same."""
    from gitmodel.spec.kubernetes import amount

    if isinstance(spec, list):
        return [_normal(each) for each in spec]
    if not isinstance(spec, dict):
        return spec
    if spec.keys() <= {"cpu", "memory"} and all(isinstance(each, str) for each in spec.values()):
        return {key: amount(value) for key, value in spec.items()}
    return {key: _normal(value) for key, value in spec.items()}


def states(cluster: Cluster, host: str) -> HostState:
    """Return what runs there, in the words of every runtime."""
    services = tuple(
        _state(each, cluster)
        for each in cluster.own
        if each["kind"] == "Deployment" and MODEL in annotations_of(each)
    )
    known = {service.model for service in services}
    models = {annotations_of(each).get(MODEL, "") for each in cluster.own}
    return HostState(host, services, tuple(sorted(models - known - {""})))


def _state(deployment: Manifest, cluster: Cluster) -> ServiceState:
    notes = annotations_of(deployment)
    model, ready = notes[MODEL], ready_pods(deployment)
    conditions = (deployment.get("status") or {}).get("conditions") or []
    since = [
        str(each.get("lastTransitionTime", "")) for each in conditions if each.get("type") == "Available"
    ]
    return ServiceState(
        model,
        notes.get(VERSION, ""),
        notes.get(WHOLE_DIGEST, ""),
        is_healthy=ready > 0,
        is_routed=cluster.routed(model) == labels_of(deployment).get(DIGEST),
        since=since[0] if since and ready else "",
        state=f"{ready} of {deployment['spec'].get('replicas', 0)} pods ready",
    )


def plan(release: Release, cluster: Cluster) -> dict[str, Any]:
    """Return what a rollout applies and deletes, in the order in which the role ``kubernetes`` does it."""
    target, names = cluster.target, names_of(release)
    start = rendered.version_manifests(target, release, _replicas(release, cluster))
    scaling, route = (
        rendered.scaling_manifests(target, release),
        rendered.route_manifests(target, release),
    )
    wanted = {(each["kind"], name_of(each)) for each in (*start, *route, *scaling)}
    new = [each for each in (*start, *route, *scaling) if cluster.find(each["kind"], name_of(each)) is None]
    ours = [each for each in cluster.of(release.model) if name_of(each) in (names.version, names.stable)]
    stale = [each for each in ours if (each["kind"], name_of(each)) not in wanted]
    before = cluster.find("Service", names.stable)
    return {
        "volume": rendered.volume_manifests(target, release),
        "start": start,
        "smoke": check_manifests(target, release, names.version, rows=True),
        "route": route,
        "seen": check_manifests(target, release, names.stable, rows=False),
        "scaling": scaling,
        "retire": [reference(each) for each in (*_others(release, cluster), *stale)],
        "before": [] if before is None else [_restored(before)],
        "give_up": [reference(each) for each in new],
        "pods": [f"{key}={value}" for key, value in selector(target, release).items()],
        "check_name": names.check,
    }


def _replicas(release: Release, cluster: Cluster) -> int:
    """Return with how many pods a version begins: as many as the model has now, within its bounds."""
    bounds = cluster_of(cluster.target).replicas
    running = (each for each in cluster.of(release.model) if each["kind"] == "Deployment")
    now = [int(each["spec"].get("replicas") or 0) for each in running]
    return max(bounds.min, min(bounds.most, max(now, default=0)))


def reference(found: Manifest) -> Manifest:
    """Return what names an object, for its deletion."""
    about = {key: found["metadata"][key] for key in ("name", "namespace")}
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "metadata": about}


def _restored(service: Manifest) -> Manifest:
    """Return what makes a Service as it was."""
    about = {
        key: service["metadata"][key]
        for key in ("name", "namespace", "labels", "annotations")
        if key in service["metadata"]
    }
    spec = {key: service["spec"][key] for key in ("type", "selector", "ports") if key in service["spec"]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": spec}


def is_bad_version(pods: Iterable[Manifest]) -> bool:
    """Say whether pods failed by the version's own fault: it exits again and again, or answers wrongly.

    An image that cannot be pulled, or a cluster that has no room, is not its fault.
    """
    return any(_is_at_fault(status) for pod in pods for status in _statuses(pod))


def _statuses(pod: Manifest) -> Sequence[Mapping[str, Any]]:
    return (pod.get("status") or {}).get("containerStatuses") or ()


def _is_at_fault(status: Mapping[str, Any]) -> bool:
    state = status.get("state") or {}
    if status.get("name") == "smoke":
        return (state.get("terminated") or {}).get("exitCode") == 1
    waits = (state.get("waiting") or {}).get("reason")
    return waits in _CRASHED or int(status.get("restartCount") or 0) > 0
