"""Refresh the data of a model by schedule: onto the default branch, or into a pull request."""

from dataclasses import dataclass

from gitmodel.errors import Conflict, ToolFailed, UsageError
from gitmodel.git.commits import commit_files
from gitmodel.git.refs import default_branch, read_ref
from gitmodel.git.remotes import advance, publish
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.pipelines import steps
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.reviewing import review
from gitmodel.pipelines.telling import Say
from gitmodel.registry.names import model_key
from gitmodel.registry.registry import Registry
from gitmodel.reports.proposal import retrained_text
from gitmodel.spec import ModelSpec
from gitmodel.training.imports import update_imports


@dataclass(frozen=True)
class Refreshed:
    """The commit to train; ``proposed``: its result was put into a pull request, nothing else follows."""

    commit: Oid
    proposed: bool = False


def refresh(job: Job, spec: ModelSpec, commit: Oid, say: Say) -> Refreshed:
    """Bring imported data up to date, and land that as the model wants it.

    New data must land on the default branch: else the next push would train without them.

    Raises:
        UsageError: If a pull request is wanted and there is no forge.
        ToolFailed: If a source, the remote or the forge does not answer.
    """
    repo = job.repo
    changes = update_imports(repo, spec, commit)
    for path in changes:
        say(f"[refresh] {spec.name}: {path} is new")
    if not changes:
        say(f"[refresh] {spec.name}: no imported data are new")
    if spec.retrain.mode == "pull_request":
        return _in_pull_request(job, spec, _commit(repo, spec, commit, changes), say)
    if not changes:
        return Refreshed(commit)
    branch = default_branch(repo)
    try:
        return Refreshed(_land(repo, spec, branch, changes))
    except Conflict:
        raise
    except ToolFailed as error:
        say(f"[refresh] {branch} takes no push, so the data come by pull request: {error.message}")
        for line in error.detail.splitlines():
            say(f"    {line}")
        return _in_pull_request(job, spec, _commit(repo, spec, commit, changes), say)


def _commit(repo: Repository, spec: ModelSpec, parent: Oid, changes: dict[str, bytes]) -> Oid:
    if not changes:
        return parent
    listed = "\n".join(changes)
    return commit_files(
        repo, parent=parent, changes=dict(changes), message=f"Refresh the data of {spec.name}\n\n{listed}\n"
    )


def _land(repo: Repository, spec: ModelSpec, branch: str, changes: dict[str, bytes]) -> Oid:
    """Put the change on top of the default branch, wherever that is by now."""

    def make(tip: Oid | None) -> Oid:
        if tip is None:
            raise UsageError(f"there is no branch {branch}")
        return _commit(repo, spec, tip, changes)

    landed = advance(repo, f"refs/heads/{branch}", make)
    assert landed is not None
    return landed


def _in_pull_request(job: Job, spec: ModelSpec, commit: Oid, say: Say) -> Refreshed:
    """Train, and propose the result where it is a new one."""
    repo = job.repo
    run = steps.train(repo, spec, commit, fresh=True, say=say)
    before = Registry(repo).versions(spec.name)
    base = default_branch(repo)
    tip = read_ref(repo, local_name(repo, f"refs/heads/{base}"))
    known = any(each.facts.run and each.facts.run.digest == run.result for each in before)
    if known or run.commit == tip:
        say(f"[refresh] {spec.name}: nothing new, so nothing is proposed")
        return Refreshed(commit, proposed=True)
    if job.forge is None:
        raise UsageError(
            f"{spec.file} wants a pull request, and there is no forge to open one",
            hint="run it in a job of the forge, or set `retrain: {mode: direct}`",
        )
    branch = f"retrain/{model_key(spec.name)}"
    ref = f"refs/heads/{branch}"
    publish(repo, [RefUpdate(ref, run.commit, read_ref(repo, local_name(repo, ref)))])
    title = f"Retrain {spec.name}"
    touched = [Touched(spec, f"it is time: {spec.retrain.schedule}")]
    found = review(repo, tip, run.commit, touched, say=say)
    request = job.forge.propose(branch, base, title, retrained_text(found, job.forge.comment_limit))
    say(f"[refresh] {spec.name}: proposed in {request.url}")
    return Refreshed(run.commit, proposed=True)
