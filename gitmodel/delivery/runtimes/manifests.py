"""What is applied to a cluster for one version of a model: plain objects of its API, rendered as data.

The objects of a version (Deployment, its own Service, HorizontalPodAutoscaler, PodDisruptionBudget) live
beside those of another one; those of the model (Service, Ingress, volume) stay, and its Service says which
version answers.
"""

import hashlib
import json
import math
from dataclasses import asdict

from gitmodel.delivery.runtimes.names import DIGEST, MODEL, RENDERED, cluster_of, identity, names_of, selector
from gitmodel.delivery.runtimes.pods import Manifest, pod_template
from gitmodel.delivery.target import Release, Target

_API = {
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "Ingress": "networking.k8s.io/v1",
    "Job": "batch/v1",
}


def version_manifests(target: Target, release: Release, replicas: int | None = None) -> list[Manifest]:
    """Return the objects that a version is started with, before requests go to it.

    Args:
        target: The environment.
        release: The version.
        replicas: With how many pods it begins; ``None``: the fewest that the environment's file allows.
    """
    names = names_of(release)
    return [
        _deployment(target, release, replicas),
        _object(
            target,
            release,
            "Service",
            names.version,
            {"spec": _service(selector(target, release), "ClusterIP")},
        ),
    ]


def scaling_manifests(target: Target, release: Release) -> list[Manifest]:
    """Return the objects that let the number of pods change, and keep one while nodes are emptied."""
    cluster, names = cluster_of(target), names_of(release)
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": selector(target, release)}}
    found = [_object(target, release, "PodDisruptionBudget", names.version, {"spec": budget})]
    if cluster.replicas.most > cluster.replicas.min:
        use = {"type": "Utilization", "averageUtilization": cluster.replicas.cpu}
        scaler = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": names.version},
            "minReplicas": cluster.replicas.min,
            "maxReplicas": cluster.replicas.most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": use}}],
        }
        found.append(_object(target, release, "HorizontalPodAutoscaler", names.version, {"spec": scaler}))
    return found


def route_manifests(target: Target, release: Release) -> list[Manifest]:
    """Return the objects that send the requests of a model to this version: applying them is the switch."""
    cluster, names = cluster_of(target), names_of(release)
    spec = _service(selector(target, release), cluster.service)
    found = [_object(target, release, "Service", names.stable, {"spec": spec})]
    if cluster.ingress:
        backend = {"service": {"name": names.stable, "port": {"name": "http"}}}
        host = cluster.ingress.host.replace("{model}", names.stable)
        ingress: Manifest = {
            "rules": [
                {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
            ]
        }
        if cluster.ingress.ingress_class:
            ingress["ingressClassName"] = cluster.ingress.ingress_class
        if cluster.ingress.tls_secret:
            ingress["tls"] = [{"hosts": [host], "secretName": cluster.ingress.tls_secret}]
        found.append(_object(target, release, "Ingress", names.stable, {"spec": ingress}))
    return found


def volume_manifests(target: Target, release: Release) -> list[Manifest]:
    """Return the volume that keeps predictions and feedback, where the environment's file asks for one."""
    state = cluster_of(target).state
    if state is None:
        return []
    spec: Manifest = {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": state.size}},
        **({"storageClassName": state.storage_class} if state.storage_class else {}),
    }
    found = _object(target, release, "PersistentVolumeClaim", names_of(release).stable, {"spec": spec})
    found["metadata"]["labels"].pop(DIGEST)  # it belongs to no version
    found["metadata"].pop("annotations")
    found["metadata"]["annotations"] = {MODEL: release.model}
    return [found]


def all_manifests(target: Target, release: Release) -> list[Manifest]:
    """Return everything of a release, in the order of a rollout."""
    return [
        *volume_manifests(target, release),
        *version_manifests(target, release),
        *route_manifests(target, release),
        *scaling_manifests(target, release),
    ]


def rendered_digest(target: Target, release: Release) -> str:
    """Return a hash over all that is rendered for a release; with another one the environment changed."""
    parts = [
        *volume_manifests(target, release),
        pod_template(target, release),
        *route_manifests(target, release),
        *scaling_manifests(target, release),
        asdict(cluster_of(target).replicas),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _object(target: Target, release: Release, kind: str, name: str, body: Manifest) -> Manifest:
    return {
        "apiVersion": _API.get(kind, "v1"),
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": cluster_of(target).namespace,
            "labels": selector(target, release),
            "annotations": identity(release),
        },
        **body,
    }


def _service(chosen: dict[str, str], kind: str) -> Manifest:
    port = {"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP", "appProtocol": "http"}
    return {"type": kind, "selector": chosen, "ports": [port]}


def _deployment(target: Target, release: Release, replicas: int | None) -> Manifest:
    count = cluster_of(target).replicas.min if replicas is None else replicas
    spec = {
        "replicas": count,
        "revisionHistoryLimit": 1,
        "progressDeadlineSeconds": math.ceil(release.ready_seconds) + 300,
        "selector": {"matchLabels": selector(target, release)},
        # Where only the environment's file has changed, pods are replaced one by one, none missing.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": pod_template(target, release),
    }
    found = _object(target, release, "Deployment", names_of(release).version, {"spec": spec})
    found["metadata"]["annotations"][RENDERED] = rendered_digest(target, release)
    return found
