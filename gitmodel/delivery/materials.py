"""What a version is made of, fetched and verified: artifact, predictor, labelled rows."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.spec import ModelSpec, load_repository

if TYPE_CHECKING:
    from gitmodel.artifacts import Predictor
    from gitmodel.evaluation import Dataset


def artifact_file(repo: Repository, spec: ModelSpec, version: Version) -> Path:
    """Return the artifact of a version, after comparing it with the sha256 in the version's tag.

    Raises:
        InvalidFile: If it is another file than the one that was registered.
        ToolFailed: If it cannot be fetched.
    """
    from gitmodel.training import fetch_file

    known = version.facts.artifact
    path = known.path if known else spec.artifact_path
    file = fetch_file(repo, version.commit, path)
    if known and known.sha256:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != known.sha256:
            raise InvalidFile(
                f"{path} of {version.tag} is not the file that was registered: "
                f"its sha256 is {found[:12]}…, the tag says {known.sha256[:12]}…",
                hint="the DVC remote may be damaged; train again and register a new version",
            )
    return file


def predictor(repo: Repository, spec: ModelSpec, version: Version) -> "Predictor":
    """Return a version, ready to predict; ``spec`` is that of its own commit.

    Raises:
        InvalidFile: If the artifact cannot be loaded, or holds types that the repository does not trust.
        ToolFailed: If it cannot be fetched.
    """
    from gitmodel import artifacts

    trusted = load_repository(repo, version.commit).trusted_types
    encoding = version.facts.encoding or spec.artifact.encoding
    return artifacts.load(encoding, artifact_file(repo, spec, version), trusted_types=trusted)


def test_rows(repo: Repository, spec: ModelSpec, version: Version) -> "Dataset | None":
    """Return the labelled test rows of a version's commit; ``None`` where its spec declares none.

    Raises:
        InvalidFile: If they cannot be read.
        ToolFailed: If they cannot be fetched.
    """
    from gitmodel.evaluation import load_dataset
    from gitmodel.training import fetch_file

    if spec.data is None or spec.data.test is None or spec.data.target is None:
        return None
    path = spec.path(spec.data.test)
    return load_dataset(fetch_file(repo, version.commit, path), spec.data.target, name=path)
