"""Check the pipelines of a repository (as they should be, started by the forge), and its incidents."""

from collections.abc import Iterator, Mapping

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.metrics.unreadable import Kind, read_broken
from gitmodel.monitoring.incidents import INCIDENTS_REF, parse_step, read_incidents
from gitmodel.pipelines.forge_of_remote import TOKEN, forge_of_remote
from gitmodel.pipelines.rendering import check_folder, read_sources
from gitmodel.pipelines.seeding import unseeded
from gitmodel.pipelines.timers import installed, timer_of
from gitmodel.pipelines.timetable import read_timetable
from gitmodel.reports.findings import Finding, guarded, several
from gitmodel.spec.loading import read_settings
from gitmodel.spec.trees import FolderTree

INCIDENTS = Kind(INCIDENTS_REF, parse_step)


def check_pipelines(repo: Repository, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield the findings about the pipelines of a work tree whose settings name a forge; none elsewhere.

    Args:
        repo: The repository.
        environ: Where GITMODEL_TOKEN may be; without it the forge is not asked.
    """
    if repo.root is None:
        yield from _timer(repo, environ)
        return
    try:
        provider = read_settings(FolderTree(repo.root)).ci.provider
    except InvalidFile:  # told as a specification
        return
    if provider:
        yield guarded("pipelines", lambda: _rendered(repo))
        yield guarded("deployment pipelines", lambda: _seeded(repo))
        yield guarded("schedules", lambda: _started(repo, provider, environ))
    else:
        yield from _timer(repo, environ)


def _timer(repo: Repository, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether this machine starts the schedules, where models have any."""
    try:
        scheduled = read_timetable(repo).scheduled
        kind = installed(timer_of(repo, environ)) if scheduled else None
    except GitmodelError:  # told as a specification
        return
    if kind:
        yield Finding("schedules", "ok", f"{kind} starts them")
    elif scheduled and default_remote(repo) is None:  # the clones of people need none
        names = ", ".join(dict.fromkeys(each.model for each in scheduled))
        todo = "run `gitmodel schedule install` on the machine that shall"
        yield Finding("schedules", "warn", f"nothing on this machine starts those of {names}", todo)


def check_incidents(repo: Repository) -> Finding:
    """Return the finding about the notes of incidents."""
    return guarded("incident notes", lambda: _incidents(repo))


def _incidents(repo: Repository) -> Finding:
    count, broken = read_broken(repo, INCIDENTS)
    if broken:
        words = [str(line) for line in broken]
        todo = "`gitmodel doctor --repair` sets such lines aside"
        return several("incident notes", "warn", words, todo)
    stuck = [each for each in read_incidents(repo) if each.is_open and each.last.kind == "stuck"]
    if stuck:
        first = [each.steps[0] for each in stuck]
        words = [f"{step.model} in {step.env}: {step.condition}" for step in first]
        todo = "a person is needed where all attempts were made: `gitmodel log --incidents` tells them"
        return several("incident notes", "warn", [f"stuck: {each}" for each in words], todo)
    return Finding("incident notes", "ok", f"{count} steps")


def _rendered(repo: Repository) -> Finding:
    found = check_folder(repo.workdir)
    if found:
        return Finding(
            "pipelines", "warn", "they do not follow from the specifications", "run `gitmodel ci render`"
        )
    return Finding("pipelines", "ok", "as `gitmodel ci render` writes them")


def _seeded(repo: Repository) -> Finding:
    lacking = unseeded(repo)
    if lacking:
        branches = ", ".join(f"env/{name}" for name in lacking)
        return Finding("deployment pipelines", "warn", f"not on {branches}", "run `gitmodel ci seed`")
    return Finding("deployment pipelines", "ok", "on the branch of each environment")


def _started(repo: Repository, provider: str, environ: Mapping[str, str]) -> Finding:
    if not read_sources(repo.workdir).schedules:
        return Finding("schedules", "ok", "no model has one")
    forge = forge_of_remote(repo, provider, environ)
    if forge is None:
        why = "the remote's address does not name one" if environ.get(TOKEN) else f"{TOKEN} is not set"
        return Finding("schedules", "ok", f"the forge was not asked: {why}")
    off = tuple(forge.switched_off_schedules())
    if off:
        todo = "switch them on on the forge's own page"
        return Finding("schedules", "warn", f"{len(off)} switched off", todo, off)
    return Finding("schedules", "ok", f"{forge.name} starts them")
