"""Find everything that is wrong in the specification files of a models repository."""

import posixpath
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.spec import environment, paths, references, repository, yaml_source
from gitmodel.spec.build import build_repository
from gitmodel.spec.notebooks import notebooks_of, unclean
from gitmodel.spec.parsing import document_problems
from gitmodel.spec.problems import InvalidSpec, Problem
from gitmodel.spec.repository import RepositorySpec
from gitmodel.spec.schemas import Name
from gitmodel.spec.trees import FolderTree, RevisionTree, Tree, environment_files, model_files, site_files
from gitmodel.spec.yaml_source import Document

LOCAL = "local"  # the environment that every server repository comes with


@dataclass(frozen=True)
class Report:
    """Which files were looked at, and what is wrong in them."""

    files: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass
class _Found:
    """All specification files of a tree: parsed, by kind and path, or with the reason why not."""

    documents: dict[Name, dict[str, Document]] = field(default_factory=dict)
    unreadable: list[Problem] = field(default_factory=list)


def validate_tree(repo: Repository, rev: str, paths: Collection[str] | None = None) -> list[Problem]:
    """Return what is wrong in the specifications of a revision, sorted by file and line.

    Args:
        repo: The repository, bare or not.
        rev: The revision to read.
        paths: Only what a change of these files can have broken; default: everything.
    """
    if paths is not None and any(_concerns_all(path) for path in paths):
        paths = None
    if paths is not None and not any(path.endswith((".yaml", ".yml", ".ipynb")) for path in paths):
        return []  # no specification is among them, so the tree need not be listed
    return list(validate(RevisionTree(repo, rev), paths, also=site_files(repo)).problems)


def validate_revision(repo: Repository, rev: str) -> Report:
    """Validate the specifications of a revision, and say which files they are.

    Raises:
        UsageError: If there is no such revision.
    """
    if resolve(repo, rev) is None:
        raise UsageError(f'there is no revision "{rev}"', hint="see `git branch --all` and `git tag`")
    return validate(RevisionTree(repo, rev), also=site_files(repo))


def validate_here(start: Path, wanted: Sequence[Path] = (), rev: str | None = None) -> Report:
    """Validate the models repository that holds ``start``: its files on disk, or a revision.

    Args:
        start: A folder of the repository; it need not be a git repository for files on disk.
        wanted: Only these files and folders.
        rev: This revision instead of the files on disk; in a bare repository default HEAD.

    Raises:
        UsageError: If there is nothing to check, or no such path, revision or repository.
    """
    if rev is not None and wanted:
        raise UsageError("a revision is checked as a whole", hint="leave out the paths, or leave out --rev")
    if rev is None and (wanted or not _in_bare_repository(start)):
        report = validate_paths(find_root(wanted[0] if wanted else start), wanted)
    else:
        report = validate_revision(Repository.open(start), rev or "HEAD")
    if not report.files:
        raise UsageError(
            "there is no specification to check",
            hint="a model is a file models/<name>/model.yaml or model.yaml",
        )
    return report


def _in_bare_repository(start: Path) -> bool:
    try:
        return Repository.open(start).is_bare
    except UsageError:
        return False


def find_root(start: Path) -> Path:
    """Return the top of the models repository that holds ``start``; its own folder if there is none."""
    folder = start.absolute() if start.is_dir() else start.absolute().parent
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists() or (candidate / repository.FILE).is_file():
            return candidate
    return folder


def _concerns_all(path: str) -> bool:
    return path == repository.FILE or bool(environment_files([path]))


def validate_paths(root: Path, wanted: Iterable[Path] = ()) -> Report:
    """Validate specification files on disk.

    Args:
        root: Top of the models repository.
        wanted: Files and folders below it; default: everything. A file that no glob of ``gitmodel.yaml``
            names is checked as what its name says: an environment, ``gitmodel.yaml``, else a model.

    Raises:
        UsageError: If a path is not there, or not below ``root``.
    """
    tree = FolderTree(root)
    names = [_relative(root, path) for path in wanted]
    if not names or "." in names:
        return validate(tree)
    below = tuple(f"{name}/" for name in names)
    report = validate(tree, {path for path in tree.paths() if path in names or path.startswith(below)})
    strays = [name for name in names if name not in report.files and (root / name).is_file()]
    alone = {name: _alone(tree, name) for name in strays if not _is_inventory(name)}
    problems = [*report.problems, *(problem for found in alone.values() for problem in found)]
    return Report(tuple(sorted({*report.files, *alone})), _sorted(problems))


def _relative(root: Path, path: Path) -> str:
    if not path.exists():
        raise UsageError(f"{path} does not exist")
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise UsageError(f"{path} is not below {root}") from None


def _is_inventory(path: str) -> bool:
    return posixpath.dirname(path) == environment.FOLDER and not environment_files([path])


def _alone(tree: Tree, path: str) -> list[Problem]:
    """Check a file that the repository does not count among its specifications."""
    folder, name = posixpath.split(path)
    kind: Name = "gitmodel" if name == repository.FILE else "model"
    if posixpath.basename(folder) == environment.FOLDER:
        kind = "environment"
    documents, problems = _parse(tree, [path])
    return problems + [problem for item in documents.values() for problem in document_problems(kind, item)]


def validate(tree: Tree, only: Collection[str] | None = None, *, also: Iterable[str] = ()) -> Report:
    """Validate the specifications of a tree.

    Args:
        tree: Where they are.
        only: Report on these files alone (they are judged in view of all); default: all.
        also: Names of environments that exist outside the tree.
    """

    def selected(file: str) -> bool:
        return only is None or file in only

    found = _gather(tree)
    problems = [*found.unreadable]
    valid: dict[Name, dict[str, Document]] = {}
    for kind, documents in found.documents.items():
        chosen = {file: document for file, document in documents.items() if selected(file)}
        wrong = {file: document_problems(kind, document) for file, document in chosen.items()}
        problems += [problem for items in wrong.values() for problem in items]
        valid[kind] = {file: document for file, document in chosen.items() if not wrong[file]}
    problems += references.shared_names(found.documents["model"], selected)
    problems += _environment_references(found, valid, also)
    shown = [path for path in notebooks_of(found.documents["model"].values()) if selected(path)]
    held = {path: content for path, content in tree.read(shown).items() if content is not None}
    problems += [problem for path, content in held.items() if (problem := unclean(path, content))]
    files = {*(file for items in found.documents.values() for file in items)}
    files |= {*held, *(problem.file for problem in found.unreadable)}
    return Report(
        tuple(sorted(filter(selected, files))), _sorted(item for item in problems if selected(item.file))
    )


def _environment_references(
    found: _Found, valid: dict[Name, dict[str, Document]], also: Iterable[str]
) -> list[Problem]:
    if not found.documents["environment"]:
        return []  # they are all beside the repository, perhaps on another machine
    stems = {posixpath.basename(file).removesuffix(".yaml") for file in found.documents["environment"]}
    known = {*stems, *also, LOCAL}
    wrong = [
        item for model in valid["model"].values() for item in references.unknown_environments(model, known)
    ]
    return [*wrong, *references.order(valid["environment"], known)]


def _gather(tree: Tree) -> _Found:
    files = tree.paths()
    settings, unreadable = _parse(tree, [repository.FILE] if repository.FILE in files else [])
    settings = {file: _not_empty(document) for file, document in settings.items()}
    models, wrong_models = _parse(tree, model_files(files, _settings(settings)))
    environments, wrong = _parse(tree, environment_files(files))
    inventories = _inventories(environments.values())
    kept = {file: document for file, document in environments.items() if file not in inventories}
    unreadable += [*wrong_models, *(problem for problem in wrong if problem.file not in inventories)]
    return _Found({"gitmodel": settings, "model": models, "environment": kept}, unreadable)


def _parse(tree: Tree, files: Sequence[str]) -> tuple[dict[str, Document], list[Problem]]:
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for file, content in tree.read(files).items():
        try:
            documents[file] = yaml_source.parse(content or b"", file)
        except InvalidSpec as error:
            problems += error.problems
    return documents, problems


def _not_empty(document: Document) -> Document:
    """Take an empty ``gitmodel.yaml`` as one that sets nothing."""
    return document if document.data is not None else Document(document.file, {}, document.lines)


def _settings(documents: dict[str, Document]) -> RepositorySpec:
    """Return the settings, or the defaults where there are none or they are wrong."""
    for document in documents.values():
        if not document_problems("gitmodel", document):
            return build_repository(document.data)
    return RepositorySpec()


def _inventories(environments: Iterable[Document]) -> set[str]:
    """Return the files that environments name as their inventories: they are not environments."""
    found = set()
    for document in environments:
        inventory = document.data.get("inventory") if isinstance(document.data, dict) else None
        if isinstance(inventory, str):
            try:
                found.add(paths.within(environment.FOLDER, inventory))
            except InvalidFile:
                continue  # the file's own check tells
    return found


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.file, problem.line, problem.path)))
