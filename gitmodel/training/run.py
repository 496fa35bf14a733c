"""A training: what went in, what came out."""

from dataclasses import dataclass
from typing import Any

from gitmodel.git.values import Oid
from gitmodel.metrics.values import Metrics
from gitmodel.registry.versions import ArtifactRef, DataRef


@dataclass(frozen=True)
class Run:
    """The outcome of a training.

    Attributes:
        commit: The commit that holds lock and metrics: the trained one itself where nothing changed.
        digest: Digest of the inputs, as in the name of the run ref.
        result: Digest of inputs and outputs.
        source: The commit whose tree was trained.
        trained: Whether it ran now; else the same inputs were trained before.
        is_new: Whether nobody had trained these inputs before, and the commit was made for the result.
        metrics: Numbers by name.
        parameters: Values by name.
        artifact: The file that holds the model.
        data: The data files of the specification.
    """

    commit: Oid
    digest: str
    result: str
    source: str
    trained: bool
    is_new: bool
    metrics: Metrics
    parameters: dict[str, Any]
    artifact: ArtifactRef
    data: dict[str, DataRef]


def run_ref(model: str, digest: str) -> str:
    """Return the ref that names the training of a model on these inputs."""
    return f"refs/runs/{model}/{digest}"
