"""Find what a notebook is wanted of: a version, a result, a run, a failure."""

from dataclasses import dataclass
from pathlib import Path

from gitmodel.errors import GitmodelError, UsageError
from gitmodel.git.repository import Repository
from gitmodel.notebooks.cells import write
from gitmodel.notebooks.failures import Failure, Failures
from gitmodel.notebooks.of_failure import executed_name, failure_notebook
from gitmodel.notebooks.of_version import version_notebook
from gitmodel.pipelines.failing import relative
from gitmodel.pipelines.planning import between, existing_commit
from gitmodel.pipelines.receive import server_of
from gitmodel.pipelines.runs import Run, Runs
from gitmodel.registry.names import model_key, split_tag
from gitmodel.registry.registry import Registry
from gitmodel.registry.results import version_at
from gitmodel.registry.versions import Version
from gitmodel.spec import load_model
from gitmodel.training.finding import find_run


@dataclass(frozen=True)
class Subject:
    """What a notebook is of, a version or a failure, and the repository that knows it."""

    repo: Repository
    of: Version | Failure

    @property
    def name(self) -> str:
        """The usual name of its file."""
        if isinstance(self.of, Failure):
            return self.of.name
        return f"{model_key(self.of.model)}-{self.of.version}.ipynb"

    def write(self, file: Path) -> None:
        """Write the notebook, with the executed copy of a notebook that failed beside it."""
        where = relative(self.repo, file.absolute().parent)
        if isinstance(self.of, Version):
            write(file, version_notebook(self.repo, self.of, repository=where))
            return
        found = Failures(self.repo).executed(self.of)
        executed = found.read_bytes() if found else None
        if executed is not None:
            write(file.with_name(executed_name(self.of)), executed)
        write(file, failure_notebook(self.of, repository=where, executed=executed))


def find(repo: Repository, wanted: str) -> list[Subject]:
    """Return what is meant: of a run that touched several models there may be several.

    Args:
        repo: The repository we are in.
        wanted: The id of a failure or of a run; a version, as in `gitmodel show`; ``MODEL@ENVIRONMENT``;
            ``MODEL:COMMIT``, whose result may have no version.

    Raises:
        UsageError: If there is nothing of that name.
    """
    places = _places(repo)
    for place in places:
        if failed := Failures(place).called(wanted):
            return [Subject(place, each) for each in failed]
    for place in places:
        if any(run.id == wanted for run in Runs(place).all()):
            return _of_run(place, Runs(place).find(wanted))
    model, at, env = wanted.partition("@")
    ref = f"{model}:{env}" if at and split_tag(wanted) is None else wanted
    try:
        return [Subject(repo, Registry(repo).version(ref))]
    except UsageError as error:
        found = _result(repo, ref)
        if found is None:
            raise UsageError(error.message, hint=error.hint or "`gitmodel runs` lists runs") from error
        return [Subject(repo, found)]


def _places(repo: Repository) -> list[Repository]:
    """Return where failures and runs are kept: here, and where this clone comes from if that is here too."""
    try:
        server = server_of(repo)
    except UsageError:
        return [repo]
    return [repo] if server.git_dir == repo.git_dir else [repo, server]


def _of_run(repo: Repository, run: Run) -> list[Subject]:
    """Return what the models that a run was about have become."""
    found = []
    for change in run.pushed:
        if change.new is not None and change.ref.startswith("refs/heads/"):
            for item in between(repo, change.new, change.old).touched:
                version = _result(repo, f"{item.spec.name}:{change.new}")
                found += [Subject(repo, version)] if version else []
    if not found:
        raise UsageError(
            f"the run {run.id} ({run.words}) has trained nothing, and no training failed in it",
            hint=f"`gitmodel logs {run.id}` shows what it said",
        )
    return found


def _result(repo: Repository, ref: str) -> Version | None:
    """Return the result of training a model at a commit, given as ``MODEL:COMMIT``."""
    model, _, revision = ref.partition(":")
    try:
        return result_of(repo, model, revision) if revision else None
    except GitmodelError:
        return None


def result_of(repo: Repository, model: str, revision: str) -> Version | None:
    """Return what training a model at a commit gave, a version or not; ``None``: nobody has trained it there.

    Raises:
        UsageError: If there is no such commit or model.
    """
    commit = existing_commit(repo, revision)
    run = find_run(repo, load_model(repo, commit, model), commit)
    return version_at(repo, model, run) if run else None
