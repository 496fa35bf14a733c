"""What follows from a push: plan, train, register, gate, promote, deploy; the same for every engine."""

from collections.abc import Sequence
from functools import partial

from gitmodel.git.refs import default_branch, merge_base
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines import releasing, steps
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.planning import between
from gitmodel.pipelines.pushed import Pushed
from gitmodel.pipelines.telling import Say, guarded
from gitmodel.registry.names import split_tag
from gitmodel.registry.registry import Registry
from gitmodel.spec import load_model

_BRANCH, _TAG, _ENVIRONMENT = "refs/heads/", "refs/tags/", "refs/heads/env/"


def execute(repo: Repository, pushed: Sequence[Pushed], say: Say) -> int:
    """Do all that follows from a push, one ref after the other; a failure does not stop the others.

    Args:
        repo: The repository that was pushed to.
        pushed: The refs that moved.
        say: Told each step, a line at a time.

    Returns:
        0, or the exit code of the gravest failure.
    """
    code = 0
    for change in pushed:
        if change.new is not None:
            code = max(code, guarded(partial(_one, repo, change, say), say))
    return code


def _one(repo: Repository, change: Pushed, say: Say) -> int:
    assert change.new is not None
    if change.ref.startswith(_ENVIRONMENT):
        return _environment(repo, change.ref.removeprefix(_ENVIRONMENT), say)
    if change.ref.startswith(_TAG):
        return _tag(repo, change.ref.removeprefix(_TAG), say)
    if change.ref.startswith(_BRANCH):
        return _branch(repo, change, say)
    return 0


def _environment(repo: Repository, name: str, say: Say) -> int:
    """Bring an environment in line with its branch."""
    say(f"[deploy] {name}: its branch has moved")
    return releasing.bring_in_line(repo, name, say)


def _tag(repo: Repository, name: str, say: Say) -> int:
    """Release a version that a person tagged."""
    if split_tag(name) is None:
        return 0
    version = Registry(repo).version(name)
    say(f"[release] {version.name}: tagged by {version.tagger or 'a person'}")
    spec = load_model(repo, version.commit, version.model)
    if spec.deploy.environments == ():  # it is not even loaded, which for a pickle would run it
        say(f"[release] {version.name}: its model names no environment; a person promotes it")
        return 0
    return releasing.release(repo, version, spec, say)


def _branch(repo: Repository, change: Pushed, say: Say) -> int:
    assert change.new is not None
    default = _BRANCH + default_branch(repo)
    releases = change.ref == default
    base = change.old or (None if releases else merge_base(repo, default, change.new))
    plan = between(repo, change.new, base).touched
    if not plan:
        say("[plan] no model is touched")
    follow = _release if releases else _report
    acts = [partial(follow, repo, item, change.new, say) for item in plan]
    return max((guarded(act, say) for act in acts), default=0)


def _release(repo: Repository, item: Touched, commit: Oid, say: Say) -> int:
    """Train, register, gate, promote, deploy."""
    say(f"[plan] {item.spec.name}: {item.reason}")
    registered = steps.train_and_register(repo, item.checked(), commit, say=say)
    return releasing.release(repo, registered.version, item.spec, say)


def _report(repo: Repository, item: Touched, commit: Oid, say: Say) -> int:
    """Train and show what the branch does to the metrics; nothing is released from it."""
    say(f"[plan] {item.spec.name}: {item.reason}")
    run = steps.train(repo, item.checked(), commit, say=say)
    steps.report(repo, item.spec, run, say)
    return 0
