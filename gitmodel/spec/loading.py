"""Read specifications of a revision of a repository, bare or not."""

from collections.abc import Iterable
from typing import Any

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.spec import repository, yaml_source
from gitmodel.spec.dvc_yaml import declared_model
from gitmodel.spec.environment import FOLDER, EnvironmentSpec
from gitmodel.spec.model import ModelSpec
from gitmodel.spec.parsing import parse_environment, parse_model, parse_repository
from gitmodel.spec.problems import InvalidSpec, Problem, did_you_mean
from gitmodel.spec.repository import RepositorySpec
from gitmodel.spec.trees import (
    RevisionTree,
    Tree,
    environment_file,
    environment_files,
    model_files,
    site_files,
)


def load_repository(repo: Repository, rev: str | None) -> RepositorySpec:
    """Return the settings at a revision; the defaults where there is no ``gitmodel.yaml``.

    Raises:
        InvalidSpec: If it is not valid.
    """
    return read_settings(RevisionTree(repo, rev))


def read_settings(tree: Tree) -> RepositorySpec:
    """Return the settings in a tree; as for `load_repository`."""
    content = tree.read([repository.FILE])[repository.FILE]
    return RepositorySpec() if content is None else parse_repository(content, repository.FILE)


def load_models(repo: Repository, rev: str | None) -> list[ModelSpec]:
    """Return the models of a revision, sorted by name.

    Raises:
        InvalidSpec: If one of them is not valid, or two have one name.
    """
    specs: list[ModelSpec] = []
    problems: list[Problem] = []
    for file, content in _model_contents(repo, rev).items():
        try:
            specs.append(parse_model(content, file))
        except InvalidSpec as error:
            problems += error.problems
    if problems:
        raise InvalidSpec(problems)
    return _each_name_once(sorted(specs, key=lambda spec: spec.name))


def load_model(repo: Repository, rev: str | None, name: str) -> ModelSpec:
    """Return the model with that name at a revision; other models need not be valid.

    Without a model.yaml it is what dvc.yaml declares as an artifact of that name, as GTO's models are.

    Raises:
        InvalidSpec: If it is not valid, or two models have the name.
        UsageError: If there is no such model.
    """
    names: list[str] = []
    specs: list[ModelSpec] = []
    broken: list[Problem] = []
    for file, content in _model_contents(repo, rev).items():
        try:
            found = _peek(content, file)
        except InvalidSpec as error:
            broken += error.problems
            continue
        names.append(found)
        if found == name:
            specs.append(parse_model(content, file))
    if specs:
        return _each_name_once(specs)[0]
    if broken:
        raise InvalidSpec(broken)
    declared = declared_model(repo, rev, name)
    if declared:
        return declared
    raise _no_such("model", name, rev, names)


def _model_contents(repo: Repository, rev: str | None) -> dict[str, bytes]:
    tree = RevisionTree(repo, rev)
    files = model_files(tree.paths(), load_repository(repo, rev))
    return {path: content for path, content in tree.read(files).items() if content is not None}


def _peek(content: bytes, file: str) -> str:
    """Return the name in a model file without checking the rest."""
    data: Any = yaml_source.parse(content, file).data
    return str(data.get("name", "")) if isinstance(data, dict) else ""


def _each_name_once(specs: list[ModelSpec]) -> list[ModelSpec]:
    by_name: dict[str, ModelSpec] = {}
    for spec in specs:
        first = by_name.setdefault(spec.name, spec)
        if first is not spec:
            found = f'"{spec.name}", which {first.file} has too'
            raise InvalidSpec([Problem(spec.file, 1, "name", found, "a name of its own for each model")])
    return specs


def load_environment(repo: Repository, rev: str | None, name: str) -> EnvironmentSpec:
    """Return an environment: of the revision, else of the files beside the repository.

    Raises:
        InvalidSpec: If its file is not valid.
        UsageError: If there is no such environment.
    """
    path = environment_file(name)
    content = RevisionTree(repo, rev).read([path])[path] if path else None
    if path and content is not None:
        return parse_environment(content, path)
    beside = site_files(repo)
    if name in beside:
        return parse_environment(beside[name].read_bytes(), str(beside[name]), site_local=True)
    known = [spec.name for spec in load_environments(repo, rev)]
    raise _no_such("environment", name, rev, known, _elsewhere(repo))


def load_environments(repo: Repository, rev: str | None) -> list[EnvironmentSpec]:
    """Return every environment, each one behind the one that it comes after.

    Raises:
        InvalidSpec: If a file is not valid.
    """
    tree = RevisionTree(repo, rev)
    specs = {spec.name: spec for spec in read_environments(tree, tree.paths())}
    for name, file in site_files(repo).items():
        if name not in specs:
            specs[name] = parse_environment(file.read_bytes(), str(file), site_local=True)
    return in_order(specs)


def read_environments(tree: Tree, paths: Iterable[str]) -> list[EnvironmentSpec]:
    """Return the environments of a tree, in order; arguments are the tree and its paths.

    Raises:
        InvalidSpec: If a file is not valid.
    """
    specs: dict[str, EnvironmentSpec] = {}
    problems: dict[str, list[Problem]] = {}
    for file, content in tree.read(environment_files(paths)).items():
        try:
            spec = parse_environment(content or b"", file)
            specs[spec.name] = spec
        except InvalidSpec as error:
            problems[file] = list(error.problems)
    for spec in specs.values():
        problems.pop(spec.inventory_path or "", None)  # an inventory whose name could be an environment's
    if problems:
        raise InvalidSpec([problem for found in problems.values() for problem in found])
    return in_order(specs)


def in_order(specs: dict[str, EnvironmentSpec]) -> list[EnvironmentSpec]:
    """Sort by the number of environments before each, then by name; a circle ends where it closes."""

    def before(spec: EnvironmentSpec) -> list[str]:
        way: list[str] = []
        while spec.after in specs and spec.after not in way:
            way.append(spec.after)
            spec = specs[spec.after]
        return way

    return sorted(specs.values(), key=lambda spec: (len(before(spec)), spec.name))


def _no_such(kind: str, name: str, rev: str | None, known: Iterable[str], also: str = "") -> UsageError:
    names = sorted(filter(None, known))
    where = f" at {rev}" if rev else ""
    listed = f"there are: {', '.join(names)}" if names else _NOTHING[kind]
    return UsageError(f'there is no {kind} "{name}"{where}', hint=did_you_mean(name, names) or listed + also)


def _elsewhere(repo: Repository) -> str:
    """Return where else an environment may be: of `site_files` a clone knows nothing."""
    remote = default_remote(repo)
    if remote is None:
        return ""
    url = repo.config(f"remote.{remote}.url") or ""
    server = url if url.startswith("/") else "<server>"
    return f"; one of the server itself, such as local, is reached there: `gitmodel -C {server} ...`"


_NOTHING = {
    "model": f"a model is a file models/<name>/model.yaml; {repository.FILE} can name other places",
    "environment": f"an environment is a file {FOLDER}/<name>.yaml",
}
