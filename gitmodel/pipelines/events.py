"""What follows from an event of a forge: decided here, before anything runs."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gitmodel.errors import UsageError
from gitmodel.forges import Event
from gitmodel.git.refs import default_rev, merge_base, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.planning import between
from gitmodel.pipelines.releasing import environments_of
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import environments
from gitmodel.registry.names import check_model, split_tag
from gitmodel.registry.registry import Registry
from gitmodel.spec import ModelSpec, load_environments, load_model

_BRANCH, _TAG, _ENVIRONMENT = "refs/heads/", "refs/tags/", "refs/heads/env/"
ACTIONS = ("release", "retrain", "monitor", "deliver", "deploy", "reconcile", "rollback")
Live = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Plan:
    """What an event asks for.

    Attributes:
        action: ``report`` (train, and say what changes), ``release`` (train, register, deliver), ``deliver``
            (a version that is there), ``deploy``, ``rollback``, ``monitor``, or ``none``.
        models: The models to look at.
        version: The one version that it is about.
        environments: Where it goes, in order.
        reason: Why, where it is about no model in particular.
        gone: Models that are no longer there; nothing follows for them.
        monitored: Environments with the models that are watched in each, beside the action.
        reconciled: Environments that are compared with their branches and mended, beside the action.
        fresh: Whether data are brought up to date first.
    """

    action: str
    models: tuple[Touched, ...] = ()
    version: str = ""
    environments: tuple[str, ...] = ()
    reason: str = ""
    gone: tuple[str, ...] = ()
    monitored: Live = ()
    reconciled: tuple[str, ...] = ()
    fresh: bool = False


def plan_event(repo: Repository, event: Event) -> Plan:
    """Decide what follows from an event.

    Raises:
        UsageError: If a person asked for something that there is not.
        InvalidSpec: If specifications are not valid.
    """
    decide = _DECIDED.get(event.kind)
    return decide(repo, event) if decide else Plan("none", reason="the pipeline of a pull request has ended")


def _pull_request(repo: Repository, event: Event) -> Plan:
    if event.closed:
        return Plan("none", reason="the pull request is closed")
    base = _fork(repo, event)
    change = between(repo, Oid(event.head), base)
    return Plan("report", change.touched, gone=change.gone)


def _fork(repo: Repository, event: Event) -> Oid | None:
    """Return where a pull request left its base; ``None``: they share nothing."""
    known = [name for name in (event.base, default_rev(repo)) if name and resolve(repo, name)]
    if not known:
        return None
    return merge_base(repo, known[0], event.head)


def base_of(repo: Repository, event: Event) -> Oid | None:
    """Return the commit that an event is compared with; ``None``: everything is new."""
    if event.kind == "pull_request":
        return _fork(repo, event)
    if event.base is None or resolve(repo, event.base) is None:
        return None
    # A branch that was pushed anew: what it lost may be what has changed.
    return Oid(event.base)


def _push(repo: Repository, event: Event) -> Plan:
    if event.ref != _BRANCH + event.default_branch:
        return Plan("none", reason="only the default branch is released; others have pull requests")
    base = base_of(repo, event)
    change = between(repo, Oid(event.head), base)
    environments = _environments(repo, [item.spec for item in change.touched])
    return Plan("release", change.touched, environments=environments, gone=change.gone)


def _tag(repo: Repository, event: Event) -> Plan:
    tag = event.ref.removeprefix(_TAG)
    if split_tag(tag) is None:
        return Plan("none", reason=f"the tag {tag} names no version")
    return _version(repo, tag, "it was tagged")


def _version(repo: Repository, ref: str, reason: str, environment: str = "") -> Plan:
    version = Registry(repo).version(ref)
    spec = load_model(repo, version.commit, version.model)
    if spec.deploy.environments == () and not environment:  # it is not even loaded: a pickle would run
        return Plan("none", reason=f"the model of {version.name} names no environment; a person promotes it")
    names = _environments(repo, [spec]) if not environment else (environment,)
    return Plan("deliver", (Touched(spec, reason),), version.name, names)


def _schedule(repo: Repository, event: Event) -> Plan:
    wanted = " ".join((event.schedule or "").split())
    known = _models(repo, event.head)
    specs = [spec for spec in known if spec.retrain.cron and wanted in (spec.name, spec.retrain.cron)]
    models = tuple(Touched(spec, f"it is time: {spec.retrain.schedule}") for spec in specs)
    watched = live(repo, [spec for spec in known if spec.monitor.cron and spec.monitor.cron == wanted])
    places = load_environments(repo, default_rev(repo))
    mended = tuple(spec.name for spec in places if spec.reconcile.cron and spec.reconcile.cron == wanted)
    if not models and not watched and not mended:
        return Plan("none", reason=f"no model has the schedule {wanted!r}, or none of them is live")
    return Plan(
        "release" if models else "monitor" if watched else "reconcile",
        models,
        environments=_environments(repo, specs),
        reason="it is time",
        monitored=watched,
        reconciled=mended,
        fresh=True,
    )


def live(repo: Repository, specs: Sequence[ModelSpec], environment: str = "") -> Live:
    """Return the environments where some of the models are live, each with those; or only the one named."""
    names = [environment] if environment else environments(repo)
    wanted = {env: read_desired(repo, env) for env in names}
    found = (
        (env, tuple(sorted(spec.name for spec in specs if (now := there.get(spec.name)) and now.version)))
        for env, there in wanted.items()
    )
    return tuple((env, models) for env, models in found if models)


def _environment(_repo: Repository, event: Event) -> Plan:
    name = event.ref.removeprefix(_ENVIRONMENT)
    return Plan("deploy", environments=(name,), reason=f"env/{name} has moved")


def _dispatch(repo: Repository, event: Event) -> Plan:
    if event.ref != _BRANCH + event.default_branch:
        raise UsageError(
            f"pipelines are started by hand from {event.default_branch} only, not from {event.ref}",
            hint=f"choose the branch {event.default_branch}; name another version as input",
        )
    action = event.inputs.get("action", "release")
    if action not in ACTIONS:
        raise UsageError(f"there is no action {action!r}", hint=f"there are: {', '.join(ACTIONS)}")
    model, environment = event.inputs.get("model", ""), event.inputs.get("environment", "")
    known = [spec.name for spec in load_environments(repo, default_rev(repo))]
    if environment and environment not in known:
        raise UsageError(f"there is no environment {environment!r}", hint=f"there are: {', '.join(known)}")
    reason = f"{event.actor or 'a person'} asked for it"
    chosen = (environment,) if environment else tuple(known)
    if action in ("deploy", "reconcile"):
        plan = Plan(action, reason=reason)
        return replace(plan, environments=chosen) if action == "deploy" else replace(plan, reconciled=chosen)
    specs = _chosen(repo, event.head, model)
    if action == "monitor":
        watched = live(repo, specs, environment)
        return Plan("monitor" if watched else "none", reason=_seen(watched, reason), monitored=watched)
    if action in ("release", "retrain"):
        models = tuple(Touched(spec, reason) for spec in specs)
        names = (environment,) if environment else _environments(repo, specs)
        return Plan("release", models, environments=names, reason=reason, fresh=action == "retrain")
    if len(specs) != 1:
        raise UsageError(f"which model is to {action}?", hint="name it as input")
    version = event.inputs.get("version", "")
    if action == "rollback":
        if not environment:
            raise UsageError("roll back in which environment?", hint="name it as input")
        models = (Touched(specs[0], reason),)
        return Plan("rollback", models, version, (environment,), reason=reason)
    return _version(repo, f"{specs[0].name}:{_plain(version) or 'latest'}", reason, environment)


def _seen(watched: Live, reason: str) -> str:
    return reason if watched else f"{reason}, and nothing of it is live"


def _plain(version: str) -> str:
    """Return the number in what a person wrote: ``v4`` or ``credit-risk@v4`` is 4."""
    return re.sub(r"^(.*@)?v?", "", version.rpartition(":")[2].strip())


def _chosen(repo: Repository, head: str, model: str) -> list[ModelSpec]:
    specs = _models(repo, head)
    if not model:
        return specs
    found = [spec for spec in specs if spec.name == check_model(model)]
    if not found:
        raise UsageError(
            f"there is no model {model!r}", hint=f"there are: {', '.join(spec.name for spec in specs)}"
        )
    return found


def _models(repo: Repository, head: str) -> list[ModelSpec]:
    """Return all models of a commit; one that is not valid has only its name, and its job fails."""
    return [item.spec for item in between(repo, Oid(head), None).touched]


def _environments(repo: Repository, specs: list[ModelSpec]) -> tuple[str, ...]:
    return tuple(environment.name for environment in environments_of(repo, specs))


_DECIDED: Mapping[str, Callable[[Repository, Event], Plan]] = {
    "pull_request": _pull_request,
    "push": _push,
    "tag": _tag,
    "schedule": _schedule,
    "environment": _environment,
    "dispatch": _dispatch,
}
