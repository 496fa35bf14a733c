"""The verbs of the loop, each safe to run again: train, register, package, release."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gitmodel.artifacts import Predictor
from gitmodel.artifacts import load as load_artifact
from gitmodel.delivery.release import package_version
from gitmodel.errors import UsageError
from gitmodel.git.commits import read_log
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import Record, now
from gitmodel.packaging import Package
from gitmodel.pipelines.executed import keep_pages
from gitmodel.pipelines.failing import failures_kept, run_of_this_process
from gitmodel.registry.register import Registered, register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef
from gitmodel.reports.diff import diff_table, metric_diff
from gitmodel.spec import (
    ModelSpec,
    load_model,
    load_models,
    load_repository,
)
from gitmodel.training import Run, fetch_file
from gitmodel.training import train as train_run

Say = Callable[[str], None]


def who(repo: Repository) -> str:
    """Return who acts, as records name him."""
    return repo.identity()["GIT_COMMITTER_EMAIL"]


@contextmanager
def timed(say: Say, step: str) -> Iterator[None]:
    """Say how long a step took once it is done."""
    begun = time.monotonic()
    yield
    say(f"[{step}] done in {time.monotonic() - begun:.1f} s")


def choose_model(repo: Repository, rev: str, name: str | None) -> ModelSpec:
    """Return the model with that name; without a name, the only one there is.

    Raises:
        UsageError: If there is no such model, or a choice must be made.
    """
    if name:
        return load_model(repo, rev, name)
    specs = load_models(repo, rev)
    if len(specs) == 1:
        return specs[0]
    names = ", ".join(spec.name for spec in specs)
    if not specs:
        raise UsageError("there is no model here", hint="a model is a file models/<name>/model.yaml")
    raise UsageError("which model?", hint=f"name one of: {names}")


def commit_to_train(repo: Repository, spec: ModelSpec, rev: str) -> Oid:
    """Return the commit that ``rev`` stands for, if it can be trained from this copy.

    Raises:
        UsageError: If the clone is shallow, the model's files have changes not committed, or there is no
            such commit.
    """
    if repo.is_shallow:
        raise UsageError(
            "this clone is shallow: history that versions refer to is missing",
            hint="run `git fetch --unshallow`, then try again",
        )
    changed = repo.changed_files([spec.folder] if spec.folder else []) if rev == "HEAD" else []
    if changed:
        listed = ", ".join(changed[:5]) + (" …" if changed[5:] else "")
        raise UsageError(
            f"files of {spec.name} have changes that are not committed: {listed}",
            hint="commit them (or `git stash`): only what git holds can be trained again",
        )
    commit = resolve(repo, rev)
    if commit is None:
        raise UsageError(f"there is no commit {rev!r}", hint="commit something first")
    return commit


def train(
    repo: Repository,
    spec: ModelSpec,
    commit: Oid,
    *,
    force: bool = False,
    fresh: bool = False,
    share: bool = True,
    say: Say,
) -> Run:
    """Train a model at a commit, or find that its inputs were trained already."""
    with timed(say, "train"), failures_kept(repo, spec, commit, say):
        run = train_run(repo, spec, commit, force=force, fresh=fresh, share=share, by=who(repo), sink=say)
    if run.trained and (here := run_of_this_process(repo)):
        keep_pages(repo, spec, run.commit, here, say)
    shown = ", ".join(f"{name} {value:g}" for name, value in run.metrics.items())
    say(f"[train] {spec.name}: {'trained' if run.trained else 'same inputs were trained already'}: {shown}")
    return run


def train_model(
    repo: Repository, model: str | None, *, rev: str = "HEAD", force: bool = False, say: Say
) -> Run:
    """Train the named model at a revision; see `train`."""
    spec, commit = chosen(repo, rev, model)
    return train(repo, spec, commit, force=force, say=say)


def chosen(repo: Repository, rev: str, model: str | None) -> tuple[ModelSpec, Oid]:
    """Return the named model at a revision, and the commit, if it can be trained from this copy.

    Raises:
        UsageError: See `choose_model` and `commit_to_train`.
    """
    if resolve(repo, rev) is None:
        raise UsageError(f"there is no commit {rev!r}", hint="commit something first")
    spec = choose_model(repo, rev, model)
    return spec, commit_to_train(repo, spec, rev)


def register_model(
    repo: Repository, model: str | None, *, rev: str = "HEAD", message: str | None = None, say: Say
) -> Registered:
    """Register what the named model is at a revision, training it first where nobody has yet."""
    spec, commit = chosen(repo, rev, model)
    return train_and_register(repo, spec, commit, message=message, say=say)


def train_and_register(
    repo: Repository,
    spec: ModelSpec,
    commit: Oid,
    *,
    message: str | None = None,
    fresh: bool = False,
    say: Say,
) -> Registered:
    """Give what a commit trains to a version of its own, unless one has that result already."""
    run = train(repo, spec, commit, fresh=fresh, say=say)
    report(repo, spec, run, say)
    facts = _facts(repo, spec, commit, run, message)
    record = Record(spec.name, "training", run.metrics, now(), who(repo), run=run.digest)
    kind = load_repository(repo, commit).versions
    registered = register(
        repo,
        spec.name,
        commit=run.commit,
        facts=facts,
        records=[record],
        kind=kind,
        is_new=run.is_new,
    )
    verb = "registered as" if registered.created else "is the same result as"
    version = registered.version
    say(f"[register] {spec.name}: {verb} v{version.version} (Model-ID {version.model_id})")
    return registered


def _facts(repo: Repository, spec: ModelSpec, commit: Oid, run: Run, message: str | None) -> Facts:
    said = message or read_log(repo, commit, limit=1)[0].message
    subject, _, body = said.strip().partition("\n")
    predictor = _load(repo, spec, run.commit, fetch_file(repo, run.commit, spec.artifact_path))
    return Facts(
        subject=subject,
        body=body.strip("\n"),
        encoding=spec.artifact.encoding,
        algo=predictor.algo,
        metrics=run.metrics,
        parameters=run.parameters,
        artifact=run.artifact,
        data=run.data,
        run=RunRef(run.source, run.result),
    )


def _load(repo: Repository, spec: ModelSpec, commit: Oid, path: Path) -> Predictor:
    trusted = load_repository(repo, commit).trusted_types
    return load_artifact(spec.artifact.encoding, path, trusted_types=trusted)


def report(repo: Repository, spec: ModelSpec, run: Run, say: Say) -> None:
    """Show what a training changes, beside the newest version."""
    versions = Registry(repo).versions(spec.name)
    if not versions or not versions[0].facts.metrics:
        return
    before = versions[0]
    say(f"[report] {spec.name}: beside v{before.version}")
    for line in diff_table(metric_diff(before.facts.metrics, run.metrics), "v" + before.version, "now"):
        say(f"    {line}")


def package_model(repo: Repository, ref: str, say: Say) -> Package:
    """Package a version for serving, unless it is packaged already."""
    version = Registry(repo).version(ref)
    with timed(say, "package"):
        return package_version(repo, version)
