"""Say what should run in an environment: promote, roll back, hold. Each is a commit on its branch."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gitmodel.delivery.branches import Edit, Edited, edit, message
from gitmodel.delivery.verdicts import GateResult
from gitmodel.errors import Conflict, InvalidFile, Refused, UsageError
from gitmodel.git.commits import commit_files, read_log
from gitmodel.git.objects import read_file
from gitmodel.git.refs import read_ref
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.retry import GIVING_UP, attempts
from gitmodel.git.tracking import local_name
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import now
from gitmodel.registry.desired import Desired, Hold, Promoted, format_desired, parse_desired, read_desired
from gitmodel.registry.environments import env_branch, env_tip, file_name
from gitmodel.registry.names import model_key
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version

PromotionResult = Edited


def promote(
    repo: Repository,
    version: Version,
    env: str,
    *,
    by: str,
    gates: Sequence[GateResult] = (),
    reason: str = "",
    automatic: bool = False,
    strategy: str | None = None,
) -> PromotionResult:
    """Make a version the one that should run in an environment; nothing where it is already.

    Args:
        repo: Where.
        version: Which version.
        env: Name of the environment; its branch is made if need be.
        by: Who promotes.
        gates: What the gates said; they are kept with the promotion.
        reason: Why, for the history.
        automatic: Whether automation promotes: a hold stops it. A person's promotion lifts the hold.
        strategy: How the version takes over.

    Raises:
        Refused: If a gate has not passed, or a hold is in the way.
        Conflict: If others keep changing the environment.
        ToolFailed: If the remote does not answer or refuses.
    """
    refuse_gates(version, gates)

    def decide(before: Desired, _tip: Oid | None) -> Edit | None:
        if automatic and before.hold is not None and before.object != version.object:
            raise _held(before, before.hold, env)
        if before.object == version.object and (automatic or not before.is_bad):
            return None
        return _promotion(before, version, by=by, gates=gates, reason=reason, strategy=strategy)

    return edit(repo, env, version.model, decide)


def _promotion(
    before: Desired,
    version: Version,
    *,
    by: str,
    gates: Sequence[GateResult],
    reason: str = "",
    strategy: str | None,
) -> Edit:
    """Return the change that promotes a version."""
    kept = {"kind": strategy} if strategy else before.strategy
    kept_gates = tuple(gate.as_json() for gate in gates)
    promoted = Promoted(by, now(), before.version, kept_gates, reason or None)
    return Edit(desired_of(version, kept, promoted), _words(before, version, gates, reason))


@dataclass(frozen=True)
class Proposal:
    """A promotion on a branch of its own, to be merged into the environment's.

    Attributes:
        branch: Short name of the branch.
        commit: Its tip.
        before: The version that would be replaced; ``None``: there is none.
        subject: What merging does, in a line.
    """

    branch: str
    commit: Oid
    before: str | None
    subject: str


def propose(
    repo: Repository,
    version: Version,
    env: str,
    *,
    by: str,
    gates: Sequence[GateResult] = (),
    strategy: str | None = None,
) -> Proposal | None:
    """Push the promotion of a version to a branch, for a person to merge; ``None`` where it is there already.

    One branch a model and environment: a newer version takes the place of the one proposed before.

    Raises:
        Refused: If a gate has not passed, or a hold is in the way.
        Conflict: If others keep changing the branch.
        ToolFailed: If the remote does not answer or refuses.
    """
    refuse_gates(version, gates)
    branch = f"promote/{env}/{model_key(version.model)}"  # a branch below a branch cannot be
    for _ in attempts():
        fetch(repo)
        tip = env_tip(repo, env) or _begin(repo, env)
        before = read_desired(repo, env, tip).get(version.model) or Desired(version.model)
        if before.hold is not None and before.object != version.object:
            raise _held(before, before.hold, env)
        if before.object == version.object:
            return None
        change = _promotion(before, version, by=by, gates=gates, strategy=strategy)
        files = {file_name(version.model): format_desired(change.desired)}
        commit = commit_files(repo, parent=tip, changes=files, message=change.message)
        ref = f"refs/heads/{branch}"
        try:
            publish(repo, [RefUpdate(ref, commit, read_ref(repo, local_name(repo, ref)))])
        except Conflict:
            continue
        return Proposal(branch, commit, before.version, change.message.partition("\n")[0])
    raise Conflict(f"others keep changing {branch}", hint=GIVING_UP)


def _begin(repo: Repository, env: str) -> Oid:
    """Make the branch of an environment that nothing was promoted to."""
    commit = commit_files(repo, parent=None, changes={}, message=message(f"Begin {env}"))
    publish(repo, [RefUpdate(env_branch(env), commit, None)])
    return commit


def refuse_gates(version: Version, gates: Sequence[GateResult]) -> None:
    """Let a version pass whose gates have all passed.

    Raises:
        Refused: If one has failed, is inconclusive or could not be measured.
    """
    stopped = [gate for gate in gates if not gate.passed]
    if not stopped:
        return
    words = "; ".join(f"{gate.verdict}: {gate.reason}" for gate in stopped)
    hint = (
        "" if any(gate.verdict == "failed" for gate in stopped) else "it did not fail: it could not be told"
    )
    raise Refused(f"{version.name} is not promoted: {words}", hint=hint)


def _held(before: Desired, hold: Hold, env: str) -> Refused:
    at = f"at v{before.version}" if before.version else "with no version"
    return Refused(
        f"{before.model} is held {at} in {env} since {hold.at} by {hold.by}: {hold.reason}",
        hint=f"a person lifts it: `gitmodel hold {before.model} {env} --lift`, or promotes a version",
    )


def _words(before: Desired, version: Version, gates: Sequence[GateResult], reason: str) -> str:
    told = "\n".join(f"{gate.verdict}: {gate.reason}" for gate in gates)
    lifted = f"This lifts the hold of {before.hold.at}: {before.hold.reason}" if before.hold else ""
    return message(f"Promote {step_words(before, version)}", reason, told, lifted)


def desired_of(version: Version, strategy: dict[str, Any], promoted: Promoted) -> Desired:
    """Return that a version should run, without a hold."""
    artifact = version.facts.artifact
    return Desired(
        version.model,
        version.version,
        version.tag,
        str(version.object),
        artifact.sha256 if artifact else None,
        strategy,
        promoted,
    )


def step_words(before: Desired, version: Version) -> str:
    """Return model and versions of a change as subjects have them."""
    if before.version is None:
        return f"{version.model} v{version.version}"
    return f"{version.model} v{before.version} -> v{version.version}"


def rollback(
    repo: Repository, model: str, env: str, *, reason: str, by: str, to: str | None = None
) -> PromotionResult:
    """Return a model to an earlier version by a forward commit, and hold it there.

    Args:
        repo: Where.
        model: Name of the model.
        env: Name of the environment.
        reason: Why; it becomes the hold's reason.
        by: Who.
        to: Version to return to; default: the last one that ran there, that is another one and was never
            the bad one of a rollback.

    Raises:
        UsageError: If there is nothing to return from or to.
        Conflict: If others keep changing the environment.
        ToolFailed: If the remote does not answer or refuses.
    """

    def decide(before: Desired, tip: Oid | None) -> Edit | None:
        if before.version is None or tip is None:
            raise UsageError(f"no version of {model} was promoted to {env}")
        version = _earlier(repo, tip, before, to)
        promoted = Promoted(by, now(), before.version, (), reason)
        hold = Hold(by, promoted.at, reason, before.version)
        after = replace(desired_of(version, before.strategy, promoted), hold=hold)
        return Edit(after, message(f"Roll back {step_words(before, version)}", reason))

    return edit(repo, env, model, decide)


def _earlier(repo: Repository, tip: Oid, before: Desired, to: str | None) -> Version:
    registry = Registry(repo)
    if to is not None:
        chosen = registry.version(f"{before.model}:{to}")
        if chosen.object == before.object:
            raise UsageError(f"{chosen.name} is what runs now; there is nothing to roll back")
        return chosen
    history = _states(repo, tip, before.model)
    bad = {state.hold.bad_version for state in history if state.hold} | {before.version}
    for state in history:
        if state.version is not None and state.version not in bad:
            with suppress(UsageError):  # its tag is gone
                return registry.version(f"{before.model}:{state.version}")
    raise UsageError(
        f"no good version of {before.model} ran there before v{before.version}",
        hint="name one with --to",
    )


def _states(repo: Repository, tip: Oid, model: str) -> list[Desired]:
    """Return every state of a model on the branch, newest first; what cannot be read is passed over."""
    path = file_name(model)
    states = []
    for commit in read_log(repo, tip, paths=[path]):
        text = read_file(repo, commit.oid, path)
        try:
            states.append(parse_desired(model, text or b""))
        except InvalidFile:
            continue
    return states


def hold(repo: Repository, model: str, env: str, *, reason: str, by: str) -> PromotionResult:
    """Let automation promote nothing of a model to an environment; nothing where it is held already.

    Raises:
        Conflict: If others keep changing the environment.
        ToolFailed: If the remote does not answer or refuses.
    """

    def decide(before: Desired, _tip: Oid | None) -> Edit | None:
        if before.hold is not None:
            return None
        at = f" at v{before.version}" if before.version else ""
        return Edit(replace(before, hold=Hold(by, now(), reason)), message(f"Hold {model}{at}", reason))

    return edit(repo, env, model, decide)


def lift(repo: Repository, model: str, env: str, *, by: str, reason: str = "") -> PromotionResult:
    """Let automation promote a model again; nothing where there is no hold.

    Raises:
        Conflict: If others keep changing the environment.
        ToolFailed: If the remote does not answer or refuses.
    """

    def decide(before: Desired, _tip: Oid | None) -> Edit | None:
        if before.hold is None:
            return None
        told = f"It was held by {before.hold.by} since {before.hold.at}: {before.hold.reason}"
        words = message(f"Lift the hold of {model}", reason, told, f"By: {by}")
        return Edit(replace(before, hold=None), words)

    return edit(repo, env, model, decide)
