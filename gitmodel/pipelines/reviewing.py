"""Gather what a change does to the models it touches, from runs that are finished."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from gitmodel.errors import GitmodelError
from gitmodel.git.commits import read_log
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.kept import keep, kept, state_of
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
    """Where a change begins and ends, the environments it may reach, and the state of the repository."""

    repo: Repository
    base: Oid | None
    head: Oid
    environments: Sequence[EnvironmentSpec]
    state: str


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
    change = _Change(repo, base, head, environments, state_of(repo, base, head))
    models = []
    for item in touched:
        say(f"[report] {item.spec.name}")
        models.append(_guarded(change, item, (results or {}).get(item.spec.name)))
    return Review(base or "", head, tuple(models), tuple(gone))


def _guarded(change: _Change, item: Touched, result: Result | None) -> ModelReview:
    """Review one model; that it cannot be is told in its place."""
    if result and result.failure:
        return _untrained(item, result.failure, result.log, notebook=result.notebook)
    if result and result.review:
        ready = parse_review(result.review.encode()).models
        if [model.model for model in ready] == [item.spec.name]:
            return ready[0]
    return kept(change.repo, item, change.state) or _reviewed(change, item, result)


def _reviewed(change: _Change, item: Touched, result: Result | None) -> ModelReview:
    repo, name = change.repo, item.spec.name
    try:
        run = find_digest(repo, name, result.digest) if result and result.digest else None
        run = run or find_run(repo, item.checked(), change.head)
        if run is None:
            return _untrained(item, "nobody has trained it yet: `gitmodel train` does", ())
        versions = Registry(repo).versions(name)
        known = _version_of(versions, run)
        candidate = _candidate(repo, item.spec, change.head, run, known)
        before = _base(repo, item.spec, change.base, [each for each in versions if each is not known])
        reviewing = Reviewing(
            repo,
            item,
            candidate,
            before,
            environments=change.environments,
            versions=versions,
            is_registered=known is not None,
        )
        return _kept(change, reviewing)
    except GitmodelError as error:
        return _untrained(item, error.message, tuple(error.detail.splitlines()[-20:]), verdict="error")


def _kept(change: _Change, reviewing: Reviewing) -> ModelReview:
    """Review a model, and keep that unless something could not be read, which may be there the next time."""
    found = reviewing.review()
    if not reviewing.unscored and found.verdict != "error":
        keep(change.repo, reviewing.item, change.state, change.head, found)
    return found


def _untrained(
    item: Touched, failure: str, log: Sequence[str], verdict: Verdict = "untrained", notebook: str = ""
) -> ModelReview:
    words = failure.replace("\n", " ")
    return ModelReview(
        item.spec.name,
        item.reason,
        verdict,
        f"there is no result: {words}",
        failure=failure,
        log=tuple(log),
        notebooks=(notebook,) if notebook else (),
    )


def _version_of(versions: Sequence[Version], run: Oid) -> Version | None:
    return next((version for version in versions if version.commit == run), None)


def _candidate(repo: Repository, spec: ModelSpec, head: Oid, run: Oid, known: Version | None = None) -> Side:
    """Return the result of a training as if it were a version: the one that it is, or the next."""
    said = read_log(repo, head, limit=1)[0]
    number = known.version if known else next_version(repo, spec.name, load_repository(repo, head).versions)
    facts = Facts(said.subject, run=None)
    plain = Version(spec.name, number, "", run, run, said.date, said.author, facts)
    whole = complete(repo, plain)
    return Side("head", replace(whole, facts=replace(whole.facts, run=RunRef(head, ""))), spec)


def _base(repo: Repository, spec: ModelSpec, base: Oid | None, versions: Sequence[Version]) -> Side | None:
    """Return what the change began from: the run at its base, else the newest of other versions."""
    chosen = next(iter(versions), None)
    with suppress(GitmodelError):
        old = load_model(repo, base, spec.name) if base else None
        run = find_run(repo, old, base) if old and base else None
        known = _version_of(versions, run) if run else None
        if old and base and run and known is None:
            side = _candidate(repo, old, base, run)
            return Side(f"base {base[:8]}", side.version, old)
        chosen = known or chosen
    if chosen is None:
        return None
    return Side(f"v{chosen.version}", chosen, load_model(repo, chosen.commit, spec.name))
