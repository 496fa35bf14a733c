"""What an environment file says of Kubernetes, and of containers, as values that cannot change."""

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

# With a version's ending and what Kubernetes adds to the names of pods, 63 letters are not passed.
LONGEST_MODEL = 35
_HASHED = 10
_ORDINARY = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_LIKE_OURS = re.compile(r".*-([0-9a-f]{10}|[0-9a-f]{12})")


def model_name(model: str) -> str:
    """Return the DNS-1035 name of a model.

    It is the model's own where that is such a name and short. Else what is not allowed becomes ``-``, and a
    hash of the whole follows. Names that look as if they had such a hash, or a version's, get one too.
    """
    if len(model) <= LONGEST_MODEL and _ORDINARY.fullmatch(model) and not _LIKE_OURS.fullmatch(model):
        return model
    ending = hashlib.sha256(model.encode()).hexdigest()[:_HASHED]
    start = re.sub(r"[^a-z0-9]+", "-", model)
    start = start if start[:1].isalpha() else f"m-{start}"
    return f"{start[: LONGEST_MODEL - _HASHED - 1].rstrip('-')}-{ending}"


@dataclass(frozen=True)
class ReplicasSpec:
    """How many pods a version gets: from ``min`` to ``max``, more above ``cpu`` per cent of its requests."""

    min: int = 1
    max: int | None = None
    cpu: int = 70

    @property
    def most(self) -> int:
        """The largest number; where none is given, the number never changes."""
        return self.min if self.max is None else self.max


@dataclass(frozen=True)
class RequestsSpec:
    """What a pod is sure to get, in the notation of Kubernetes."""

    memory: str = "1Gi"
    cpu: str = "100m"


@dataclass(frozen=True)
class BoundsSpec:
    """What a pod may use; ``None`` for memory is what it is sure to get, for processors what is free."""

    memory: str | None = None
    cpu: str | None = None


@dataclass(frozen=True)
class IngressSpec:
    """A host name for each model (``{model}`` stands for its name); its class, its TLS secret."""

    host: str
    ingress_class: str | None = None
    tls_secret: str | None = None


@dataclass(frozen=True)
class StateSpec:
    """A volume that outlives pods, for predictions and feedback."""

    size: str
    storage_class: str | None = None


@dataclass(frozen=True)
class KubernetesSpec:
    """Where and how a cluster runs models.

    ``image`` is the repository of images (``{model}`` stands for a model's name); ``context`` is one of the
    kubeconfig's, ``None`` its current one.
    """

    namespace: str
    image: str
    context: str | None = None
    replicas: ReplicasSpec = ReplicasSpec()
    requests: RequestsSpec = RequestsSpec()
    limits: BoundsSpec = BoundsSpec()
    service: Literal["ClusterIP", "LoadBalancer"] = "ClusterIP"
    ingress: IngressSpec | None = None
    pull_secret: str | None = None
    state: StateSpec | None = None

    def url(self, model: str = "") -> str:
        """Return where a model answers: at its host name, else at its Service inside the cluster."""
        name = model_name(model) if model else "*"
        if self.ingress is None:
            return f"http://{name}.{self.namespace}.svc"
        host = self.ingress.host.replace("{model}", name)
        return f"{'https' if self.ingress.tls_secret else 'http'}://{host}"


@dataclass(frozen=True)
class ContainerSpec:
    """How containers of services are made and bounded on a host.

    ``engine`` is ``None`` where the first that is installed is taken; ``base`` is the image that they begin
    with; ``memory`` (such as ``512m``) and ``cpus`` are bounds of each, ``None`` for none.
    """

    engine: Literal["podman", "docker"] | None = None
    base: str = "docker.io/library/python:3.11-slim"
    memory: str | None = None
    cpus: float | None = None


def build_kubernetes(data: dict[str, Any] | None) -> KubernetesSpec | None:
    """Make the value from a valid section; ``None`` where there is none."""
    if data is None:
        return None
    made: dict[str, Any] = dict(data)
    parts: dict[str, Any] = {"replicas": ReplicasSpec, "requests": RequestsSpec, "limits": BoundsSpec}
    parts |= {"ingress": IngressSpec, "state": StateSpec}
    made |= {key: kind(**made[key]) for key, kind in parts.items() if key in made}
    return KubernetesSpec(**made)


_UNITS = {"m": Decimal("0.001"), **{unit: Decimal(1000) ** power for power, unit in enumerate(("", *"kMGT"))}}
_UNITS |= {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGT", start=1)}


def amount(text: str) -> Decimal:
    """Return what an amount such as ``512Mi`` or ``500m`` counts: bytes, or processors.

    Raises:
        ValueError: If it is none.
    """
    digits = text.rstrip("".join({letter for unit in _UNITS for letter in unit}))
    unit = text[len(digits) :]
    if unit not in _UNITS or not digits.replace(".", "", 1).isdigit():
        raise ValueError(text)
    return Decimal(digits) * _UNITS[unit]
