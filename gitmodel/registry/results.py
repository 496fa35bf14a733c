"""Results of trainings that have no number: read as if they were versions."""

from gitmodel.git.commits import read_log
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, Version


def version_at(repo: Repository, model: str, run: Oid) -> Version:
    """Return the version whose commit is that of a run; where there is none, what `result_version` does."""
    known = (version for version in Registry(repo).versions(model) if version.commit == run)
    return next(known, None) or result_version(repo, model, run)


def result_version(repo: Repository, model: str, commit: Oid) -> Version:
    """Return a commit as a version without a tag, whose facts are to be read from the commit."""
    said = read_log(repo, commit, limit=1)[0]
    return Version(model, commit.short, "", commit, commit, said.date, said.author, Facts(said.subject))
