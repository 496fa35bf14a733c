"""From a version of a model to its package."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gitmodel.artifacts import load
from gitmodel.errors import InvalidFile
from gitmodel.git.objects import read_file
from gitmodel.git.repository import Repository
from gitmodel.packaging.build import build, find
from gitmodel.packaging.package import (
    FACTS,
    Content,
    Kept,
    Package,
    Policy,
    VersionIdentity,
    bento_name,
    open_package,
)
from gitmodel.packaging.signature import Declared, Signature, make_signature, make_smoke, parse_schema
from gitmodel.spec.model import ModelSpec

if TYPE_CHECKING:
    import pandas as pd


def read_declared(repo: Repository, revision: str, spec: ModelSpec) -> Declared:
    """Read what a model declares of its signature, at a revision.

    Raises:
        InvalidFile: If a file is missing or is not a JSON Schema.
    """

    def schema(file: str | None) -> dict[str, object] | None:
        if file is None:
            return None
        path = spec.path(file)
        text = read_file(repo, revision, path)
        if text is None:
            raise InvalidFile(f"{spec.file} names the signature {path}, which does not exist at {revision}")
        return parse_schema(text, path)

    if spec.signature is None:
        return Declared()
    return Declared(schema(spec.signature.input), schema(spec.signature.output))


def read_packaged(packages: Path, model: str, version: str, commit: str) -> Signature | None:
    """Return the signature of a version from a package that is on this machine; None: there is none."""
    for facts in sorted((packages / bento_name(model)).glob(f"*/{FACTS}")):
        try:
            package = open_package(facts.parent)
            known = package.version
            if (known.model, known.version, known.commit) == (model, version, commit):
                return package.signature
        except (InvalidFile, TypeError):
            continue  # being removed, or damaged
    return None


def package_version(
    spec: ModelSpec,
    version: VersionIdentity,
    packages: Path,
    *,
    artifact: Callable[[], Path],
    rows: "Callable[[], pd.DataFrame] | None",
    declared: Declared,
    trusted_types: tuple[str, ...] = (),
) -> Package:
    """Return the package of a version, built unless it is there.

    Args:
        spec: The model's spec at the version's commit.
        version: Which version it is.
        packages: Folder of packages, such as ``<state>/packages``.
        artifact: Brings the artifact's file; not called where the package is there.
        rows: Reads training rows, for the signature and for smoke predictions; None: there are none.
        declared: The declared part of the signature (see `read_declared`).
        trusted_types: What ``gitmodel.yaml`` trusts.

    Raises:
        InvalidFile: If the artifact cannot be loaded, or signature, data and model do not fit each other.
        ToolFailed: If BentoML cannot build the package.
    """
    found = find(packages, version, trusted_types)
    if found is not None:
        return found
    file = artifact()
    predictor = load(spec.artifact.encoding, file, trusted_types=trusted_types)
    frame = None if rows is None else rows()
    target = spec.data.target if spec.data is not None else None
    signature = make_signature(predictor, frame=frame, target=target, declared=declared)
    policy = Policy(
        encoding=spec.artifact.encoding,
        artifact=file.name,
        trusted_types=tuple(sorted(trusted_types)),
        classes=predictor.classes,
        description=spec.description,
        kept=_kept(spec),
        allow_origins=spec.serving.allow_origins,
    )
    smoke = make_smoke(signature, predictor, frame)
    return build(Content(version, file, policy, signature, smoke), packages)


def _kept(spec: ModelSpec) -> Kept:
    monitor = spec.monitor
    return Kept(
        sample=monitor.sample,
        exclude=monitor.exclude,
        hash=monitor.hash,
        keep=monitor.keep.total_seconds(),
        max_size=monitor.max_size,
    )
