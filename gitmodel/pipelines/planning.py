"""The plan for a revision, before anything runs: only what the change concerns is read."""

from dataclasses import dataclass
from functools import cached_property

from gitmodel.errors import UsageError
from gitmodel.git.objects import changed_paths
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.plan import Touched, reasons
from gitmodel.pipelines.readers import Pipelines, files_of, read_pipelines
from gitmodel.spec import load_models, load_repository, parse_model
from gitmodel.spec.trees import RevisionTree, model_files


def plan_revision(repo: Repository, rev: str, base: str | None) -> list[Touched]:
    """Return the models that a revision touches.

    Args:
        repo: The repository.
        rev: The revision.
        base: What it is compared with; ``None``: every model of it is new.

    Raises:
        UsageError: If there is no such revision.
        InvalidSpec: If a model that is touched is not valid.
    """
    return touched(repo, _commit(repo, rev), _commit(repo, base) if base is not None else None)


def touched(repo: Repository, commit: Oid, base: Oid | None) -> list[Touched]:
    """Return the models that lie between two commits, by name; see `plan_revision`."""
    if base is None:
        return [Touched(spec, "it is new here") for spec in load_models(repo, commit)]
    paths = changed_paths(repo, base, commit)
    if not paths:
        return []
    revision = _Revision(repo, commit)
    found = reasons(revision.models, paths, revision.pipelines)
    texts = revision.tree.read(list(found))
    specs = [parse_model(text or b"", file) for file, text in texts.items()]
    return sorted((Touched(spec, found[spec.file]) for spec in specs), key=lambda item: item.spec.name)


def gone(repo: Repository, commit: Oid, base: Oid) -> list[str]:
    """Return the names of the models that a change removes; one that moved is not gone."""
    before, after = _Revision(repo, base), _Revision(repo, commit)
    lost = set(before.models) - set(after.models)
    if not lost:
        return []
    names = {_name(text) for text in before.tree.read(lost).values()}
    new = set(after.models) - set(before.models)
    return sorted(names - {_name(text) for text in after.tree.read(new).values()} - {""})


def _name(text: bytes | None) -> str:
    """Return the name in a model file, valid or not."""
    from gitmodel.errors import GitmodelError
    from gitmodel.spec import yaml_source

    try:
        data = yaml_source.parse(text or b"", "model.yaml").data
    except GitmodelError:
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
    def models(self) -> list[str]:
        return model_files(self.paths, load_repository(self.repo, self.commit))

    @cached_property
    def pipelines(self) -> Pipelines:
        return read_pipelines(self.tree.read(files_of(self.paths)), self.paths)


def _commit(repo: Repository, rev: str) -> Oid:
    commit = resolve(repo, rev)
    if commit is None:
        raise UsageError(f"there is no commit {rev!r}", hint="see `git branch --all` and `git tag`")
    return commit
