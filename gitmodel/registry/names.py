"""The grammar of version tags: ``<model>@v<version>``."""

import re

from gitmodel.errors import UsageError

MODEL = re.compile(r"[a-z0-9](?:[a-z0-9_/-]*[a-z0-9])?\Z")
_INTEGER = re.compile(r"(?:0|[1-9][0-9]*)\Z")
# Compiled where one is met: most repositories count by integers.
_SEMVER = (
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?\Z"
)
Key = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


def number_key(text: str) -> Key:
    """Return what the number of a version is ordered by: as semver orders, ``1`` as ``1.0.0``.

    Raises:
        UsageError: If it is no version number.
    """
    if _INTEGER.match(text):
        return (int(text), 0, 0, 1, ())
    match = re.match(_SEMVER, text, re.ASCII)
    if match is None:
        raise UsageError(f"{text!r} is no version: expected an integer such as 4, or 1.2.0")
    parts = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in (match[4] or "").split(".") if part
    )
    return (int(match[1]), int(match[2]), int(match[3]), 0 if match[4] else 1, parts)


def next_number(text: str, kind: str) -> str:
    """Return the number after this one: the next integer, or the next minor version.

    Raises:
        UsageError: If it is no version number.
    """
    major, minor = number_key(text)[:2]
    return str(major + 1) if kind == "integer" else f"{major}.{minor + 1}.0"


def is_version_number(text: str) -> bool:
    """Say whether the text is an integer or a semantic version."""
    return bool(_INTEGER.match(text) or re.match(_SEMVER, text, re.ASCII))


def tag_name(model: str, version: str) -> str:
    """Return the name of the tag of a version."""
    return f"{model}@v{version}"


def split_tag(name: str) -> tuple[str, str] | None:
    """Return model and version of a tag of a version; ``None``: the tag is something else."""
    model, found, version = name.rpartition("@v")
    if found and MODEL.match(model) and is_version_number(version):
        return model, version
    return None


def check_model(name: str) -> str:
    """Return ``name`` if a model may have it.

    Raises:
        UsageError: If not.
    """
    if not MODEL.match(name):
        raise UsageError(f"{name!r} is no name of a model: lower-case letters, digits, - _ / only")
    return name


def model_key(model: str) -> str:
    """Return the name of a model where there is no room for folders: in a file's name, in a branch.

    Model names hold no ``.``, so no two names share a key.
    """
    return model.replace("/", ".")
