"""Which versions of a repository a store of MLflow has, whichever way they went."""

from collections.abc import Mapping

from gitmodel.exchange.marks import Mark, format_mark, parse_mark
from gitmodel.exchange.mlflow_import import OBJECT, REGISTRY, mark_of
from gitmodel.exchange.mlflow_store import Store
from gitmodel.git.repository import Repository
from gitmodel.git.tags import read_tags


def marks_of(repo: Repository) -> dict[str, Mark]:
    """Return what names those versions in MLflow that came from there, by tag."""
    marks = ((tag.name, parse_mark(tag.message)) for tag in read_tags(repo))
    return {
        name: mark for name, mark in marks if mark and mark.get("registry") == REGISTRY and "model" in mark
    }


def numbers_there(store: Store, theirs: str) -> dict[str, int]:
    """Return the versions that a model has there: numbers by tag object, and by the mark of an import."""
    found = {}
    for version in store.versions().get(theirs, ()):
        found[format_mark(mark_of(version))] = version.number
        if OBJECT in version.tags:
            found[version.tags[OBJECT]] = version.number
    return found


def find(there: Mapping[str, int], tag_object: str, mark: Mark | None) -> int | None:
    """Return the number there of a version here; ``None``: it is not there."""
    return there.get(tag_object) or (there.get(format_mark(mark)) if mark else None)
