"""What ``gitmodel.yaml``, at the root of a models repository, says."""

from dataclasses import dataclass
from typing import Literal

FILE = "gitmodel.yaml"
# What locks a Python environment, in a model's folder or at the top.
LOCK_FILES = ("requirements.txt", "requirements.lock", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")


@dataclass(frozen=True)
class CiSpec:
    """The pipelines of a forge.

    ``runner`` is a label on GitHub and an image on GitLab; ``tags`` are those of runners of one's own;
    ``install`` is a line of shell; ``secrets`` are names; ``timeout`` counts minutes.
    """

    provider: Literal["github", "gitlab"] | None = None
    branch: str = "main"
    python: str = "3.12"
    runner: str | None = None
    tags: tuple[str, ...] = ()
    install: str = "pip install gitmodel"
    secrets: tuple[str, ...] = ()
    timeout: int = 120


@dataclass(frozen=True)
class AlertSpec:
    """Who is told about the quality of live models.

    ``to`` is an address of Apprise, ``$NAME`` of a variable that holds one, or ``forge``: an issue there.
    ``severity`` is where it begins, or ``none``: never. ``models`` and ``environments`` are names or globs.
    """

    to: str
    severity: Literal["none", "info", "warning", "critical"] = "warning"
    models: tuple[str, ...] = ("*",)
    environments: tuple[str, ...] = ("*",)


@dataclass(frozen=True)
class SiteSpec:
    """Whether pipelines publish the site on the forge's pages."""

    publish: bool = False


@dataclass(frozen=True)
class RepositorySpec:
    """Where the models are, how their versions count, and which types an artifact may hold.

    ``models`` are globs over paths of the repository (``*`` stays within a folder, ``**`` crosses
    folders). ``trusted_types`` are dotted names that may be loaded beside those that always may.
    """

    models: tuple[str, ...] = ("models/*/model.yaml", "model.yaml")
    versions: Literal["integer", "semver"] = "integer"
    trusted_types: tuple[str, ...] = ()
    ci: CiSpec = CiSpec()
    alerts: tuple[AlertSpec, ...] = ()
    site: SiteSpec = SiteSpec()
