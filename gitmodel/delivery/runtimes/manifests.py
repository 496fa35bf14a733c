"""What is applied to a cluster for one version of a model: plain objects of its API, rendered as data.

The objects of a version (Deployment, its own Service, HorizontalPodAutoscaler, PodDisruptionBudget) live beside
those of another one; those of the model (Service, Ingress, volume) stay, and its Service says which version answers.
"""

import hashlib
import json
import math
from dataclasses import asdict
from typing import Any

from gitmodel.delivery.runtimes.names import Names, cluster_of, image_of, names_of
from gitmodel.delivery.target import Release, Target
from gitmodel.spec.kubernetes import KubernetesSpec

Manifest = dict[str, Any]
PORT = 3000
USER = 10001
MANAGED_BY = "gitmodel"
ENVIRONMENT, DIGEST = "gitmodel/environment", "gitmodel/digest"
MODEL, VERSION, WHOLE_DIGEST, RENDERED = (
    "gitmodel/model",
    "gitmodel/version",
    "gitmodel/whole-digest",
    "gitmodel/rendered",
)
# How long requests still come to a pod that ends: until every node knows.
_LEAVES = 5
_ENDS = 30
_STATE, _TEMPORARY = "/var/lib/gitmodel", "/tmp"  # noqa: S108 - in the container, an empty volume
_API = {
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "Ingress": "networking.k8s.io/v1",
    "Job": "batch/v1",
}


def model_labels(target: Target, model: str) -> dict[str, str]:
    """Return the labels by which all objects of a model in an environment are found."""
    return {
        "app.kubernetes.io/name": Names(model, "").stable,
        "app.kubernetes.io/managed-by": MANAGED_BY,
        ENVIRONMENT: target.name,
    }


def selector(target: Target, release: Release) -> dict[str, str]:
    """Return the labels of the pods of a release."""
    return {**model_labels(target, release.model), DIGEST: release.digest[:16]}


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
    """Return a hash over all that is rendered for a release; another one means that the environment changed."""
    parts = [
        *volume_manifests(target, release),
        _pod_template(target, release),
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
            "annotations": _identity(release),
        },
        **body,
    }


def _identity(release: Release) -> dict[str, str]:
    return {MODEL: release.model, VERSION: release.version, WHOLE_DIGEST: release.digest}


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
        "template": _pod_template(target, release),
    }
    found = _object(target, release, "Deployment", names_of(release).version, {"spec": spec})
    found["metadata"]["annotations"][RENDERED] = rendered_digest(target, release)
    return found


def _pod_template(target: Target, release: Release) -> Manifest:
    cluster, chosen = cluster_of(target), selector(target, release)
    ending = math.ceil(max(target.drain, _LEAVES))
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": chosen},
    }
    spec: Manifest = {
        **pod_basics(cluster),
        "terminationGracePeriodSeconds": ending + _ENDS,
        "topologySpreadConstraints": [spread],
        "containers": [_container(target, release, ending)],
        "volumes": [
            {"name": "tmp", "emptyDir": {}},
            {"name": "state", **_state_volume(cluster, names_of(release))},
        ],
    }
    scraped = {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(PORT),
        "prometheus.io/path": "/metrics",
    }
    return {
        "metadata": {
            "labels": {**chosen, "app.kubernetes.io/component": "service"},
            "annotations": {**_identity(release), **scraped},
        },
        "spec": spec,
    }


def pod_basics(cluster: KubernetesSpec) -> Manifest:
    """Return what holds for every pod of ours: no root, no token of the API, our pull secret."""
    found: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if cluster.pull_secret:
        found["imagePullSecrets"] = [{"name": cluster.pull_secret}]
    return found


def container_basics(image: str) -> Manifest:
    """Return what holds for every container of ours: nothing it may write to but its volumes, no privileges."""
    return {
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _container(target: Target, release: Release, ending: int) -> Manifest:
    cluster = cluster_of(target)
    variables = {
        "GITMODEL_ENVIRONMENT": target.name,
        "GITMODEL_STATE": _STATE,
        "HOME": _TEMPORARY,
        "TMPDIR": _TEMPORARY,
    }
    limits = {"memory": cluster.limits.memory or cluster.requests.memory}
    pod = {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    starts = max(1, math.ceil(release.ready_seconds))
    return {
        "name": "service",
        **container_basics(image_of(cluster.image, release)),
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "env": [pod, *({"name": name, "value": value} for name, value in variables.items())],
        "resources": {
            "requests": asdict(cluster.requests),
            "limits": limits | ({"cpu": cluster.limits.cpu} if cluster.limits.cpu else {}),
        },
        "startupProbe": _probe("/readyz", period=1, failures=starts, timeout=2),
        "readinessProbe": _probe("/readyz", period=5, failures=3, timeout=2),
        "livenessProbe": _probe("/livez", period=10, failures=6, timeout=5),
        "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(ending)]}}},
        "volumeMounts": [
            {"name": "tmp", "mountPath": _TEMPORARY},
            # A folder a pod: two never write to one file.
            {
                "name": "state",
                "mountPath": _STATE,
                **({"subPathExpr": "$(POD_NAME)"} if cluster.state else {}),
            },
        ],
    }


def _state_volume(cluster: KubernetesSpec, names: Names) -> Manifest:
    if cluster.state is None:
        return {"emptyDir": {}}
    return {"persistentVolumeClaim": {"claimName": names.stable}}


def _probe(path: str, *, period: int, failures: int, timeout: int) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "failureThreshold": failures,
        "timeoutSeconds": timeout,
    }
