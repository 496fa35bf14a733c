"""The plan for a revision, before anything runs: only what the change concerns is read."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from gitmodel.errors import UsageError
from gitmodel.git.objects import changed_paths
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.plan import Touched, reasons
from gitmodel.pipelines.readers import reached
from gitmodel.pipelines.templates import read_yaml
from gitmodel.registry.names import MODEL
from gitmodel.spec import InvalidSpec, ModelSpec, Problem, load_repository, parse_model
from gitmodel.spec.repository import FILE
from gitmodel.spec.trees import RevisionTree, model_files


@dataclass(frozen=True)
class Change:
    """What lies between two commits: models to look at, and names of those that are no longer there."""

    touched: tuple[Touched, ...]
    gone: tuple[str, ...] = ()


def plan_revision(repo: Repository, rev: str, base: str | None) -> Change:
    """Return what a revision does to models.

    Args:
        repo: The repository.
        rev: The revision.
        base: What it is compared with; ``None``: every model of it is new.

    Raises:
        UsageError: If there is no such revision.
        InvalidSpec: If ``gitmodel.yaml`` is not valid.
    """
    return between(
        repo, existing_commit(repo, rev), existing_commit(repo, base) if base is not None else None
    )


def between(repo: Repository, commit: Oid, base: Oid | None) -> Change:
    """Return what lies between two commits; see `plan_revision`."""
    revision = _Revision(repo, commit)
    if base is None:
        return Change(_touched(revision, dict.fromkeys(revision.models, "it is new here")))
    paths = changed_paths(repo, base, commit)
    if not paths:
        return Change(())
    readers = reached(paths, revision.all_paths, revision.tree, RevisionTree(repo, base))
    found = reasons(revision.models, paths, readers)
    removed = FILE in paths or not revision.all_paths.issuperset(paths)
    gone = _gone(_Revision(repo, base), revision) if removed else ()
    return Change(_touched(revision, found), gone)


def _touched(revision: "_Revision", found: Mapping[str, str]) -> tuple[Touched, ...]:
    """Return the models of some files, by name, each with its reason."""
    texts = revision.tree.read(found)
    models = [_read(file, text or b"", found[file]) for file, text in sorted(texts.items())]
    return tuple(_each_name_once(sorted(models, key=lambda item: item.spec.name)))


def _read(file: str, text: bytes, reason: str) -> Touched:
    try:
        return Touched(parse_model(text, file), reason)
    except InvalidSpec as error:
        folder = posixpath.dirname(file)
        name = next(filter(MODEL.match, (_name(text), posixpath.basename(folder))), None)
        if name is None:  # there is nothing to call it by
            raise
        return Touched(ModelSpec(name, folder, file), f"{reason}, and {file} is not valid", error)


def _each_name_once(models: list[Touched]) -> list[Touched]:
    """Return the first model of each name; it is broken where others have the name."""
    found: dict[str, Touched] = {}
    for item in models:
        first = found.setdefault(item.spec.name, item)
        if first is not item and first.broken is None:
            shown = f'"{item.spec.name}", which {first.spec.file} has too'
            problem = Problem(item.spec.file, 1, "name", shown, "a name of its own for each model")
            found[item.spec.name] = replace(first, broken=InvalidSpec([problem]))
    return list(found.values())


def _gone(before: "_Revision", after: "_Revision") -> tuple[str, ...]:
    """Return the names of the models that are no longer there; one that moved is not gone."""
    lost = set(before.models) - set(after.models)
    new = set(after.models) - set(before.models) if lost else set()
    names = {_name(text) for text in before.tree.read(lost).values()}
    return tuple(sorted(names - {_name(text) for text in after.tree.read(new).values()} - {""}))


def model_names(repo: Repository, commit: Oid) -> set[str]:
    """Return the names of the models of a commit, whether or not all of them are valid."""
    revision = _Revision(repo, commit)
    return {_name(text) for text in revision.tree.read(revision.models).values()} - {""}


def _name(text: bytes | None) -> str:
    """Return the name in a model file, valid or not."""
    try:
        data = read_yaml(text or b"")
    except ValueError:
        return ""
    return str(data.get("name", "")) if isinstance(data, dict) else ""


@dataclass(frozen=True)
class _Revision:
    """The files of a commit, each kind read once and only if it is asked for."""

    repo: Repository
    commit: Oid

    @cached_property
    def tree(self) -> RevisionTree:
        return RevisionTree(self.repo, self.commit)

    @cached_property
    def paths(self) -> list[str]:
        return self.tree.paths()

    @cached_property
    def all_paths(self) -> frozenset[str]:
        return frozenset(self.paths)

    @cached_property
    def models(self) -> list[str]:
        return model_files(self.paths, load_repository(self.repo, self.commit))


def existing_commit(repo: Repository, rev: str) -> Oid:
    """Return the commit that a revision stands for.

    Raises:
        UsageError: If there is none.
    """
    commit = resolve(repo, rev)
    if commit is None:
        raise UsageError(f"there is no commit {rev!r}", hint="see `git branch --all` and `git tag`")
    return commit
