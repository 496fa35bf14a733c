"""A stage that failed: what is known of it, and its inputs brought together once more."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmodel.errors import ToolFailed
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.training.digest import read_parameters
from gitmodel.training.pipeline import Dvc, open_dvc

_NAMED = re.compile(r"failed to reproduce '([^']+)'")


@dataclass(frozen=True)
class Stopped:
    """A stage that failed; paths are from the top of the repository.

    Attributes:
        file: Its ``dvc.yaml``.
        name: Its name there.
        command: The lines that it runs.
        folder: The folder that it runs in; "" is the top.
        inputs: The files and folders that it reads.
        parameters: Values of the parameters that it reads, by file.
        locks: The ``dvc.lock`` files as they were then: what the stages before it have made.
        executed: The notebook that it ran, as far as it came.
    """

    file: str
    name: str
    command: str
    folder: str
    inputs: tuple[str, ...]
    parameters: dict[str, dict[str, Any]]
    locks: dict[str, str]
    executed: bytes | None = None


class StageFailed(ToolFailed):
    """A stage of a pipeline failed; ``stopped`` says which, where DVC tells it."""

    stopped: Stopped | None = None


def stage_failed(dvc: Dvc, error: ToolFailed) -> StageFailed:
    """Return the error of a pipeline that stopped, with what its work tree still knows of the stage."""
    failed = StageFailed(error.message, hint=error.hint, detail=error.detail)
    named = _NAMED.search(str(error.__cause__))
    stages = dvc.repo.index.stages
    stage = next((each for each in stages if named and each.addressing == named[1]), None)
    if stage is None:
        return failed
    executed = [Path(out.fs_path) for out in stage.outs if str(out.fs_path).endswith(".ipynb")]
    locks = sorted({Path(each.path).with_name("dvc.lock") for each in stages})
    folder = dvc.relative(stage.wdir)
    failed.stopped = Stopped(
        dvc.relative(stage.path),
        str(stage.name),
        "\n".join(map(str, stage.cmd if isinstance(stage.cmd, list) else [stage.cmd or ""])),
        "" if folder == "." else folder,
        tuple(dvc.relative(dep.fs_path) for dep in stage.deps if not hasattr(dep, "params")),
        read_parameters(dvc, stage),
        {dvc.relative(str(lock)): lock.read_text("utf-8") for lock in locks if lock.is_file()},
        next((file.read_bytes() for file in executed if file.is_file()), None),
    )
    return failed


def prepare(
    repo: Repository, version: Version, inputs: Sequence[str], locks: Mapping[str, str], folder: Path
) -> Path:
    """Check the commit of a failed training out, with the inputs of the stage that failed.

    They come from DVC's cache; what is not there is made by the stages that make it. A folder that was made
    so before is taken as it is.

    Args:
        repo: The repository.
        version: The model at that commit, as if it were a version.
        inputs: What the stage reads, from the top of the repository.
        locks: The ``dvc.lock`` files as the failed training has left them, by path.
        folder: Where to.

    Raises:
        ToolFailed: If an input cannot be had, or a stage that makes one fails.
    """
    from gitmodel.training.checkout import checkout  # which the reading of models would pay for

    if (folder / ".git").is_file() and resolve(Repository.open(folder), "HEAD") == version.commit:
        tree = folder.resolve()
    else:
        with _quietly():  # what is not there is made below
            tree = checkout(repo, version, to=folder).folder
        for path, text in locks.items():
            (tree / path).write_text(text, "utf-8")
    if all((tree / path).exists() for path in inputs):
        return tree
    with open_dvc(repo, tree) as dvc:
        makers = [
            (stage, [dvc.relative(out.fs_path) for out in stage.outs]) for stage in dvc.repo.index.stages
        ]
        wanted = [(stage, outs) for stage, outs in makers if _touch(outs, inputs)]
        with _quietly():
            dvc.checkout([path for _, outs in wanted for path in outs])
        for stage, outs in wanted:
            if not all((tree / path).exists() for path in outs):
                dvc.reproduce_stage(stage.addressing)
    missing = [path for path in inputs if not (tree / path).exists()]
    if missing:
        raise ToolFailed(
            f"inputs of the failed stage are nowhere to be had: {', '.join(missing)}",
            hint="`dvc push` them from where they still are",
        )
    return tree


@contextmanager
def _quietly() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _touch(outs: Sequence[str], inputs: Sequence[str]) -> bool:
    """Say whether some path of one list is one of the other, or in it, or holds it."""
    return any(f"{a}/".startswith(f"{b}/") or f"{b}/".startswith(f"{a}/") for a in outs for b in inputs)
