"""What should run in an environment: the files of its branch.

The round trip law: ``parse_desired(model, format_desired(d)) == d``.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.objects import list_files, read_files
from gitmodel.git.refs import read_ref
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name
from gitmodel.git.values import Oid
from gitmodel.registry.names import is_version_number

# A key at the start of a line is one of the document itself.
_VERSION = re.compile(rb"""^version: *(["']?)([0-9][0-9A-Za-z.+-]*)\1[ \r]*$""", re.MULTILINE)


@dataclass(frozen=True)
class Promoted:
    """Who put the version there, when, instead of which, and what the gates said."""

    by: str
    at: str
    previous: str | None = None
    gates: tuple[dict[str, Any], ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Hold:
    """Automation promotes nothing while there is one."""

    by: str
    at: str
    reason: str
    bad_version: str | None = None


@dataclass(frozen=True)
class Desired:
    """What should run of one model; no version: nothing yet, but there may be a hold."""

    model: str
    version: str | None = None
    tag: str | None = None
    object: str | None = None
    artifact_sha256: str | None = None
    strategy: dict[str, Any] = field(default_factory=dict)
    promoted: Promoted | None = None
    hold: Hold | None = None


def env_branch(env: str) -> str:
    """Return the full name of the branch of an environment, as the remote has it."""
    return f"refs/heads/env/{env}"


def env_tip(repo: Repository, env: str) -> Oid | None:
    """Return the tip of the branch of an environment, as this copy knows it."""
    return read_ref(repo, local_name(repo, env_branch(env)))


def file_name(model: str) -> str:
    """Return the path of a model's file on the branch of an environment."""
    return f"{model}.yaml"


def read_desired(repo: Repository, env: str, tip: Oid | None = None) -> dict[str, Desired]:
    """Return what should run in an environment, by model.

    Args:
        repo: Where to look.
        env: Name of the environment.
        tip: A commit of its branch; default: the newest that this copy knows.

    Raises:
        InvalidFile: If a file of the branch is not valid.
    """
    rev = tip or env_tip(repo, env)
    if rev is None:
        return {}
    paths = [path for path in list_files(repo, rev) if path.endswith(".yaml")]
    texts = read_files(repo, rev, paths)
    models = {path.removesuffix(".yaml"): text for path, text in texts.items()}
    return {model: parse_desired(model, text or b"") for model, text in models.items()}


def format_desired(desired: Desired) -> bytes:
    """Write the file of a model."""
    import yaml

    document: dict[str, Any] = {
        "version": desired.version,
        "tag": desired.tag,
        "object": desired.object,
        "artifact": {"sha256": desired.artifact_sha256} if desired.artifact_sha256 else None,
        "strategy": dict(desired.strategy) or None,
        "promoted": _document(desired.promoted, {"previous": "from"}),
        "hold": _document(desired.hold, {}),
    }
    present = {key: value for key, value in document.items() if value is not None}
    return yaml.safe_dump(present, sort_keys=False, allow_unicode=True).encode()


def _document(value: Promoted | Hold | None, names: dict[str, str]) -> dict[str, Any] | None:
    if value is None:
        return None
    pairs = ((names.get(key, key), item) for key, item in vars(value).items())
    return {
        key: list(item) if isinstance(item, tuple) else item for key, item in pairs if item not in (None, ())
    }


def parse_desired(model: str, text: bytes) -> Desired:
    """Read the file of a model.

    Raises:
        InvalidFile: If it is not what `format_desired` writes.
    """
    import yaml

    try:
        document = yaml.safe_load(text) or {}
        promoted, hold = document.get("promoted"), document.get("hold")
        version = document.get("version")
        return Desired(
            model,
            None if version is None else str(version),
            document.get("tag"),
            document.get("object"),
            (document.get("artifact") or {}).get("sha256"),
            dict(document.get("strategy") or {}),
            _promoted(promoted) if promoted else None,
            Hold(str(hold["by"]), str(hold["at"]), str(hold["reason"]), hold.get("bad_version"))
            if hold
            else None,
        )
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidFile(f"{file_name(model)} of the environment is not valid: {error}") from error


def desired_version(model: str, text: bytes) -> str | None:
    """Return the version in the file of a model, where it is plain without reading YAML, which takes longer.

    Raises:
        InvalidFile: See `parse_desired`.
    """
    found = _VERSION.findall(text)
    if len(found) == 1 and is_version_number(plain := found[0][1].decode()):
        return plain
    version: str | None = parse_desired(model, text).version
    return version


def _promoted(document: dict[str, Any]) -> Promoted:
    return Promoted(
        str(document["by"]),
        str(document["at"]),
        document.get("from"),
        tuple(document.get("gates") or ()),
        document.get("reason"),
    )


def environments(repo: Repository) -> list[str]:
    """Return the names of the environments that have a branch."""
    from gitmodel.git.refs import list_refs

    prefix = local_name(repo, env_branch(""))
    return [name.removeprefix(prefix) for name in list_refs(repo, prefix)]


def check_environment(name: str) -> str:
    """Return ``name`` if an environment may have it.

    Raises:
        UsageError: If not.
    """
    if not name or not all(
        part.isalnum() and part.isascii() and part.lower() == part for part in name.split("-")
    ):
        raise UsageError(f"{name!r} is no name of an environment: lower-case letters, digits and - only")
    return name
