"""Find what is to be drawn: versions, branches, commits."""

from collections.abc import Sequence

from gitmodel.errors import UsageError
from gitmodel.git.refs import default_rev, resolve
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.reports.plots.plot import Side, version_side
from gitmodel.spec import load_model, load_models
from gitmodel.training.finding import find_run

MOST = 5


def find_sides(repo: Repository, refs: Sequence[str], model: str | None = None) -> list[Side]:
    """Return what versions, branches or commits stand for, in their order; without any, the latest version.

    A branch or commit stands for the result of its training where there is one.

    Args:
        repo: The repository.
        refs: As `gitmodel show` takes them, or anything that git resolves to a commit.
        model: Whose plots; needed for branches and commits where there are several models.

    Raises:
        UsageError: If one of them does not exist, there are too many, or a choice must be made.
    """
    if len(refs) > MOST:
        raise UsageError(f"{len(refs)} revisions are too many for one picture", hint=f"name at most {MOST}")
    named = list(dict.fromkeys(refs)) or [model or _only_model(repo)]
    found: list[Side] = []
    for ref in named:
        side, model = _side(repo, ref, model)
        if side.name not in {each.name for each in found}:
            found.append(side)
    return found


def _side(repo: Repository, ref: str, model: str | None) -> tuple[Side, str]:
    """Return the side and its model: the next ones are of the same."""
    commit = resolve(repo, ref) if ":" not in ref else None
    version = None
    try:
        version = Registry(repo).version(ref)
    except UsageError:
        if commit is None:
            raise
    if version is not None:
        if model and version.model != model:
            raise UsageError(f"{version.name} is no version of {model}", hint="name versions of one model")
        return version_side(repo, version), version.model
    assert commit is not None
    chosen = model or _only_model(repo, commit)
    spec = load_model(repo, commit, chosen)
    return Side.of(ref, find_run(repo, spec, commit) or commit, spec), chosen


def _only_model(repo: Repository, commit: str | None = None) -> str:
    names = [spec.name for spec in load_models(repo, commit or default_rev(repo))]
    if len(names) == 1:
        return names[0]
    if not names:
        raise UsageError("there is no model here", hint="name a version, such as credit-risk:3")
    raise UsageError("which model?", hint=f"name one with --model: {', '.join(names)}")
