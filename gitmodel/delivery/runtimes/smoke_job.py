"""The Job that asks a version inside the cluster whether it is who it must be and predicts what it must.

It runs the very code that checks services on hosts, with the image of the version itself, without privileges.
"""

import json
from pathlib import Path

from gitmodel.delivery.ansible import module_utils
from gitmodel.delivery.runtimes.names import cluster_of, image_of, model_labels, names_of
from gitmodel.delivery.runtimes.pods import Manifest, container_basics, pod_basics
from gitmodel.delivery.target import Release, Target

_CODE = ("gitmodel_layout.py", "gitmodel_probe.py", "gitmodel_smoke.py")
_FOLDER = "/smoke"
# What a ConfigMap may hold, less some room.
_LARGEST = 900_000


def check_manifests(target: Target, release: Release, address: str, *, rows: bool) -> list[Manifest]:
    """Return the Job and the ConfigMap that it reads.

    Args:
        target: The environment.
        release: The version that must answer.
        address: Name of the Service that is asked.
        rows: Whether smoke predictions are sent, too.
    """
    cluster, names = cluster_of(target), names_of(release)
    asked = {
        "host": address,
        "port": 80,
        "program": release.program.as_json(),
        "rows": _fitting(release) if rows else [],
        "seconds": 60,
    }
    code = Path(module_utils.__file__).parent
    data = {name: (code / name).read_text("utf-8") for name in _CODE} | {"asked.json": json.dumps(asked)}
    labels = {**model_labels(target, release.model), "app.kubernetes.io/component": "smoke"}
    about = {"name": names.check, "namespace": cluster.namespace, "labels": labels}
    items = [{"key": name, "path": f"checking/{name}"} for name in data]
    container = {
        "name": "smoke",
        **container_basics(image_of(cluster.image, release)),
        "command": ["python", "-B", "-m", "checking.gitmodel_smoke", f"{_FOLDER}/checking/asked.json"],
        "workingDir": _FOLDER,
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"cpu": "500m", "memory": "128Mi"},
        },
        "volumeMounts": [{"name": "smoke", "mountPath": _FOLDER, "readOnly": True}],
    }
    pod = {
        **pod_basics(cluster),
        "restartPolicy": "Never",
        "containers": [container],
        "volumes": [{"name": "smoke", "configMap": {"name": names.check, "items": items}}],
    }
    job = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": 300,
        "ttlSecondsAfterFinished": 3600,
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": about, "data": data},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": about, "spec": job},
    ]


def _fitting(release: Release) -> list[dict[str, object]]:
    """Return as many smoke predictions as a ConfigMap holds beside the code."""
    found: list[dict[str, object]] = []
    left = _LARGEST - 100_000
    for row in release.smoke:
        left -= len(json.dumps(row).encode())
        if left < 0:
            break
        found.append(row)
    return found
