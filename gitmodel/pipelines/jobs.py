"""What the jobs of a pipeline do: the verbs of `steps`, for one model or one environment at a time."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from gitmodel.delivery.promotion import rollback
from gitmodel.errors import GitmodelError, Refused, UsageError
from gitmodel.forges import Event, encode_event, set_outputs
from gitmodel.git.refs import default_rev, resolve
from gitmodel.git.values import Oid
from gitmodel.notebooks.failures import Failures
from gitmodel.pipelines import monitored, releasing, steps
from gitmodel.pipelines.due import Due, Wanted, due_versions, runs_in
from gitmodel.pipelines.events import Plan, base_of, plan_event
from gitmodel.pipelines.failing import hand_on
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.labels import newest_labels
from gitmodel.pipelines.plan import Touched
from gitmodel.pipelines.refreshing import refresh
from gitmodel.pipelines.rendering import render_pipeline
from gitmodel.pipelines.results import Result, read_results, write_result
from gitmodel.pipelines.reviewing import review
from gitmodel.pipelines.tail import Tail, remembering
from gitmodel.pipelines.telling import Say, guarded, tell_error
from gitmodel.reports.review.writing import compact
from gitmodel.spec import EnvironmentSpec, ModelSpec, load_environment, load_repository
from gitmodel.training import default_dvc_remote

_JOBS = 256  # of a matrix on GitHub


def plan(job: Job, pipeline: Path | None, say: Say) -> Plan:
    """Say what follows from the event, and hand it on to the jobs after this one.

    Args:
        job: The job.
        pipeline: Where the pipeline that follows is written to, for a forge that wants a file (GitLab).
        say: Told what was decided.
    """
    found = plan_event(job.repo, job.here)
    for item in found.models:
        say(f"[plan] {found.action} {found.version or item.spec.name}: {item.reason}")
    if found.gone:
        say(f"[plan] gone: {', '.join(found.gone)}")
    if not (found.models or found.monitored or found.reconciled):
        say(f"[plan] {found.action}: {found.reason or 'no model is touched'}")
    if found.environments:
        say(f"[plan] environments: {', '.join(found.environments)}")
    for env, watched in found.monitored:
        say(f"[plan] monitor in {env}: {', '.join(watched)}")
    if found.reconciled:
        say(f"[plan] reconcile: {', '.join(found.reconciled)}")
    names = [item.spec.name for item in found.models]
    jobs = json.dumps(grouped(names))
    set_outputs(job.environ, {**outputs(found), "models": jobs, "train": "[]" if job.here.fork else jobs})
    if pipeline:
        rev = default_rev(job.repo) if job.here.kind == "environment" else job.here.head
        ci = load_repository(job.repo, rev).ci  # branches of environments hold no settings
        text = render_pipeline(
            ci,
            found.action,
            names,
            found.environments,
            monitored=[env for env, _ in found.monitored],
            reconciled=found.reconciled,
            event=encode_event(job.here),
        )
        pipeline.write_text(text, "utf-8")
    return found


def grouped(names: Sequence[str]) -> list[str]:
    """Return the names for one job each or, where a forge allows fewer jobs, several in one text."""
    count = min(len(names), _JOBS)
    return [" ".join(names[at::count]) for at in range(count)]


def outputs(found: Plan) -> dict[str, str]:
    """Return what later jobs are told of a plan: names of models and environments, which have a grammar."""
    return {
        "action": found.action,
        "models": json.dumps([item.spec.name for item in found.models]),
        "environments": json.dumps(list(found.environments)),
        "monitored": json.dumps([env for env, _ in found.monitored]),
        "reconciled": json.dumps(list(found.reconciled)),
    }


def train(job: Job, model: str, rev: str, folder: Path, say: Say) -> int:
    """Train a model, and leave what came of it, or why nothing did, for the report.

    The pull request of another repository has a token that reads only: nothing is published.

    Returns:
        The exit code.
    """
    share = not (job.event and job.event.fork)

    def act(tell: Say) -> Result:
        spec, commit = steps.chosen(job.repo, rev, model)
        _refuse_lost_data(job, share=share)
        run = steps.train(job.repo, spec, commit, share=share, say=tell)
        result = Result(model, commit, str(run.commit), run.digest)
        return replace(result, review=_review(job, spec, result, tell)) if job.event else result

    return _recorded(job, Result(model, rev), folder, act, say)


def _review(job: Job, spec: ModelSpec, result: Result, say: Say) -> str:
    """Review the model where it was trained: artifact, rows and libraries are at hand there."""
    found = plan_event(job.repo, job.here)
    item = next(
        (each for each in found.models if each.spec.name == spec.name), Touched(spec, "it was asked for")
    )
    base = base_of(job.repo, job.here)
    reviewed = review(job.repo, base, Oid(result.commit), [item], results={spec.name: result}, say=say)
    return compact(reviewed).decode()


def release(job: Job, model: str, rev: str, folder: Path, *, fresh: bool, say: Say) -> int:
    """Train a model or find that it was, give it a version, and package that."""

    def act(tell: Say) -> Result:
        spec, commit = steps.chosen(job.repo, rev, model)
        _refuse_lost_data(job, share=True)
        if fresh:
            commit = newest_labels(job, spec, say) or commit
            refreshed = refresh(job, spec, commit, tell)
            if refreshed.proposed:
                return Result(model, refreshed.commit)
            commit = refreshed.commit
        registered = steps.train_and_register(job.repo, spec, commit, fresh=fresh, say=tell)
        name = registered.version.name
        steps.package_model(job.repo, name, tell)
        return Result(model, commit, str(registered.version.commit), version=name)

    return _recorded(job, Result(model, rev), folder, act, say)


def _recorded(job: Job, result: Result, folder: Path, act: Callable[[Say], Result], say: Say) -> int:
    """Do it and leave the result in the folder; where it fails, the one that was given, with the failure."""
    tail = Tail(os.environ)
    known = {failure.id for failure in Failures(job.repo).all()}
    try:
        with remembering(tail):
            result = act(say)
    except GitmodelError as error:
        for line in error.detail.splitlines():
            tail.add(line)
        notebook = hand_on(job.repo, result.model, known, folder)
        failure = tail.hide(error.message)
        write_result(folder, replace(result, failure=failure, log=tail.lines, notebook=notebook))
        return tell_error(error, say)
    write_result(folder, result)
    return 0


def _refuse_lost_data(job: Job, *, share: bool) -> None:
    """See that data outlive the machine of a forge's job."""
    if job.event is None or not share:
        return
    from gitmodel.training.sharing import remote_name

    if remote_name(job.repo) is None and default_dvc_remote(job.repo) is None:
        raise UsageError(
            "no DVC remote is configured: what is trained here would be lost with this machine",
            hint="`dvc remote add --default NAME URL`, and commit .dvc/config",
        )


def deliver(job: Job, env: str, names: Sequence[str], folder: Path, say: Say) -> int:
    """Take what is due to one environment: gate, promote or propose, deploy.

    Args:
        job: The job.
        env: Name of the environment.
        names: Versions, as people write them; none: what the event and the jobs before have brought.
        folder: Where those jobs have left their results.
        say: Told each step.

    Returns:
        0, or the exit code of the gravest failure; one model's does not stop the others.
    """
    wanted = Wanted(names, asked=bool(names), catch_up=not names)
    if job.event and not names:
        found = plan_event(job.repo, job.event)
        if found.action not in ("release", "deliver") or env not in found.environments:
            return _otherwise(job, env, found, say)
        wanted = _wanted(job, job.event, found, folder)
    environment = load_environment(job.repo, default_rev(job.repo), env)
    due = due_versions(job.repo, environment, wanted, say)
    if not due:
        say(f"[deliver] nothing is due in {env}")
        return 0
    acts = [partial(_deliver_one, job, item, environment, say, asked=wanted.asked) for item in due]
    return max(guarded(act, say) for act in acts)


def _wanted(job: Job, event: Event, found: Plan, folder: Path) -> Wanted:
    """Return what an event brings.

    What the newest commit of the default branch trains to may be an older version again, by a revert. A job
    that was run again later is about an older commit, and a tag may come late: they replace nothing newer.
    """
    asked = event.kind == "dispatch"
    if found.version:
        return Wanted([found.version], asked=asked)
    newest = resolve(job.repo, default_rev(job.repo) or "HEAD") == event.head
    return Wanted(_made(found, folder), older=asked or newest, catch_up=True)


def _made(found: Plan, folder: Path) -> list[str]:
    """Return the versions that the jobs before have made of the models of a plan."""
    results = read_results(folder)
    made = (results.get(item.spec.name) for item in found.models)
    return [result.version for result in made if result and result.version]


def _deliver_one(job: Job, item: Due, environment: EnvironmentSpec, say: Say, *, asked: bool) -> int:
    first = environment.after
    if first and not runs_in(job.repo, first, item.version):
        words = f"{item.version.name} does not run in {first}"
        if asked:
            raise Refused(
                f"{words}, which comes before {environment.name}",
                hint=f"deliver it to {first} first; `gitmodel promote` passes over the order",
            )
        say(f"[deliver] {words}: it waits")
        return 0
    say(f"[deliver] {item.version.name} to {environment.name}: {item.reason}")
    return releasing.into(job.repo, item.version, item.spec, environment, say=say, forge=job.forge)


def _otherwise(job: Job, env: str, found: Plan, say: Say) -> int:
    """Do what else a person may ask of an environment."""
    if env not in found.environments:
        say(f"[deliver] nothing goes to {env}: {found.reason or 'it is not among the environments'}")
        return 0
    if found.action == "rollback":
        model = found.models[0].spec.name
        done = rollback(
            job.repo, model, env, reason=found.reason, by=steps.who(job.repo), to=found.version or None
        )
        say(f"[rollback] {done.subject}")
        return deploy(job, env, say)
    return deploy(job, env, say) if found.action == "deploy" else 0


def monitor(job: Job, env: str, names: Sequence[str], say: Say) -> int:
    """Measure and heal models in an environment.

    Args:
        job: The job.
        env: Name of the environment.
        names: The models; none: those that the event is about, at a desk all that are live there.
        say: Told each step.

    Returns:
        0, or the exit code of the gravest failure; one model's does not stop the others.
    """
    wanted = list(names)
    if job.event and not names:
        wanted = list(dict(plan_event(job.repo, job.event).monitored).get(env, ()))
        if not wanted:
            say(f"[monitor] nothing is to be watched in {env}")
            return 0
    link = job.event.run_url if job.event else ""
    return monitored.monitor(job, env, wanted, say, link=link)


def reconcile(job: Job, env: str, say: Say) -> int:
    """Mend what is not as it should be in an environment, where the event is about it."""
    if job.event and env not in plan_event(job.repo, job.event).reconciled:
        say(f"[reconcile] nothing is to be mended in {env}")
        return 0
    return releasing.reconcile(job.repo, env, say)


def deploy(job: Job, env: str, say: Say) -> int:
    """Bring an environment in line with its branch."""
    return releasing.bring_in_line(job.repo, env, say)


def commit_of(job: Job) -> str:
    """Return the commit that a job is about; at a desk what is checked out."""
    return job.event.head if job.event else "HEAD"


def is_fresh(job: Job) -> bool:
    """Say whether what started a job wants data to be brought up to date before training."""
    event = job.event
    asked = event is not None and event.kind == "dispatch" and event.inputs.get("action") == "retrain"
    return asked or (event is not None and event.kind == "schedule")
