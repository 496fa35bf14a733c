"""Which versions are due in an environment: those just made, and those whose turn was lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gitmodel.delivery.outcomes import DONE, read_outcomes, was_refused
from gitmodel.errors import GitmodelError
from gitmodel.git.commits import read_log
from gitmodel.git.refs import default_rev, resolve
from gitmodel.git.repository import Repository
from gitmodel.pipelines.planning import model_names
from gitmodel.pipelines.releasing import goes_to
from gitmodel.pipelines.telling import Say
from gitmodel.registry.desired import Desired, read_desired
from gitmodel.registry.environments import env_tip
from gitmodel.registry.names import number_key
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version
from gitmodel.spec import EnvironmentSpec, ModelSpec, load_model

_LOOKED_BACK = 200


@dataclass(frozen=True)
class Due:
    """A version to take to an environment, and why."""

    version: Version
    spec: ModelSpec
    reason: str


def due_versions(
    repo: Repository, environment: EnvironmentSpec, names: Sequence[str], *, catch_up: bool, say: Say
) -> list[Due]:
    """Return the versions that are due.

    A forge that runs one deployment of an environment at a time may drop one that waits. So beside the
    versions that are named, the newest of each other model is due if it was registered after the last
    decision about its model there, and nobody has refused it.

    Args:
        repo: The repository.
        environment: Where to.
        names: Versions that are named.
        catch_up: Look also for those whose turn was lost.
        say: Told what must wait.
    """
    registry = Registry(repo)
    wanted = read_desired(repo, environment.name)
    named = [registry.version(name) for name in dict.fromkeys(names)]
    due = [Due(version, load_model(repo, version.commit, version.model), "it is new") for version in named]
    if catch_up:
        known = {version.model for version in named}
        due += [
            item for item in _lost(repo, environment, registry, wanted) if item.version.model not in known
        ]
    ready = []
    for item in due:
        if not goes_to(item.spec, environment):
            continue
        if environment.after and not runs_in(repo, environment.after, item.version):
            say(f"[deliver] {item.version.name} does not run in {environment.after}: it waits")
            continue
        ready.append(item)
    return ready


def _lost(
    repo: Repository, environment: EnvironmentSpec, registry: Registry, wanted: dict[str, Desired]
) -> list[Due]:
    rev = default_rev(repo)
    commit = resolve(repo, rev) if rev else None
    names = model_names(repo, commit) if commit else set()
    found = []
    for name, number in ((latest.model, latest.version) for latest in registry.latest()):
        desired = wanted.get(name)
        if name not in names or desired is None or not _is_higher(number, desired):
            continue
        try:
            version = registry.version(f"{name}:{number}")
            spec = load_model(repo, version.commit, name)
        except GitmodelError:
            continue  # `doctor` names what cannot be read
        if _is_later(version, desired) and not was_refused(repo, environment.name, version):
            found.append(Due(version, spec, "its turn was lost"))
    return found


def _is_higher(number: str, desired: Desired) -> bool:
    return bool(desired.version and not desired.hold) and number_key(number) > number_key(
        desired.version or ""
    )


def _is_later(version: Version, desired: Desired) -> bool:
    """Say whether a version was made after the last decision about its model."""
    if desired.promoted is None or not version.date:
        return False
    made = datetime.strptime(version.date, "%Y-%m-%d %H:%M:%S %z")
    return made > datetime.fromisoformat(desired.promoted.at)


def runs_in(repo: Repository, env: str, version: Version) -> bool:
    """Say whether an environment wants a version and its last deployment there was well."""
    tip = env_tip(repo, env)
    desired = read_desired(repo, env, tip).get(version.model) if tip else None
    if tip is None or desired is None or desired.object != version.object:
        return False
    commits = [commit.oid for commit in read_log(repo, tip, limit=_LOOKED_BACK)]
    mine = [
        each
        for each in read_outcomes(repo, commits)
        if (each.env, each.model, each.version) == (env, version.model, version.version)
    ]
    return bool(mine) and mine[0].outcome in DONE
