"""Which earlier version of a live model would do better, judged on what the live one was asked."""

from datetime import datetime

from gitmodel.delivery.history import Change, history
from gitmodel.delivery.materials import predictor
from gitmodel.errors import GitmodelError
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.monitoring.conditions import UNLABELLED, Judged, judge
from gitmodel.monitoring.frames import Frames
from gitmodel.monitoring.incidents import Step
from gitmodel.monitoring.live import replayed
from gitmodel.monitoring.measurement import Counts, Measured
from gitmodel.monitoring.subject import Subject
from gitmodel.pipelines.telling import Say
from gitmodel.pipelines.watching import read_live, subject_of
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version
from gitmodel.spec import load_model
from gitmodel.spec.model import QualityCondition


def best_earlier(
    repo: Repository, step: Step, condition: QualityCondition, now: datetime, say: Say
) -> tuple[Version | None, str]:
    """Return the best earlier version that meets a condition on the same rows, and why it or why none.

    A condition on latency, errors or drift cannot be replayed: then it is the one that ran there before.

    Args:
        repo: The repository; what it has collected is read.
        step: What to return from: model, environment and version.
        condition: The condition that is broken.
        now: End of the window.
        say: Told how each did.
    """
    earlier = _earlier(repo, step)
    if not earlier:
        return None, "no other version has run there"
    if condition.metric in UNLABELLED:
        return earlier[0], f"v{earlier[0].version} ran there before"
    spec = load_model(repo, default_rev(repo), step.model)
    frames = read_live(repo, step.env, spec, now)
    scored = []
    for version in earlier:
        subject = subject_of(spec, step.env, version.version)
        judged = _judge(repo, frames, version, subject, condition, now, say)
        if judged and judged.verdict == "passed" and judged.estimate:
            scored.append((judged.estimate.value, judged.reason, version))
    if not scored:
        return None, "no earlier version meets the condition on the same rows"
    sign = 1 if condition.min is not None else -1
    _, why, best = max(scored, key=lambda each: sign * each[0])
    return best, f"v{best.version} meets it on the same rows: {why}"


def rolled_back_from(repo: Repository, step: Step) -> set[str | None]:
    """Return the versions of the step's model that were rolled back from in its environment."""
    return {change.previous for change in _changes(repo, step) if change.action == "rollback"}


def _earlier(repo: Repository, step: Step) -> list[Version]:
    """Return the versions that ran there before, the last first; none that was rolled back from."""
    bad = rolled_back_from(repo, step) | {step.version}
    names = dict.fromkeys(change.version for change in _changes(repo, step) if change.version)
    known = {version.version: version for version in Registry(repo).versions(step.model)}
    return [known[name] for name in names if name not in bad and name in known]


def _changes(repo: Repository, step: Step) -> list[Change]:
    return [change for change in history(repo, step.env) if change.model == step.model]


def _judge(  # noqa: PLR0917 - all of one call
    repo: Repository,
    frames: Frames,
    version: Version,
    subject: Subject,
    condition: QualityCondition,
    now: datetime,
    say: Say,
) -> Judged | None:
    since = now - condition.window
    try:
        own = load_model(repo, version.commit, version.model)
        count, metrics = replayed(frames, subject, predictor(repo, own, version), since, now)
    except GitmodelError as error:
        say(f"[heal] {version.name} cannot be judged: {error.message}")
        return None
    counts = Counts(labelled=count)
    found = judge(
        condition,
        Measured(version.model, subject.environment, version.version, since, now, counts, metrics),
    )
    say(f"[heal] {version.name} on the same rows: {found.verdict}: {found.reason}")
    return found
