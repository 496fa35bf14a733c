"""Which versions are due in an environment: those that are asked for, and those whose turn was lost."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from gitmodel.delivery.outcomes import DONE, read_outcomes, was_decided
from gitmodel.errors import GitmodelError
from gitmodel.git.commits import read_log
from gitmodel.git.refs import default_rev, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.planning import model_names
from gitmodel.pipelines.releasing import goes_to
from gitmodel.pipelines.telling import Say
from gitmodel.registry.desired import Desired, read_desired
from gitmodel.registry.environments import env_tip, file_name
from gitmodel.registry.names import number_key
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version
from gitmodel.spec import EnvironmentSpec, ModelSpec, load_model

_LOOKED_BACK = 200


@dataclass(frozen=True)
class Wanted:
    """What a delivery is to bring.

    Attributes:
        names: Versions, as people write them.
        asked: Whether a person named them: then they go also where automation would not take them.
        older: Whether one may take the place of a newer one.
        catch_up: Whether to bring those whose turn was lost, too.
    """

    names: Sequence[str]
    asked: bool = False
    older: bool = False
    catch_up: bool = False


@dataclass(frozen=True)
class Due:
    """A version to take to an environment, and why."""

    version: Version
    spec: ModelSpec
    reason: str


def due_versions(repo: Repository, environment: EnvironmentSpec, wanted: Wanted, say: Say) -> list[Due]:
    """Return the versions that are due.

    A forge that runs one deployment of an environment at a time may drop one that waits. So beside the
    versions that are named, the newest of each other model is due if it was made since there is the
    environment, is newer than what is there, and nothing was decided about it there: it was neither
    promoted, nor proposed, nor refused.

    Args:
        repo: The repository.
        environment: Where to.
        wanted: What is to be brought.
        say: Told what is passed over.
    """
    registry = Registry(repo)
    there = read_desired(repo, environment.name)
    due, known = [], set()
    for version in [registry.version(name) for name in dict.fromkeys(wanted.names)]:
        known.add(version.model)
        desired = there.get(version.model)
        spec = load_model(repo, version.commit, version.model)
        if not wanted.asked and not goes_to(spec, environment):
            continue
        is_same = desired is not None and desired.object == version.object
        if not (wanted.asked or wanted.older or is_same or _is_higher(version.version, desired)):
            say(f"[deliver] {version.name} is older than what {environment.name} has: it stays away")
            continue
        due.append(Due(version, spec, "it is asked for" if wanted.asked else "it is new"))
    return due + (_lost(repo, environment, registry, known) if wanted.catch_up else [])


def _is_higher(number: str, desired: Desired | None) -> bool:
    return not desired or not desired.version or number_key(number) > number_key(desired.version)


def _lost(
    repo: Repository, environment: EnvironmentSpec, registry: Registry, known: Collection[str]
) -> list[Due]:
    tip, rev = env_tip(repo, environment.name), default_rev(repo)
    commit = resolve(repo, rev) if rev else None
    if tip is None or commit is None:
        return []
    there = read_desired(repo, environment.name, tip)
    begun = datetime.fromisoformat(read_log(repo, tip)[-1].date)
    names = model_names(repo, commit) - set(known)
    found = []
    for latest in registry.latest():
        name, desired = latest.model, there.get(latest.model)
        if name not in names or not _is_higher(latest.version, desired) or (desired and desired.hold):
            continue
        try:
            version = registry.version(f"{name}:{latest.version}")
            spec = load_model(repo, version.commit, name)
        except GitmodelError:
            continue  # `doctor` names what cannot be read
        late = not version.date or _made(version) <= begun
        if late or _was_there(repo, tip, version) or was_decided(repo, environment.name, version):
            continue
        if goes_to(spec, environment):
            found.append(Due(version, spec, "its turn was lost"))
    return found


def _made(version: Version) -> datetime:
    return datetime.strptime(version.date, "%Y-%m-%d %H:%M:%S %z")


def _was_there(repo: Repository, tip: Oid, version: Version) -> bool:
    """Say whether an environment's branch has ever named a version; who reverted that does not want it."""
    line = f"^version:[ ]*['\"]?{re.escape(version.version)}['\"]?[ ]*$"
    return bool(
        repo.git("log", "--format=%H", "--max-count=1", "-G", line, tip, "--", file_name(version.model))
    )


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
