"""The branches of environments: their names, their tips, and the version that a file of one plainly names."""

import re
from collections.abc import Iterable
from contextlib import suppress

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.objects import list_files, read_objects
from gitmodel.git.refs import list_refs, read_ref
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name
from gitmodel.git.values import Oid
from gitmodel.registry.names import MODEL, is_version_number

# The outcomes of deployments, on the commits of these branches.
DEPLOYMENTS_REF = "refs/notes/deployments"
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


def models_in(paths: Iterable[str]) -> dict[str, str]:
    """Return the models that files of an environment's branch are of, by path; others are no model's."""
    named = ((path, path.removesuffix(".yaml")) for path in paths if path.endswith(".yaml"))
    return {path: model for path, model in named if MODEL.match(model)}


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


def read_wanted(repo: Repository) -> dict[str, dict[str, str]]:
    """Return the version that should run, by environment and model; invalid files are passed over."""
    prefix = local_name(repo, env_branch(""))
    places = [
        (name.removeprefix(prefix), f"{tip}:{file}")
        for name, tip in list_refs(repo, prefix).items()
        for file in models_in(list_files(repo, tip))
    ]
    wanted: dict[str, dict[str, str]] = {}
    for (env, place), blob in zip(places, read_objects(repo, (path for _, path in places)), strict=True):
        model = place.partition(":")[2].removesuffix(".yaml")
        version = version_in(model, blob.data) if blob else None
        if version is not None:
            wanted.setdefault(env, {})[model] = version
    return wanted


def version_in(model: str, text: bytes) -> str | None:
    """Return the version in the file of a model; ``None`` where there is none or the file is not valid."""
    plain = plain_version(text)
    if plain is None:
        from gitmodel.registry.desired import parse_desired

        with suppress(InvalidFile):  # `doctor` and `status` tell
            return parse_desired(model, text).version
    return plain
