"""Keep what is needed to look into a training that failed."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.notebooks.cells import write
from gitmodel.notebooks.failures import Failure, Failures, unused_id
from gitmodel.notebooks.of_failure import executed_name, failure_notebook
from gitmodel.pipelines.runs import RUNNING, Runs, now
from gitmodel.pipelines.tail import Tail, remembering
from gitmodel.registry.names import model_key
from gitmodel.spec import ModelSpec
from gitmodel.training.failed import StageFailed

Say = Callable[[str], None]
NOTEBOOKS = "notebooks"  # in the folder of a job's results
_LINES = 400


@contextmanager
def failures_kept(repo: Repository, spec: ModelSpec, commit: Oid, say: Say) -> Iterator[None]:
    """Keep a record and a notebook of a training that fails in the block; the error goes on as it is."""
    tail = Tail(os.environ, lines=_LINES)
    try:
        with remembering(tail):
            yield
    except (StageFailed, InvalidFile) as error:
        try:
            say(_keep(repo, spec, commit, error, tail))
        except Exception as problem:  # noqa: BLE001 - whatever it is, the failure itself is what people must see
            say(
                f"[train] {spec.name}: no notebook of the failure could be written: {tail.hide(str(problem))}"
            )
        raise


def _keep(
    repo: Repository, spec: ModelSpec, commit: Oid, error: StageFailed | InvalidFile, tail: Tail
) -> str:
    moment = now()
    stopped = error.stopped if isinstance(error, StageFailed) else None
    failure = Failure(
        unused_id(repo, f"{model_key(spec.name)}-{run_of_this_process(repo) or _stamp(moment)}"),
        spec.name,
        str(commit),
        moment,
        tail.hide(error.message),
        tail.hide(error.detail),
        tail.lines,
    )
    executed = None
    if stopped:
        failure = replace(
            failure,
            stage=stopped.name,
            command=stopped.command,
            folder=stopped.folder,
            inputs=stopped.inputs,
            parameters=stopped.parameters,
            locks=stopped.locks,
        )
        executed = stopped.executed and tail.hide(stopped.executed.decode("utf-8", "replace")).encode()
    place = Failures(repo).folder / failure.id
    content = failure_notebook(failure, repository=relative(repo, place), executed=executed)
    Failures(repo).keep(failure, content, executed)
    return f"[train] {spec.name}: `gitmodel notebook {failure.id}` looks into the failure"


def relative(repo: Repository, folder: Path) -> str:
    """Return the path from a folder to a repository."""
    return os.path.relpath(repo.workdir.resolve(), folder.resolve())


def run_of_this_process(repo: Repository) -> str:
    """Return the id of the run that this process carries out; "" where there is none."""
    running = (run for run in Runs(repo).all() if run.state == RUNNING and run.pid == os.getpid())
    return next((run.id for run in running), "")


def _stamp(moment: str) -> str:
    return moment[:19].replace("-", "").replace(":", "")


def hand_on(repo: Repository, model: str, known: set[str], folder: Path) -> str:
    """Put the notebook of a failure that was not known before where a forge keeps it.

    Args:
        repo: The repository.
        model: The model that failed.
        known: Ids of the failures that were there before.
        folder: The folder of the job's results.

    Returns:
        The name of the notebook; "" where none was written.
    """
    kept = Failures(repo)
    new = [each for each in kept.all() if each.model == model and each.id not in known]
    if not new:
        return ""
    failure = new[-1]
    executed = kept.executed(failure)
    content = executed.read_bytes() if executed else None
    # It is opened elsewhere: in a clone, beside its README.
    write(folder / NOTEBOOKS / failure.name, failure_notebook(failure, repository=".", executed=content))
    if executed:
        shutil.copyfile(executed, folder / NOTEBOOKS / executed_name(failure))
    return failure.name
