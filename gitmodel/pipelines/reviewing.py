"""Gather what a change does to the models it touches, from runs that are finished."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gitmodel.errors import GitmodelError
from gitmodel.git.commits import read_log
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.results import Result
from gitmodel.pipelines.review_model import Reviewing, Side
from gitmodel.registry.register import next_version
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef, Version
from gitmodel.reports.complete import complete
from gitmodel.reports.review.document import ModelReview, Review, Verdict, parse_review
from gitmodel.spec import EnvironmentSpec, ModelSpec, load_environments, load_model, load_repository
from gitmodel.training.finding import find_digest, find_run

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Change:
    """Where a change begins and ends, and the environments it may reach."""

    repo: Repository
    base: Oid | None
    head: Oid
    environments: Sequence[EnvironmentSpec]


def review(
    repo: Repository,
    base: Oid | None,
    head: Oid,
    touched: Sequence[Touched],
    *,
    results: Mapping[str, Result] | None = None,
    gone: Sequence[str] = (),
    say: Say,
) -> Review:
    """Return the report of a change; nothing is trained.

    Args:
        repo: The repository.
        base: Where the change began; ``None``: everything is new.
        head: Its newest commit.
        touched: The models to look at.
        results: What the jobs before have left, by model.
        gone: Models that the change removes.
        say: Told what takes long.
    """
    environments = load_environments(repo, default_rev(repo))
    change = _Change(repo, base, head, environments)
    models = []
    for item in touched:
        say(f"[report] {item.spec.name}")
        models.append(_guarded(change, item, (results or {}).get(item.spec.name)))
    return Review(base or "", head, tuple(models), tuple(gone))


def _guarded(change: _Change, item: Touched, result: Result | None) -> ModelReview:
    """Review one model; that it cannot be is told in its place."""
    if result and result.failure:
        return _untrained(item, result.failure, result.log)
    if result and result.review:
        ready = parse_review(result.review.encode()).models
        if [model.model for model in ready] == [item.spec.name]:
            return ready[0]
    repo, name = change.repo, item.spec.name
    try:
        run = find_digest(repo, name, result.digest) if result and result.digest else None
        run = run or find_run(repo, item.checked(), change.head)
        if run is None:
            return _untrained(item, "nobody has trained it yet: `gitmodel train` does", ())
        candidate = _candidate(repo, item.spec, change.head, run)
        before = _base(repo, item.spec, change.base)
        return Reviewing(repo, item, candidate, before, change.environments).review()
    except GitmodelError as error:
        return _untrained(item, error.message, tuple(error.detail.splitlines()[-20:]), verdict="error")


def _untrained(
    item: Touched, failure: str, log: Sequence[str], verdict: Verdict = "untrained"
) -> ModelReview:
    words = failure.replace("\n", " ")
    return ModelReview(
        item.spec.name, item.reason, verdict, f"there is no result: {words}", failure=failure, log=tuple(log)
    )


def _candidate(repo: Repository, spec: ModelSpec, head: Oid, run: Oid) -> Side:
    """Return the result of a training as if it were a version."""
    said = read_log(repo, head, limit=1)[0]
    number = next_version(repo, spec.name, load_repository(repo, head).versions)
    facts = Facts(said.subject, run=None)
    plain = Version(spec.name, number, "", run, run, said.date, said.author, facts)
    whole = complete(repo, plain)
    return Side("head", replace(whole, facts=replace(whole.facts, run=RunRef(head, ""))), spec)


def _base(repo: Repository, spec: ModelSpec, base: Oid | None) -> Side | None:
    """Return what the change began from: the run at its base, else the newest version."""
    newest = next(iter(Registry(repo).versions(spec.name)), None)
    with suppress(GitmodelError):
        old = load_model(repo, base, spec.name) if base else None
        run = find_run(repo, old, base) if old and base else None
        if old and base and run and not (newest and run == newest.commit):
            side = _candidate(repo, old, base, run)
            return Side(f"base {base[:8]}", side.version, old)
    if newest is None:
        return None
    return Side(f"v{newest.version}", newest, load_model(repo, newest.commit, spec.name))
