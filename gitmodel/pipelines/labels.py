"""Bring the newest labels into the data of a model, before it is trained on them."""

from functools import partial

from gitmodel.delivery.collecting import collect
from gitmodel.git.following import follow_remote
from gitmodel.git.refs import default_rev, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.events import live
from gitmodel.pipelines.feedback import append_all
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.telling import Say, guarded
from gitmodel.spec import ModelSpec


def newest_labels(job: Job, spec: ModelSpec, say: Say) -> Oid | None:
    """Collect what is known of a model's predictions where it is live, and append it to its data.

    What cannot be collected is told, and stops nothing: older data are data.

    Returns:
        The newest commit of the default branch; ``None`` where the model takes no feedback.
    """
    if spec.feedback is None:
        return None
    for env, _ in live(job.repo, [spec]):
        guarded(partial(_collect, job, spec, env, say), say)
    follow_remote(job.repo, say)
    rev = default_rev(job.repo)
    return resolve(job.repo, rev) if rev else None


def _collect(job: Job, spec: ModelSpec, env: str, say: Say) -> int:
    collect_from_hosts(job.repo, env, spec.name, say)
    return append_all(job, env, spec.name, say)[1]


def collect_from_hosts(repo: Repository, env: str, model: str, say: Say) -> bool:
    """Collect from the hosts of an environment, name those that are down; return whether there are any."""
    down = [host for host in collect(repo, env, sink=say, model=model) if host.problem]
    for host in down:
        say(f"[collect] {host.host}: {host.problem}")
    return bool(down)
