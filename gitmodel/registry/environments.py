"""The branches of environments: their names, their tips, and the version that a file of one plainly names."""

import re

from gitmodel.errors import UsageError
from gitmodel.git.refs import list_refs, read_ref
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name
from gitmodel.git.values import Oid
from gitmodel.registry.names import is_version_number

# A key at the start of a line is one of the document itself.
_VERSION = re.compile(rb"""^version: *(["']?)([0-9][0-9A-Za-z.+-]*)\1[ \r]*$""", re.MULTILINE)


def env_branch(env: str) -> str:
    """Return the full name of the branch of an environment, as the remote has it."""
    return f"refs/heads/env/{env}"


def env_tip(repo: Repository, env: str) -> Oid | None:
    """Return the tip of the branch of an environment, as this copy knows it."""
    return read_ref(repo, local_name(repo, env_branch(env)))


def file_name(model: str) -> str:
    """Return the path of a model's file on the branch of an environment."""
    return f"{model}.yaml"


def environments(repo: Repository) -> list[str]:
    """Return the names of the environments that have a branch."""
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


def plain_version(text: bytes) -> str | None:
    """Return the version in a model's file where it is plain without reading YAML, which takes longer."""
    found: list[tuple[bytes, bytes]] = _VERSION.findall(text)
    if len(found) == 1 and is_version_number(plain := found[0][1].decode()):
        return plain
    return None
