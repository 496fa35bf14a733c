"""Take a version through environments: gate, promote or propose, deploy; each safe to run again."""

from collections.abc import Callable, Sequence

from gitmodel.delivery import promotion
from gitmodel.delivery.deploy import Deployed, Options, deploy
from gitmodel.delivery.gates import GateResult, evaluate_gates
from gitmodel.delivery.outcomes import PROPOSED, REFUSED, note_decision
from gitmodel.delivery.release import package_version
from gitmodel.delivery.strategy import Manner
from gitmodel.errors import Refused
from gitmodel.forges import Forge
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.steps import timed, who
from gitmodel.pipelines.withdrawn import close_incidents
from gitmodel.registry.names import tag_name
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version
from gitmodel.spec import EnvironmentSpec, ModelSpec, load_environments

Say = Callable[[str], None]


def release(repo: Repository, version: Version, spec: ModelSpec, say: Say) -> int:
    """Take a version through its environments: gate, promote, deploy; the first no ends it.

    Returns:
        The exit code: 0, 1 where a gate or a hold said no, 3 where a deployment failed.
    """
    with timed(say, "package"):
        package_version(repo, version)
    environments = environments_of(repo, [spec])
    if not environments:
        say(f"[release] {version.name}: no environment to go to")
    for environment in environments:
        code = into(repo, version, spec, environment, say=say)
        if code:
            return code
    return 0


def environments_of(repo: Repository, specs: Sequence[ModelSpec]) -> list[EnvironmentSpec]:
    """Return the environments that one of the models goes to, in order."""
    known = load_environments(repo, default_rev(repo))
    return [environment for environment in known if any(goes_to(spec, environment) for spec in specs)]


def goes_to(spec: ModelSpec, environment: EnvironmentSpec) -> bool:
    """Say whether automation takes a model to an environment."""
    return spec.deploy.environments is None or environment.name in spec.deploy.environments


def into(
    repo: Repository,
    version: Version,
    spec: ModelSpec,
    environment: EnvironmentSpec,
    *,
    say: Say,
    forge: Forge | None = None,
) -> int:
    """Take a version to one environment: gate, promote, deploy; or propose it, where a person reviews.

    Args:
        repo: The repository.
        version: The version.
        spec: Its model, at its commit.
        environment: Where to.
        say: Told each step.
        forge: Where a pull request is opened.

    Returns:
        The exit code: 0, 1 where a gate or a hold said no, 3 where a deployment failed.
    """
    name = environment.name
    if environment.approval == "review" and forge is None:
        say(f"[gate] {name} wants a person's review: run `gitmodel promote {version.name} {name}`")
        return 0
    gates = evaluate_gates(repo, spec, version)
    tell_gates(version, gates, say)
    try:
        if environment.approval == "review" and forge is not None:
            return _propose(repo, version, spec, environment, gates, forge=forge, say=say)
        promoted = promotion.promote(
            repo, version, name, by=who(repo), gates=gates, automatic=True, strategy=environment.strategy.kind
        )
    except Refused as refusal:
        if not all(gate.passed for gate in gates):  # a hold passes, a verdict stays
            note_decision(repo, name, version, REFUSED, reason=refusal.message, by=who(repo))
        say(f"[promote] REFUSED: {refusal.message}")
        if refusal.hint:
            say(f"hint: {refusal.hint}")
        return refusal.exit_code
    say(
        f"[promote] {promoted.subject}"
        if promoted.changed
        else f"[promote] {name} has {version.name} already"
    )
    with timed(say, "deploy"):
        return bring_in_line(repo, name, say)


def bring_in_line(repo: Repository, env: str, say: Say) -> int:
    """Make an environment run what its branch says, and return the exit code of the gravest failure."""
    return max((result.exit_code for result in deploy_and_close(repo, env, say)), default=0)


def reconcile(repo: Repository, env: str, say: Say) -> int:
    """Mend all that is not as it should be in an environment; what is held or has to wait is no failure.

    A canary or shadow that is underway goes on by what its time allows; nobody waits for it here.

    Returns:
        0, or the exit code of the gravest failure.
    """
    options = Options(thorough=True, manner=Manner(wait=False))
    done = deploy_and_close(repo, env, say, options)
    return max((each.exit_code for each in done if each.outcome not in ("held", "frozen")), default=0)


def deploy_and_close(repo: Repository, env: str, say: Say, options: Options | None = None) -> list[Deployed]:
    """Make an environment run what its branch says, and end incidents of models withdrawn from it."""
    given = options or Options()
    deployed = deploy(repo, env, by=who(repo), sink=say, options=given)
    if not given.check:
        close_incidents(repo, env, who(repo), say)
    return deployed


def _propose(
    repo: Repository,
    version: Version,
    spec: ModelSpec,
    environment: EnvironmentSpec,
    gates: list[GateResult],
    *,
    forge: Forge,
    say: Say,
) -> int:
    """Open the pull request that promotes a version when it is merged."""
    from gitmodel.pipelines.reviewing import review
    from gitmodel.reports.proposal import proposal_text

    proposed = promotion.propose(
        repo, version, environment.name, by=who(repo), gates=gates, strategy=environment.strategy.kind
    )
    if proposed is None:
        say(f"[promote] {environment.name} has {version.name} already")
        return 0
    before = Registry(repo).version(tag_name(version.model, proposed.before)) if proposed.before else None
    touched = [Touched(spec, f"{environment.name} has {before.name if before else 'no version yet'}")]
    found = review(repo, before.commit if before else None, version.commit, touched, say=say)
    text = proposal_text(proposed.subject, version, found, forge.comment_limit)
    request = forge.propose(proposed.branch, f"env/{environment.name}", proposed.subject, text)
    note_decision(repo, environment.name, version, PROPOSED, reason=request.url, by=who(repo))
    say(f"[promote] {environment.name} wants a person's review: {request.url}")
    return 0


def tell_gates(version: Version, gates: list[GateResult], say: Say) -> None:
    """Say what each gate found."""
    for gate in gates:
        say(f"[gate] {version.name}: {gate.verdict}: {gate.reason}")
    if not gates:
        say(f"[gate] {version.name}: there are no gates")
