"""What the ``dvc.yaml`` files of a commit say, as plain values."""

import logging
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.objects import list_files
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.training.pipeline import Dvc, open_dvc
from gitmodel.training.sharing import words

FILE = "dvc.yaml"


@dataclass(frozen=True)
class Output:
    """What a stage makes: a path from the top of the repository, and what ``dvc.yaml`` says of it."""

    path: str
    is_metric: bool = False
    is_plot: bool = False
    is_cached: bool = True


@dataclass(frozen=True)
class Stage:
    """A stage; one of ``foreach`` or ``matrix`` has a name such as ``train@en``.

    Attributes:
        name: Its name in ``dvc.yaml``.
        command: The lines that it runs.
        deps: Files and folders that it reads, from the top of the repository.
        outs: What it makes.
        params: Values of the parameters that it reads, by file.
    """

    name: str
    command: str
    deps: tuple[str, ...] = ()
    outs: tuple[Output, ...] = ()
    params: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Artifact:
    """An entry of type ``model`` below ``artifacts:``."""

    name: str
    path: str
    description: str = ""


@dataclass(frozen=True)
class Pipeline:
    """A ``dvc.yaml`` with stages: its folder ("" is the top), the stages in the order in which they run."""

    folder: str
    stages: tuple[Stage, ...]
    metrics: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    untracked: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Its path from the top of the repository."""
        return posixpath.join(self.folder, FILE)


@dataclass(frozen=True)
class Project:
    """The pipelines of a commit, and why others cannot be read, by file."""

    pipelines: tuple[Pipeline, ...]
    unreadable: dict[str, str]
    has_remote: bool = False


def read_project(repo: Repository, commit: Oid) -> Project:
    """Read all pipelines of a commit through DVC, on a work tree of their own: the user's stays untouched.

    Raises:
        InvalidFile: If DVC's configuration is not valid, or the pipelines contradict each other.
        ToolFailed: If git cannot check the commit out.
    """
    from dvc.exceptions import DvcException

    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        logging.getLogger("dvc").setLevel(logging.ERROR)  # it warns of what is told here anyway
        unreadable: dict[str, str] = {}
        dvc.repo.stage_collection_error_handler = lambda path, error: unreadable.setdefault(
            dvc.relative(path), words(error)
        )
        try:
            ordered = _ordered(dvc)
            pipelines = _pipelines(dvc, ordered, set(list_files(repo, commit)))
        except DvcException as error:
            raise InvalidFile("the pipelines cannot be read together", detail=words(error)) from error
        return Project(tuple(pipelines), unreadable, dvc.has_remote)


def _ordered(dvc: Dvc) -> list[Any]:
    """Return all stages, each behind those that make what it reads, else as the files have them."""
    from networkx import lexicographical_topological_sort

    index = dvc.repo.index
    place = {stage: number for number, stage in enumerate(index.stages)}
    return [*lexicographical_topological_sort(index.graph.reverse(), key=place.__getitem__)]


def _pipelines(dvc: Dvc, ordered: list[Any], files: set[str]) -> Iterator[Pipeline]:
    own = [stage for stage in ordered if posixpath.basename(dvc.relative(stage.path)) == FILE]
    folders = sorted({posixpath.dirname(dvc.relative(stage.path)) for stage in own})
    made = {dvc.relative(out.fs_path) for stage in ordered for out in stage.outs}
    metrics = sorted(_declared_metrics(dvc))
    artifacts = [*_models(dvc)]
    for folder in folders:
        stages = [_stage(dvc, stage) for stage in own if dvc.relative(stage.path) == _file(folder)]
        read = {dep for stage in stages for dep in stage.deps}
        yield Pipeline(
            folder,
            tuple(stages),
            tuple(path for path in metrics if _nearest(path, folders) == folder),
            tuple(artifact for place, artifact in artifacts if _nearest(place, folders) == folder),
            tuple(sorted(dep for dep in read if not _is_tracked(dep, made, files))),
        )


def _file(folder: str) -> str:
    return posixpath.join(folder, FILE)


def _nearest(path: str, folders: list[str]) -> str | None:
    """Return the innermost of the folders that holds a path."""
    holding = [folder for folder in folders if not folder or path.startswith(f"{folder}/")]
    return max(holding, key=len, default=None)


def _is_tracked(path: str, made: set[str], files: set[str]) -> bool:
    above = [path]
    while posixpath.dirname(above[-1]):
        above.append(posixpath.dirname(above[-1]))
    return (
        any(part in made for part in above)
        or path in files
        or any(name.startswith(f"{path}/") for name in (*files, *made))
    )


def _stage(dvc: Dvc, stage: Any) -> Stage:
    lines = stage.cmd if isinstance(stage.cmd, list) else [stage.cmd or ""]
    given = [dep for dep in stage.deps if not hasattr(dep, "params")]
    read = [dep for dep in stage.deps if hasattr(dep, "params")]
    return Stage(
        str(stage.name),
        "\n".join(map(str, lines)),
        tuple(dvc.relative(dep.fs_path) for dep in given),
        tuple(
            Output(dvc.relative(out.fs_path), bool(out.metric), bool(out.plot), bool(out.use_cache))
            for out in stage.outs
        ),
        {dvc.relative(dep.fs_path): _values(dep) for dep in read},
    )


def _values(dep: Any) -> dict[str, Any]:
    from dvc.exceptions import DvcException

    try:
        return dict(dep.read_params())
    except DvcException:
        return dict.fromkeys(dep.params)  # the training tells which one is missing


def _declared_metrics(dvc: Dvc) -> Iterator[str]:
    """Yield the metrics files of stages and of the top level, from the top of the repository."""
    for keys in dvc.repo.index.metric_keys.values():
        yield from (posixpath.join(*key) for key in keys if key)


def _models(dvc: Dvc) -> Iterator[tuple[str, Artifact]]:
    """Yield each artifact that is a model, behind the path of the file that names it."""
    for file, artifacts in dvc.repo.artifacts.read().items():
        for name, artifact in artifacts.items():
            if artifact.type == "model" and "://" not in artifact.path:
                path = posixpath.normpath(posixpath.join(posixpath.dirname(file), artifact.path))
                yield file, Artifact(name, path, " ".join((artifact.desc or "").split()))
