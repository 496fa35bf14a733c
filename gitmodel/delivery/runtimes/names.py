"""Names in a cluster: of a model, of one version of it, of its image. No two models share one."""

import re
from dataclasses import dataclass

from gitmodel.delivery.target import Release, Target
from gitmodel.errors import InvalidFile, UsageError
from gitmodel.spec.kubernetes import KubernetesSpec, model_name

MANAGED_BY = "gitmodel"
ENVIRONMENT, DIGEST = "gitmodel/environment", "gitmodel/digest"
MODEL, VERSION, WHOLE_DIGEST, RENDERED = (
    "gitmodel/model",
    "gitmodel/version",
    "gitmodel/whole-digest",
    "gitmodel/rendered",
)
_VERSIONED = 12
_TAG_LENGTH = 100


@dataclass(frozen=True)
class Names:
    """What the objects of one version are called."""

    model: str
    digest: str

    @property
    def stable(self) -> str:
        """The model: its Service, Ingress and volume, which stay when versions change."""
        return model_name(self.model)

    @property
    def version(self) -> str:
        """One version: its Deployment, and the Service by which only that one is asked."""
        return f"{self.stable}-{self.digest[:_VERSIONED]}"

    @property
    def check(self) -> str:
        """The Job that sends smoke predictions to one version."""
        return f"{self.version}-smoke"


def names_of(release: Release) -> Names:
    """Return the names of a release."""
    program = release.program  # checks its parts
    return Names(program.model, program.digest)


def cluster_of(target: Target) -> KubernetesSpec:
    """Return what the environment's file says of its cluster.

    Raises:
        UsageError: If it says nothing.
    """
    if target.kubernetes is None:
        raise UsageError(
            f"environment {target.name} does not say which cluster it is",
            hint="`kubernetes: {namespace: …, image: …}` in its file",
        )
    return target.kubernetes


def image_tag(release: Release) -> str:
    """Return the tag of a release's image: its version and the start of its digest."""
    version = re.sub(r"[^A-Za-z0-9_.-]", "-", release.version)[:_TAG_LENGTH]
    return f"{version}-{release.digest[:16]}"


def image_of(repository: str, release: Release) -> str:
    """Return the name of a release's image; ``repository`` has ``{model}`` where a model's name goes.

    Raises:
        InvalidFile: If the name is longer than registries take.
    """
    found = f"{repository.replace('{model}', model_name(release.model))}:{image_tag(release)}"
    if len(found) > 255:  # noqa: PLR2004 - of a registry
        raise InvalidFile(f"the name of the image {found} is too long", hint="choose a shorter `image`")
    return found


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


def identity(release: Release) -> dict[str, str]:
    """Return the annotations that say whole what names and labels abbreviate."""
    return {MODEL: release.model, VERSION: release.version, WHOLE_DIGEST: release.digest}
