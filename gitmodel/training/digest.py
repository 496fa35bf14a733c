"""The digest of all that goes into a training, known before anything runs."""

import hashlib
import posixpath
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.objects import list_files
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import canonical_json
from gitmodel.spec import ModelSpec
from gitmodel.spec.repository import LOCK_FILES
from gitmodel.training.pipeline import Dvc


def inputs_digest(repo: Repository, commit: Oid, dvc: Dvc, stages: list[Any], spec: ModelSpec) -> str:
    """Return the sha256 of the inputs of some stages.

    What is hashed, as canonical JSON: of each stage its name, command, folder, outputs, the values of its
    parameters, and its dependencies (git's object id, DVC's md5; those that another stage makes only by
    name); and the files that lock the Python environment, in the model's folder and at the top.
    """
    made = {dvc.relative(out.fs_path) for stage in stages if not stage.is_data_source for out in stage.outs}
    given = {
        dvc.relative(out.fs_path): str(out.hash_info.value)
        for stage in stages
        if stage.is_data_source
        for out in stage.outs
    }
    if spec.feedback_path and not _git_id(repo, commit, spec.feedback_path):
        # It is a dependency also while nobody has given any.
        given.setdefault(spec.feedback_path, "")
    described = [
        _describe(repo, commit, dvc, stage, made, given) for stage in stages if not stage.is_data_source
    ]
    locks = {path: _git_id(repo, commit, path) for path in lock_files(repo, commit, spec.folder)}
    document = {"stages": described, "environment": locks}
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()


def _describe(  # noqa: PLR0917 - each is another source of facts
    repo: Repository, commit: Oid, dvc: Dvc, stage: Any, made: set[str], given: dict[str, str]
) -> dict[str, Any]:
    dependencies: dict[str, str] = {}
    for dep in stage.deps:
        if not hasattr(dep, "params"):
            path = dvc.relative(dep.fs_path)
            dependencies[path] = "" if _below(path, made) else _given_id(repo, commit, path, given)
    return {
        "name": dvc.relative(stage.path) + ":" + str(getattr(stage, "name", "")),
        "command": stage.cmd,
        "folder": dvc.relative(stage.wdir),
        "outputs": sorted(dvc.relative(out.fs_path) for out in stage.outs),
        "parameters": read_parameters(dvc, stage),
        "dependencies": dependencies,
    }


def read_parameters(dvc: Dvc, stage: Any) -> dict[str, dict[str, Any]]:
    """Return the parameters that a stage reads, by file.

    Raises:
        InvalidFile: If a parameter is missing or its file cannot be read.
    """
    from dvc.exceptions import DvcException

    values: dict[str, dict[str, Any]] = {}
    for dep in stage.deps:
        if hasattr(dep, "params"):
            try:
                values[dvc.relative(dep.fs_path)] = dict(dep.read_params())
            except DvcException as error:
                raise InvalidFile("parameters of the pipeline cannot be read", detail=str(error)) from error
    return values


def _below(path: str, folders: set[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _given_id(repo: Repository, commit: Oid, path: str, given: dict[str, str]) -> str:
    """Return what identifies a dependency that no stage makes."""
    for tracked, md5 in given.items():
        if path == tracked or path.startswith(f"{tracked}/"):
            return f"md5:{md5}"
    found = _git_id(repo, commit, path)
    if not found:
        raise InvalidFile(
            f"the pipeline depends on {path}, which neither git nor DVC tracks at {commit.short}",
            hint=f"`git add {path}`, or `dvc add {path}` where it is large",
        )
    return f"git:{found}"


def _git_id(repo: Repository, commit: Oid, path: str) -> str:
    done = repo.run("rev-parse", "--verify", "--quiet", f"{commit}:{path}", check=False)
    return done.text.strip()


def lock_files(repo: Repository, commit: Oid, folder: str) -> list[str]:
    """Return the files that lock the Python environment of a model, in its folder and at the top."""
    wanted = {posixpath.join(place, name) for place in ("", folder) for name in LOCK_FILES}
    return sorted(wanted & list_files(repo, commit).keys())
