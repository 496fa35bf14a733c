"""Make an environment run what its branch says, and note what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gitmodel.delivery import wishes
from gitmodel.delivery.outcomes import DONE, Outcome, format_outcome, read_outcomes
from gitmodel.delivery.release import package_version, release_of
from gitmodel.delivery.rollout import Rollout, down, roll_out_in_turn, turn
from gitmodel.delivery.steps import StepOutcome
from gitmodel.delivery.strategy import Aborted, Manner
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
    """What became of one model; ``outcome`` is deployed, unchanged, checked, holding or failed.

    ``steps`` are those of a canary or shadow; where it is ``holding``, another deployment goes on.
    """

    model: str
    version: str
    outcome: str
    url: str
    seconds: float
    reason: str = ""
    exit_code: int = 0
    steps: tuple[StepOutcome, ...] = ()


def deploy(
    repo: Repository,
    env: str,
    *,
    by: str,
    sink: Sink,
    check: bool = False,
    manner: Manner | None = None,
) -> list[Deployed]:
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
        manner: How the steps of a canary or shadow are taken.

    Raises:
        UsageError: If there is no such environment here, or nothing was promoted to it.
        ToolFailed: If the remote does not answer.
    """
    target = find_target(repo, env)
    how = manner or Manner()
    wish = wishes.CONTINUE if how.advance else wishes.YIELD
    with turn(target, f"a deployment of {env} by {by}", sink, wish=wish) as left:
        how = replace(how, advance=how.advance and left)
        fetch(repo)
        tip = env_tip(repo, env)
        if tip is None:
            raise UsageError(f"nothing was promoted to {env} yet", hint="run `gitmodel promote`")
        wanted = [desired for desired in read_desired(repo, env, tip).values() if desired.version]
        done = [_one(repo, target, desired, sink, check=check, manner=how) for desired in wanted]
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


def _one(
    repo: Repository, target: Target, desired: Desired, sink: Sink, *, check: bool, manner: Manner
) -> Deployed:
    name, version = desired.model, str(desired.version)
    try:
        done = _roll_out(repo, target, desired, sink, check=check, manner=manner)
    except GitmodelError as error:
        sink(f"{name} v{version} to {target.name} failed: {error.message}")
        for line in (*error.detail.splitlines(), *([f"hint: {error.hint}"] if error.hint else [])):
            sink(f"    {line}")
        steps = error.steps if isinstance(error, Aborted) else ()
        again = f"`gitmodel deploy {target.name}` tries again"
        back = f"`gitmodel rollback {name} {target.name}` returns to the version before, if there is one"
        sink(f"    hint: {again}; {back}")
        return Deployed(name, version, "failed", target.url(name), 0.0, error.message, error.exit_code, steps)
    sink(f"{name} v{version} to {target.name}: {done.outcome}, {done.url}")
    return Deployed(name, version, done.outcome, done.url, done.seconds, steps=done.steps)


def _roll_out(
    repo: Repository, target: Target, desired: Desired, sink: Sink, *, check: bool, manner: Manner
) -> Rollout:
    found = Registry(repo).version(desired.tag or f"{desired.model}:{desired.version}")
    if desired.object is not None and found.object != desired.object:
        raise InvalidFile(
            f"the tag {found.tag} is not the one that was promoted to {target.name}",
            hint="a version's tag never moves: restore it, or promote the version again",
        )
    release = release_of(package_version(repo, found))
    if desired.hold and desired.hold.bad_version:  # a return to what is known, away from what is bad
        manner = replace(manner, at_once=True)
    return roll_out_in_turn(target, release, sink=sink, check=check, manner=manner)


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
        if each.outcome != "holding"
        if each.outcome != "unchanged" or (each.model, each.version) not in known
    ]
    if lines:
        publish(repo, [], {DEPLOYMENTS_REF: {tip: lines}})
