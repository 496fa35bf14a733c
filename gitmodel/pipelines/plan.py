"""Which models a push touches, and why: decided from paths alone; what follows is decided by digests."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitmodel.spec import ModelSpec

# Files that no training reads.
_WORDS = (".md", ".rst", ".gitignore", ".dvcignore", "LICENSE")
_APART = ("environments/", ".github/", ".gitlab/", "docs/")


@dataclass(frozen=True)
class Touched:
    """A model to look at, and the change that asks for it."""

    spec: ModelSpec
    reason: str


def touched(specs: Sequence[ModelSpec], paths: Iterable[str] | None) -> list[Touched]:
    """Return the models that a change of these paths touches.

    A path inside a model's folder touches that model; one that belongs to no model (shared code, the
    requirements) touches all, except documents, environments and the pipelines of a forge.

    Args:
        specs: All models of the revision.
        paths: What changed; ``None``: everything is new.
    """
    if paths is None:
        return [Touched(spec, "it is new here") for spec in specs]
    reasons: dict[str, str] = {}
    for path in paths:
        for spec in _owners(specs, path):
            reasons.setdefault(spec.name, f"{path} changed")
    return [Touched(spec, reasons[spec.name]) for spec in specs if spec.name in reasons]


def _owners(specs: Sequence[ModelSpec], path: str) -> Sequence[ModelSpec]:
    if path.endswith(_WORDS) or path.startswith(_APART):
        return ()
    inside = [spec for spec in specs if spec.folder and path.startswith(f"{spec.folder}/")]
    if inside:
        deepest = max(len(spec.folder) for spec in inside)
        return [spec for spec in inside if len(spec.folder) == deepest]
    root = [spec for spec in specs if not spec.folder]
    if root and posixpath.basename(path) == "model.yaml":
        return root
    return specs
