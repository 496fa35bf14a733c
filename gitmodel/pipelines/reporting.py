"""Report what a pull request does to models: files, comment, status, the page of the run."""

from collections.abc import Mapping
from pathlib import Path

from gitmodel.errors import UsageError
from gitmodel.forges import Event, Forge, State, add_summary
from gitmodel.git.repository import Repository
from gitmodel.notebooks.cells import write
from gitmodel.pipelines import jobs
from gitmodel.pipelines.events import base_of, plan_event
from gitmodel.pipelines.executed import write_pages
from gitmodel.pipelines.failing import NOTEBOOKS
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.picturing import pictures_of
from gitmodel.pipelines.planning import between, existing_commit
from gitmodel.pipelines.results import Result, read_results
from gitmodel.pipelines.reviewing import review
from gitmodel.pipelines.telling import Say
from gitmodel.reports.review.document import LARGEST, Review, parse_review
from gitmodel.reports.review.sections import summary
from gitmodel.reports.review.writing import compact, markdown, write_review

_CONTEXT = "gitmodel"


def review_change(
    repo: Repository, base: str | None, head: str, *, say: Say, results: dict[str, Result] | None = None
) -> Review:
    """Return the report of what lies between two revisions.

    Raises:
        UsageError: If one of them does not exist.
        InvalidSpec: If a model of the head is not valid.
    """
    start, end = existing_commit(repo, base) if base is not None else None, existing_commit(repo, head)
    change = between(repo, end, start)
    return review(repo, start, end, change.touched, results=results, gone=change.gone, say=say)


def report(job: Job, results: Path, folder: Path, say: Say) -> int:
    """Write the report of a pull request, and post it.

    The files come first: they are there whatever the forge answers.

    Args:
        job: The job.
        results: Folder that the trainings have left their results in.
        folder: Where the report is written to.
        say: Told each step.

    Returns:
        0, or 1 where a model does not pass.

    Raises:
        ToolFailed: If the forge does not take it.
    """
    event = job.here
    if event.fork:
        _train_here(job, event, results, say)
    known = read_results(results)
    found = review_change(job.repo, base_of(job.repo, event), event.head, results=known, say=say)
    write_files(found, folder, pictures_of(job.repo, found.models, known))
    write_notebooks(job.repo, found, known, results, folder)
    say(f"[report] {summary(found)}")
    add_summary(job.environ, markdown(found, limit=1_000_000))
    if event.fork:
        say(f"[report] a fork's job posts nothing: the report is in {folder}")
    elif job.forge and event.number is not None:
        _post_newest(job.forge, event, event.number, found, say)
    return 0 if found.passed else 1


def _train_here(job: Job, event: Event, results: Path, say: Say) -> None:
    """Train on this machine what nobody else may: the results of a fork are written nowhere."""
    for item in plan_event(job.repo, event).models:
        jobs.train(job, item.spec.name, event.head, results, say)


def write_files(found: Review, folder: Path, pictures: Mapping[str, str]) -> None:
    """Write the report as Markdown, HTML (with the plots) and JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(compact(found))
    (folder / "report.md").write_text(markdown(found) + "\n", "utf-8")
    (folder / "report.html").write_text(write_review(found, "html", pictures), "utf-8")


def write_notebooks(
    repo: Repository, found: Review, known: Mapping[str, Result], results: Path, folder: Path
) -> None:
    """Write the notebooks that were executed, with pages of them, and those that look into failures.

    Args:
        repo: The repository.
        found: The report.
        known: What the jobs before have left, by model.
        results: Where they have left it.
        folder: That of the report.
    """
    for model in found.models:
        result = known.get(model.model)
        if not model.failure:
            commit = result.run if result and result.run else found.head
            write_pages(repo, commit, model.notebooks, folder / NOTEBOOKS)
        elif result and result.notebook:
            stem = result.notebook.removeprefix("failure").removesuffix(".ipynb")
            for file in (results / NOTEBOOKS).glob("*.ipynb"):
                if file.stem.endswith(stem) and not file.is_symlink():
                    write(folder / NOTEBOOKS / file.name, file.read_bytes())


def _post_newest(forge: Forge, event: Event, number: int, found: Review, say: Say) -> None:
    """Post the report, unless the branch was pushed meanwhile: the comment is of the newest commit."""
    newest = forge.pull_request(number).head
    if newest == event.head:
        post(forge, event, number, found, say)
        return
    say(f"[report] #{number} is at {newest[:10]} by now: only {event.head[:10]} itself gets its status")
    forge.status(event.head, _CONTEXT, _state(found), summary(found), event.run_url)


def _state(found: Review) -> State:
    return "success" if found.passed else "failure"


def post(forge: Forge, event: Event, number: int, found: Review, say: Say) -> None:
    """Write or change the comment of a pull request, and the status of its head.

    Raises:
        ToolFailed: If the forge does not take them.
    """
    text = markdown(found, limit=forge.comment_limit, whole=event.run_url)
    url = forge.comment(number, event.workflow, text)
    say(f"[report] {url}")
    forge.status(event.head, _CONTEXT, _state(found), summary(found), url)


def comment(job: Job, folder: Path, say: Say) -> int:
    """Post the report that the job of a fork has left, as data that nobody trusts.

    Which pull request it belongs to is asked of the forge by head, and never read from the report.

    Raises:
        InvalidFile: If it is not a report.
        UsageError: If there is no forge, or this job does not follow another.
        ToolFailed: If the forge does not answer.
    """
    event, forge = job.here, job.forge
    if forge is None or event.kind != "report":
        raise UsageError("only the job that follows the pipeline of a fork posts its report")
    with (folder / "report.json").open("rb") as stream:
        found = parse_review(stream.read(LARGEST + 1))
    branch = event.ref.removeprefix("refs/heads/")
    requests = [
        each for each in forge.open_pull_requests(event.head_owner, branch) if each.head == event.head
    ]
    if not requests or found.head != event.head:
        say(f"[report] {event.head[:10]} is no longer the head of an open pull request: nothing is posted")
        return 0
    for request in requests:
        post(forge, event, request.number, found, say)
    return 0
