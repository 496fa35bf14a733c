"""Make labelled predictions rows of a model's data: committed to the default branch, or proposed."""

import hashlib
import posixpath
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from gitmodel import clock
from gitmodel.delivery.collecting import complete_until, live_folder
from gitmodel.delivery.locks import environment_lock
from gitmodel.errors import Conflict, GitmodelError, ToolFailed, UsageError
from gitmodel.git.commits import commit_files
from gitmodel.git.objects import read_file
from gitmodel.git.refs import default_branch, default_rev, read_ref
from gitmodel.git.remotes import advance, fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.pipelines.forgetting import forget
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.labelled import NUMERIC, Labelled, read_labelled
from gitmodel.pipelines.partitions import ID, read_ids, write_partition
from gitmodel.pipelines.taken_out import ENDING, added_line, find_taken_out
from gitmodel.pipelines.telling import Say, tell_error
from gitmodel.registry.names import model_key
from gitmodel.spec import ModelSpec, load_models
from gitmodel.spec.model import FeedbackSpec
from gitmodel.training.adding import add_files, folder_files
from gitmodel.training.data_lock import using_data
from gitmodel.training.keeping import share_file

HOLDOUT = "holdout"
_NAMED = 3  # labels that cannot be
_SHOWN = 40  # characters of one


@dataclass(frozen=True)
class Appended:
    """What became of a model's labels.

    Attributes:
        model: Its name.
        rows: New rows for training.
        held_out: New rows that are never trained on.
        broken: Lines that could not be read.
        odd: Labels of another kind than the others.
        unfit: Labels that are no class of the model, or no number for a regression.
        commit: What the default branch got; "" where nothing is new, or it is proposed.
        proposed: The URL of the pull request; "" where there is none.
    """

    model: str
    rows: int = 0
    held_out: int = 0
    broken: int = 0
    odd: int = 0
    unfit: int = 0
    commit: str = ""
    proposed: str = ""


@dataclass(frozen=True)
class _Source:
    """Where rows come from and go to."""

    repo: Repository
    env: str
    spec: ModelSpec
    feedback: FeedbackSpec
    target: str
    workspace: Path

    @property
    def path(self) -> str:
        """The folder of the rows, from the top of the repository."""
        return self.spec.path(self.feedback.append_to)


def append_all(job: Job, env: str, model: str, say: Say) -> tuple[list[Appended], int]:
    """Append what was collected of an environment to the data of its models, those that want it.

    Args:
        job: The repository, and the forge where rows are proposed.
        env: Name of the environment.
        model: Only this one; "": all.
        say: Told what is done.

    Returns:
        What became of each model, and the exit code: one that fails keeps none of the others waiting.

    Raises:
        ToolFailed: If the remote does not answer.
    """
    repo, folder = job.repo, live_folder(job.repo, env)
    done, code = [], 0
    with environment_lock(folder / ".append.lock", f"feedback of {env}", say):
        fetch(repo)
        specs = [each for each in load_models(repo, default_rev(repo)) if model in ("", each.name)]
        if not any(spec.feedback for spec in specs):
            say("[feedback] labels become no data: no model.yaml says `feedback: {append_to: FOLDER}`")
        for spec in specs:
            if spec.feedback is None:
                continue
            try:
                done.append(append(job, env, spec, spec.feedback, say))
            except GitmodelError as error:
                say(f"[feedback] {spec.name}:")
                code = max(code, tell_error(error, say))
    return done, code


def append(job: Job, env: str, spec: ModelSpec, feedback: FeedbackSpec, say: Say) -> Appended:
    """Append the labelled rows of one model that its data do not have yet.

    Raises:
        UsageError: If the model names no target, or the folder is no place for rows.
        ToolFailed: If a remote does not answer.
    """
    if spec.data is None or spec.data.target is None:
        hint = "write `data: {target: COLUMN}`: labels become that column"
        raise UsageError(f"{spec.file} has `feedback` and no target", hint=hint)
    folder = live_folder(job.repo, env)
    workspace = folder / ".append"
    shutil.rmtree(workspace, ignore_errors=True)  # what a killed one has left
    source = _Source(job.repo, env, spec, feedback, spec.data.target, workspace)
    with (
        using_data(job.repo),
        read_labelled(
            folder,
            spec.name,
            feedback,
            kind=spec.evaluate.kind if spec.evaluate else None,
            complete=_complete(source),
            workspace=workspace,
            say=say,
        ) as labelled,
    ):
        _tell_odd(spec, labelled, say)
        found = _publish(job, source, labelled, say)
        forget(folder, spec, labelled, partial(_known, job.repo, source.path, say))
    shutil.rmtree(workspace, ignore_errors=True)
    return found


def _odd(labelled: Labelled) -> tuple[int, int, int]:
    return labelled.broken, labelled.odd, labelled.unfit


def _tell_odd(spec: ModelSpec, labelled: Labelled, say: Say) -> None:
    broken, odd, unfit = _odd(labelled)
    if broken:
        say(f"[feedback] {spec.name}: {broken} lines are broken and left out")
    if odd:
        say(f"[feedback] {spec.name}: {odd} labels are of another kind than most, and left out")
    if unfit:
        numeric = spec.evaluate is not None and spec.evaluate.kind in NUMERIC
        what = "numbers" if numeric else "classes of the model"
        named = ", ".join(repr(each)[:_SHOWN] for each in labelled.unfit_labels(_NAMED))
        say(f"[feedback] {spec.name}: {unfit} labels are not {what}, and left out: {named}")


def _known(repo: Repository, path: str, say: Say) -> Iterator[str]:
    """Yield the predictions that are data on the default branch now, or were taken out of it."""
    tip = read_ref(repo, local_name(repo, f"refs/heads/{default_branch(repo)}"))
    if tip:
        yield from _row_ids(folder_files(repo, tip, path))
        yield from find_taken_out(repo, tip, path, say)[0].ids


def _row_ids(files: Mapping[str, Path]) -> Iterator[str]:
    return read_ids(file for name, file in files.items() if name.endswith(".parquet"))


def _complete(source: _Source) -> datetime | None:
    """Return up to when all feedback is here: now at the latest, should a clock have jumped back."""
    found = complete_until(source.repo, source.env, source.spec.name)
    return found and min(found, clock.now())


def _publish(job: Job, source: _Source, labelled: Labelled, say: Say) -> Appended:
    if source.feedback.mode == "direct":
        try:
            return _land(source, labelled, say)
        except Conflict:
            raise
        except ToolFailed as error:
            if job.forge is None:
                raise
            say(f"[feedback] the rows come by pull request: {error.message}")
    return _propose(job, source, labelled, say)


def _land(source: _Source, labelled: Labelled, say: Say) -> Appended:
    """Put the rows on top of the default branch, wherever that is by now."""
    repo, ref = source.repo, f"refs/heads/{default_branch(source.repo)}"
    made = Appended(source.spec.name)

    def make(tip: Oid | None) -> Oid | None:
        nonlocal made
        made = _commit(source, labelled, tip, say)
        return Oid(made.commit) if made.commit else None

    checked_out = repo.root is not None and repo.git("rev-parse", "--symbolic-full-name", "HEAD") == (
        local_name(repo, ref)
    )
    ignore = posixpath.join(posixpath.dirname(source.path), ".gitignore")
    paths = [f"{source.path}.dvc", f"{source.path}{ENDING}", ignore]
    if checked_out and (changed := repo.changed_files(paths)):
        raise UsageError(f"{', '.join(changed)}: changed and not committed", hint="commit them first")
    landed = advance(repo, ref, make)
    if landed and checked_out:  # else the work tree would take the rows out again
        there = [path for path in paths if read_file(repo, landed, path) is not None]
        repo.git("restore", "--source", landed, "--staged", "--worktree", "--", *there)
    _tell(source, made, say)
    return made


def _propose(job: Job, source: _Source, labelled: Labelled, say: Say) -> Appended:
    """Put the rows on a branch of their own, always made anew from the default branch, and propose it."""
    repo, spec = source.repo, source.spec
    base = default_branch(repo)
    made = _commit(source, labelled, read_ref(repo, local_name(repo, f"refs/heads/{base}")), say)
    if not made.commit:
        _tell(source, made, say)
        return made
    if job.forge is None:
        raise UsageError(
            f"{spec.file} wants a pull request, and there is no forge to open one",
            hint="run it in a job of the forge, or set `feedback: {mode: direct}`",
        )
    branch = f"feedback/{model_key(spec.name)}"
    ref = f"refs/heads/{branch}"
    there = read_ref(repo, local_name(repo, ref))
    pointer = f"{source.path}.dvc"
    if there is None or read_file(repo, there, pointer) != read_file(repo, made.commit, pointer):
        publish(repo, [RefUpdate(ref, Oid(made.commit), there)])
    text = f"{_sentence(source, made)}. Merging this makes them data of the model.\n"
    request = job.forge.propose(branch, base, f"Add feedback to {spec.name}", text)
    say(f"[feedback] {spec.name}: proposed in {request.url}")
    return Appended(spec.name, made.rows, made.held_out, *_odd(labelled), proposed=request.url)


def _commit(source: _Source, labelled: Labelled, tip: Oid | None, say: Say) -> Appended:
    """Write the rows that a commit lacks, keep and share them by DVC, and store the commit that has them."""
    if tip is None:
        raise UsageError("the default branch has no commit yet")
    repo, spec, share = source.repo, source.spec, source.feedback.holdout
    known = folder_files(repo, tip, source.path)
    out, is_new = find_taken_out(repo, tip, source.path, say)
    labelled.leave_out(chain(_row_ids(known), out.ids))

    def part(*, held: bool) -> Iterator[dict[str, Any]]:
        rows = labelled.rows(source.target)
        return (row for row in rows if _is_held_out(str(row[ID]), share) == held)

    train = write_partition(lambda: part(held=False), source.workspace / "rows")
    test = write_partition(lambda: part(held=True), source.workspace / HOLDOUT) if share else None
    counts = (train[1] if train else 0, test[1] if test else 0, *_odd(labelled))
    if train is None and test is None:
        return Appended(spec.name, *counts)
    new = {train[0].name: train[0]} if train else {}
    new |= {f"{HOLDOUT}/{test[0].name}": test[0]} if test else {}
    digest, changes = add_files(repo, tip, source.path, {**known, **new})
    if is_new:
        changes[f"{source.path}{ENDING}"] = out.text()
    made = Appended(spec.name, *counts)
    message = f"{_sentence(source, made)}\n\n{added_line(repo, tip, source.path, digest)}\n"
    commit = commit_files(repo, parent=tip, changes=dict(changes), message=message)
    if not share_file(repo, commit, f"{source.path}.dvc"):
        say(f"[feedback] {spec.name}: there is no DVC remote, so the rows are on this machine alone")
    return Appended(spec.name, *counts, commit=commit)


def _is_held_out(prediction: str, share: float) -> bool:
    """Say whether a row is held out: the rows of one request are on one side, as they are alike."""
    request = prediction.rpartition("-")[0]
    digest = hashlib.sha256(request.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def _sentence(source: _Source, made: Appended) -> str:
    held = f", {made.held_out} of them held out" if made.held_out else ""
    return f"Add {made.rows + made.held_out} labelled rows of {source.env} to {source.spec.name}{held}"


def _tell(source: _Source, made: Appended, say: Say) -> None:
    news = f"{made.commit[:12]} {_sentence(source, made)}" if made.commit else "no new labelled rows"
    say(f"[feedback] {source.spec.name}: {news}")
