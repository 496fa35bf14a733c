"""From a version to what is rolled out: its package, in the repository's state folder."""

from typing import TYPE_CHECKING

from gitmodel.delivery import materials
from gitmodel.delivery.target import Release
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.spec import ModelSpec, load_model, load_repository

if TYPE_CHECKING:
    import pandas as pd

    from gitmodel.packaging import Package


def package_version(repo: Repository, version: Version) -> "Package":
    """Return the package of a version, built unless it is there.

    Raises:
        InvalidFile: If artifact, signature or data do not fit, or the artifact is not the registered one.
        ToolFailed: If something cannot be fetched or built.
        UsageError: If the version's commit does not know the model.
    """
    from gitmodel import packaging

    spec = load_model(repo, version.commit, version.model)
    declared = packaging.read_declared(repo, version.commit, spec)
    path = _example_rows(spec)
    identity = packaging.VersionIdentity(
        version.model, version.version, version.model_id, version.commit, version.tag
    )
    return packaging.package_version(
        spec,
        identity,
        repo.state / "packages",
        artifact=lambda: materials.artifact_file(repo, spec, version),
        rows=None if path is None else lambda: _read(repo, version, path),
        declared=declared,
        trusted_types=load_repository(repo, version.commit).trusted_types,
    )


def _example_rows(spec: ModelSpec) -> str | None:
    """Return the data that the signature and the smoke predictions are taken from."""
    if spec.data is None:
        return None
    file = spec.data.train or spec.data.test
    return None if file is None else spec.path(file)


def _read(repo: Repository, version: Version, path: str) -> "pd.DataFrame":
    from gitmodel.evaluation import read_frame
    from gitmodel.training import fetch_file

    return read_frame(fetch_file(repo, version.commit, path), path)


def release_of(package: "Package") -> Release:
    """Return how a package is rolled out."""
    from gitmodel import packaging

    version = package.version
    return Release(
        version.model,
        version.version,
        package.digest,
        package.folder,
        packaging.command(),
        package.smoke,
        requirements=packaging.package_requirements(package.folder),
    )
