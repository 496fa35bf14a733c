"""Do what a schedule or an event asks for, on this machine: train a model anew, or watch it."""

import os
from collections.abc import Mapping
from datetime import datetime

from gitmodel.errors import UsageError
from gitmodel.git.following import follow_remote
from gitmodel.git.refs import default_rev
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from gitmodel.pipelines import releasing, steps
from gitmodel.pipelines.events import live
from gitmodel.pipelines.forge_of_remote import forge_of_remote
from gitmodel.pipelines.job import Job, without_tokens
from gitmodel.pipelines.labels import newest_labels
from gitmodel.pipelines.monitored import monitor
from gitmodel.pipelines.planning import existing_commit
from gitmodel.pipelines.refreshing import refresh
from gitmodel.pipelines.runs import Task
from gitmodel.pipelines.telling import Say
from gitmodel.spec import load_model, load_repository

VARIABLES = "environment"
_OTHERS = 0o077


def perform(repo: Repository, task: Task, say: Say) -> int:
    """Do it; return the exit code.

    Raises:
        UsageError: If there is no such model, or others can read the file of variables.
        ToolFailed: If a tool or a remote fails.
    """
    os.environ.update(read_variables(repo))
    provider = load_repository(repo, default_rev(repo)).ci.provider
    job = Job(repo, None, forge_of_remote(repo, provider, os.environ))
    with without_tokens():
        return _perform(job, task, say)


def _perform(job: Job, task: Task, say: Say) -> int:
    repo = job.repo
    fetch(repo)
    follow_remote(repo, say)
    if task.what == "reconcile":
        return releasing.reconcile(repo, task.environment, say)
    if task.what == "retrain":
        return retrain(job, task.model, say)
    moment = datetime.fromisoformat(task.at) if task.at else None
    spec = load_model(repo, default_rev(repo), task.model)
    places = [env for env, _ in live(repo, [spec], task.environment)]
    if not places:
        say(f"[monitor] {task.model} is live nowhere{f' in {task.environment}' * bool(task.environment)}")
    return max((monitor(job, env, [spec.name], say, now=moment) for env in places), default=0)


def retrain(job: Job, model: str, say: Say) -> int:
    """Bring labels and data up to date, train, register and deliver, as the pipelines of forges do.

    Returns:
        The exit code: 0, 1 where a gate or a hold said no, 3 where a deployment failed.
    """
    repo, rev = job.repo, default_rev(job.repo) or "HEAD"
    spec = load_model(repo, rev, model)
    commit = newest_labels(job, spec, say) or existing_commit(repo, rev)
    refreshed = refresh(job, spec, commit, say)
    if refreshed.proposed:
        return 0
    registered = steps.train_and_register(repo, spec, refreshed.commit, fresh=True, say=say)
    return releasing.release(repo, registered.version, spec, say)


def read_variables(repo: Repository) -> Mapping[str, str]:
    """Return the variables that tasks of this copy get: lines ``NAME=value`` of a file in the state folder.

    Raises:
        UsageError: If others can read it: it holds secrets.
    """
    file = repo.state / VARIABLES
    if not file.exists():
        return {}
    if file.stat().st_mode & _OTHERS:
        raise UsageError(f"others can read {file}, which holds secrets", hint=f"chmod 600 {file}")
    lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name.strip(): value.strip() for name, _, value in pairs}
