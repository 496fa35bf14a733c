"""A package: a Bento as a plain folder, and its identity."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gitmodel.artifacts import Label
from gitmodel.errors import InvalidFile
from gitmodel.packaging.signature import Signature

_LONGEST_NAME = 63  # of a Bento
_HASHED = 12
FACTS = "gitmodel.json"
MODEL_FOLDER = Path("src") / "model"


@dataclass(frozen=True)
class VersionIdentity:
    """Which version of which model a package holds; ``model_id`` abbreviates the tag object's id."""

    model: str
    version: str
    model_id: str
    commit: str
    tag: str


@dataclass(frozen=True)
class Kept:
    """What a service keeps of its predictions.

    ``sample`` is a share of requests (0..1), ``exclude`` and ``hash`` are input columns, ``keep`` counts
    seconds and ``max_size`` bytes on one host.
    """

    sample: float = 1.0
    exclude: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    keep: float = 30 * 86_400.0
    max_size: int = 1_000_000_000


@dataclass(frozen=True)
class Policy:
    """How the artifact is loaded: by its encoding, with these types trusted, answering these classes.

    And what is kept of its predictions, and the origins of pages that may ask from a browser.
    """

    encoding: str
    artifact: str
    trusted_types: tuple[str, ...] = ()
    classes: tuple[Label, ...] | None = None
    description: str = ""
    kept: Kept = Kept()
    allow_origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Content:
    """All that a package is made of, beside the service's own code."""

    version: VersionIdentity
    artifact: Path
    policy: Policy
    signature: Signature
    smoke: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True)
class Package:
    """A built package.

    ``folder`` is a Bento that runs as it is (see `gitmodel.packaging.serve`), wherever it is copied to;
    ``digest`` (sha256, hex) is the same for the same content wherever it was built; ``name`` is the
    Bento's name.
    """

    folder: Path
    digest: str
    name: str

    @property
    def version(self) -> VersionIdentity:
        """Which version it holds."""
        known = self.read("version")
        return VersionIdentity(**{key: value for key, value in known.items() if key != "digest"})

    @property
    def signature(self) -> Signature:
        """The signature that its service answers to."""
        return Signature(**self.read("signature"))

    @property
    def smoke(self) -> tuple[dict[str, Any], ...]:
        """Rows of ``input`` and expected ``output``."""
        return tuple(self.read("smoke"))

    def read(self, name: str) -> Any:
        """Return what one of its JSON files says: version, signature, policy, smoke.

        Raises:
            InvalidFile: If the package is damaged.
        """
        file = self.folder / MODEL_FOLDER / f"{name}.json"
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InvalidFile(
                f"the package {self.folder} is damaged: {error}", hint="delete it and build it again"
            ) from error


def open_package(folder: Path) -> Package:
    """Return the package that a folder holds.

    Raises:
        InvalidFile: If it holds none.
    """
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        return Package(folder, facts["digest"], facts["name"])
    except (OSError, ValueError, KeyError) as error:
        raise InvalidFile(f"{folder} is not a package", hint="run `gitmodel package`") from error


def bento_name(model: str) -> str:
    """Return a valid Bento name for a model; no two models share one.

    A model's name has no dot, so a dot can stand for its slashes. A name that is too long is cut, and a
    hash of the whole follows after two dots, which no other name has.
    """
    name = model.replace("/", ".")
    if len(name) <= _LONGEST_NAME and ".." not in name:
        return name
    ending = hashlib.sha256(model.encode()).hexdigest()[:_HASHED]
    return f"{name[: _LONGEST_NAME - _HASHED - 2].rstrip('.')}..{ending}"


def json_files(content: Content) -> dict[str, Any]:
    """Return the JSON files of a package by name, all but the digest."""
    return {
        "version": asdict(content.version),
        "signature": asdict(content.signature),
        "policy": asdict(content.policy),
        "smoke": list(content.smoke),
    }


def content_digest(content: Content, code: str, requirements: Sequence[str]) -> str:
    """Return the sha256 of what a package is made of.

    Args:
        content: The parts.
        code: The digest of the service's code.
        requirements: The pinned packages it runs with.
    """
    with content.artifact.open("rb") as stream:
        artifact = hashlib.file_digest(stream, "sha256").hexdigest()
    parts = {**json_files(content), "artifact": artifact, "code": code, "requirements": list(requirements)}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
