"""Reproducing a version: train it again and compare; where artifacts differ, compare what they predict."""

from pathlib import Path
from typing import Any

from gitmodel.artifacts import load
from gitmodel.delivery import materials
from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.reports.complete import complete
from gitmodel.spec import ModelSpec, load_model, load_repository
from gitmodel.training.packages import read_packages
from gitmodel.training.reproduce import Line, compare, train_again


def reproduce(
    repo: Repository, version: Version, *, tolerance: float = 0.0, exact: bool = False
) -> list[Line]:
    """Train a version's commit again and say what is the same and what differs.

    The output of the stages goes to standard output as it comes. Nothing is written that stays.

    Args:
        repo: The repository.
        version: The version.
        tolerance: By how much a metric may differ, and a probability where artifacts are not the same.
        exact: Whether artifacts must be the same bit by bit; else their predictions may show that they are.

    Raises:
        InvalidFile: If the version's files are not what they must be.
        ToolFailed: If the pipeline fails, or its data are nowhere to be had.
    """
    version = complete(repo, version)
    spec = load_model(repo, version.commit, version.model)
    packages = read_packages(repo, version.commit, spec.folder)
    with train_again(repo, spec, version.commit) as again:
        return compare(
            version.facts,
            again,
            packages,
            tolerance=tolerance,
            same_predictions=lambda: (
                not exact and _same_predictions(repo, spec, version, again.file, tolerance)
            ),
        )


def _same_predictions(
    repo: Repository, spec: ModelSpec, version: Version, file: Path, tolerance: float
) -> bool:
    """Say whether both artifacts answer alike on the version's test rows; not where one cannot answer."""
    from gitmodel import evaluation

    trusted = load_repository(repo, version.commit).trusted_types
    encoding = version.facts.encoding or spec.artifact.encoding
    try:
        rows = materials.test_rows(repo, spec, version)
        if rows is None:
            return False
        before = evaluation.score_by(spec.evaluate, rows, materials.predictor(repo, spec, version))
        now = evaluation.score_by(spec.evaluate, rows, load(encoding, file, trusted_types=trusted))
    except GitmodelError:
        return False
    return _alike(before.prediction, now.prediction, tolerance) and _alike(before.score, now.score, tolerance)


def _alike(before: Any, now: Any, tolerance: float) -> bool:
    """Say whether two arrays of labels or numbers are equal, numbers within a tolerance."""
    import numpy as np

    if before is None or now is None or not tolerance or before.dtype.kind not in "fc":
        return bool(np.array_equal(before, now)) if before is not None and now is not None else before is now
    return before.shape == now.shape and bool(np.allclose(before, now, rtol=0.0, atol=tolerance))
