"""Make an environment run what its branch says, and note what became of it."""

from collections.abc import Callable
from dataclasses import dataclass

from gitmodel.delivery.hosts import HostOutcome, RolloutFailed
from gitmodel.delivery.inventories import at_hosts
from gitmodel.delivery.outcomes import DONE, Outcome, format_outcome, read_outcomes
from gitmodel.delivery.release import package_version, release_of
from gitmodel.delivery.rollout import Rollout, down, roll_out_in_turn, turn
from gitmodel.delivery.target import Target, target_of
from gitmodel.errors import GitmodelError, InvalidFile, UsageError
from gitmodel.git.refs import default_rev
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import now
from gitmodel.registry.desired import Desired, read_desired
from gitmodel.registry.environments import DEPLOYMENTS_REF, env_tip
from gitmodel.registry.registry import Registry
from gitmodel.spec import load_environment

Sink = Callable[[str], None]


@dataclass(frozen=True)
class Deployed:
    """What became of one model; ``outcome`` is deployed, unchanged, checked or failed."""

    model: str
    version: str
    outcome: str
    url: str
    seconds: float
    reason: str = ""
    exit_code: int = 0
    hosts: tuple[HostOutcome, ...] = ()


def deploy(repo: Repository, env: str, *, by: str, sink: Sink, check: bool = False) -> list[Deployed]:
    """Roll out every model whose version in an environment is not the one that its branch names.

    One deployment at a time: what should run is read when it is this one's turn. A model that fails
    stays as it was, and the others are deployed all the same. Each outcome becomes a note on the
    branch's commit; ``unchanged`` only where nothing says yet that the model runs.

    Args:
        repo: The repository.
        env: Name of the environment.
        by: Who deploys.
        sink: Told each step, in a line.
        check: Only say what would change; no note is written.

    Raises:
        UsageError: If there is no such environment here, or nothing was promoted to it.
        ToolFailed: If the remote does not answer.
    """
    target = find_target(repo, env)
    with turn(target, f"a deployment of {env} by {by}", sink):
        fetch(repo)
        target = at_hosts(repo, target)
        tip = env_tip(repo, env)
        if tip is None:
            raise UsageError(f"nothing was promoted to {env} yet", hint="run `gitmodel promote`")
        wanted = [desired for desired in read_desired(repo, env, tip).values() if desired.version]
        done = [_one(repo, target, desired, sink, check=check) for desired in wanted]
        if not check:
            _note(repo, env, tip, by, done)
    return done


def take_down(repo: Repository, env: str, *, sink: Sink) -> bool:
    """Stop everything that an environment runs on this machine; say whether anything ran.

    Raises:
        UsageError: If there is no such environment here, or it is on other hosts.
        ToolFailed: If something does not end.
    """
    target = find_target(repo, env)
    if target.inventory:
        raise UsageError(f"{env} is on other hosts; only what runs on this machine is stopped")
    return down(target, sink=sink)


def find_target(repo: Repository, env: str) -> Target:
    """Return where an environment is.

    Raises:
        UsageError: If it is not defined on the default branch nor beside the repository.
    """
    return target_of(load_environment(repo, default_rev(repo), env), repo.state)


def _one(repo: Repository, target: Target, desired: Desired, sink: Sink, *, check: bool) -> Deployed:
    name, version = desired.model, str(desired.version)
    try:
        done = _roll_out(repo, target, desired, sink, check=check)
    except GitmodelError as error:
        sink(f"{name} v{version} to {target.name} failed: {error.message}")
        for line in (*error.detail.splitlines(), *([f"hint: {error.hint}"] if error.hint else [])):
            sink(f"    {line}")
        again = f"`gitmodel deploy {target.name}` tries again"
        back = f"`gitmodel rollback {name} {target.name}` returns to the version before, if there is one"
        sink(f"    hint: {again}; {back}")
        hosts = error.hosts if isinstance(error, RolloutFailed) else ()
        return Deployed(name, version, "failed", target.url(name), 0.0, error.message, error.exit_code, hosts)
    sink(f"{name} v{version} to {target.name}: {done.outcome}, {done.url}")
    return Deployed(name, version, done.outcome, done.url, done.seconds, hosts=done.hosts)


def _roll_out(repo: Repository, target: Target, desired: Desired, sink: Sink, *, check: bool) -> Rollout:
    found = Registry(repo).version(desired.tag or f"{desired.model}:{desired.version}")
    if desired.object is not None and found.object != desired.object:
        raise InvalidFile(
            f"the tag {found.tag} is not the one that was promoted to {target.name}",
            hint="a version's tag never moves: restore it, or promote the version again",
        )
    release = release_of(package_version(repo, found))
    return roll_out_in_turn(target, release, sink=sink, check=check)


def _note(repo: Repository, env: str, tip: Oid, by: str, done: list[Deployed]) -> None:
    known = {
        (outcome.model, outcome.version)
        for outcome in read_outcomes(repo, [tip])
        if outcome.outcome in DONE and outcome.env == env
    }
    lines = [
        format_outcome(
            Outcome(
                env,
                each.model,
                each.version,
                each.outcome,
                now(),
                by,
                round(each.seconds, 1),
                each.url,
                each.reason,
            )
        )
        for each in done
        if each.outcome != "unchanged" or (each.model, each.version) not in known
    ]
    if lines:
        publish(repo, [], {DEPLOYMENTS_REF: {tip: lines}})
