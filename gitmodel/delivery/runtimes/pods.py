"""The pods of a version: no privileges, nothing to write to but volumes, and probes as on hosts."""

import math
from dataclasses import asdict
from typing import Any

from gitmodel.delivery.runtimes.names import Names, cluster_of, identity, image_of, names_of, selector
from gitmodel.delivery.target import Release, Target
from gitmodel.spec.kubernetes import KubernetesSpec

Manifest = dict[str, Any]
PORT = 3000
USER = 10001
# How long requests still come to a pod that ends: until every node knows.
_LEAVES = 5
_ENDS = 30
_STATE, _TEMPORARY = "/var/lib/gitmodel", "/tmp"  # noqa: S108 - in the container, an empty volume


def pod_template(target: Target, release: Release) -> Manifest:
    """Return what every pod of a version is like."""
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
            "annotations": {**identity(release), **scraped},
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
    """Return what holds for every container of ours: no privileges, and it writes to volumes only."""
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
