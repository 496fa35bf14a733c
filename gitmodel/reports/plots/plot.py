"""A plot of a model, as it is at one or more revisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.versions import Version
from gitmodel.spec import ModelSpec, load_model


@dataclass(frozen=True)
class Side:
    """What is drawn of a model: a name for it, the commit of the result, the model's folder."""

    name: str
    commit: Oid
    folder: str

    @classmethod
    def of(cls, name: str, commit: Oid, spec: ModelSpec) -> "Side":
        """Return the side of a model as it is at a commit."""
        return cls(name, commit, spec.folder)


def version_side(repo: Repository, version: Version) -> Side:
    """Return the side of a version, which is called as ``v4``.

    Raises:
        GitmodelError: If its commit has no such model.
    """
    spec = load_model(repo, version.commit, version.model)
    return Side.of(f"v{version.version}", version.commit, spec)


@dataclass(frozen=True)
class Image:
    """A picture that the training itself has made, such as ``image/png``, at one revision."""

    revision: str
    kind: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Plot:
    """A plot, all its revisions in one picture.

    Attributes:
        name: Its path in the model's folder, or its id in ``dvc.yaml``.
        title: What it is headed by.
        template: Of DVC, such as ``linear`` or ``confusion``; the name of one of the repository; "": images.
        spec: In Vega-Lite, with its data; ``None``: there is nothing to draw, or it consists of images.
        revisions: Those that have it, in the order that was asked for.
        rows: The points, each with its revision in the column ``rev``.
        x, y: The columns that are drawn.
        images: The pictures, where it consists of such.
        notes: What is missing or left out, in words.
    """

    name: str
    title: str
    template: str = ""
    spec: dict[str, Any] | None = None
    revisions: tuple[str, ...] = ()
    rows: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    x: str = ""
    y: str = ""
    images: tuple[Image, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, str]:
        """What the axes are called."""
        return _label(self.x), _label(self.y)


def _label(column: str) -> str:
    return {"dvc_inferred_x_value": "x", "dvc_inferred_y_value": "y"}.get(column, column)
