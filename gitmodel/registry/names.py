"""The grammar of version tags: ``<model>@v<version>``."""

import re
from dataclasses import dataclass
from functools import total_ordering

from gitmodel.errors import UsageError

MODEL = re.compile(r"[a-z0-9](?:[a-z0-9_/-]*[a-z0-9])?\Z")
_INTEGER = re.compile(r"(?:0|[1-9][0-9]*)\Z")
_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?\Z",
    re.ASCII,
)


@total_ordering
@dataclass(frozen=True)
class VersionNumber:
    """An integer, or a semantic version; ordered as semver orders (``1`` as ``1.0.0``)."""

    text: str

    def __post_init__(self) -> None:
        if not is_version_number(self.text):
            raise UsageError(f"{self.text!r} is no version: expected an integer such as 4, or 1.2.0")

    @property
    def key(self) -> tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]:
        """What it is ordered by."""
        if _INTEGER.match(self.text):
            return (int(self.text), 0, 0, 1, ())
        match = _SEMVER.match(self.text)
        assert match is not None
        parts = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in (match[4] or "").split(".")
            if part
        )
        return (int(match[1]), int(match[2]), int(match[3]), 0 if match[4] else 1, parts)

    def __lt__(self, other: "VersionNumber") -> bool:
        return self.key < other.key

    def next(self, kind: str) -> "VersionNumber":
        """Return the number after this one: the next integer, or the next minor version."""
        major, minor = self.key[:2]
        return VersionNumber(str(major + 1) if kind == "integer" else f"{major}.{minor + 1}.0")


def is_version_number(text: str) -> bool:
    """Say whether the text is an integer or a semantic version."""
    return bool(_INTEGER.match(text) or _SEMVER.match(text))


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
