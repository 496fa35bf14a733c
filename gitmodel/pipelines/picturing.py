"""The plots of a report as pictures, drawn anew from the commits that it names."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from gitmodel.errors import GitmodelError
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.results import Result
from gitmodel.reports.plots import Side, draw_plots, plots_html
from gitmodel.reports.review.document import ModelReview
from gitmodel.spec import load_model
from gitmodel.training.finding import find_digest

_LARGEST = 12_000_000  # bytes of the pictures of a report


def pictures_of(
    repo: Repository, models: Iterable[ModelReview], results: Mapping[str, Result] | None = None
) -> dict[str, str]:
    """Return fragments of HTML by model; none for one whose results are not here, or that has no plots.

    Args:
        repo: The repository.
        models: The report.
        results: What the jobs before have left, by model: results that this copy lacks are fetched.
    """
    drawn = [model for model in models if model.drawn and model.plots]
    found: dict[str, str] = {}
    for model in drawn:
        with suppress(GitmodelError):
            result = (results or {}).get(model.model)
            sides = [_side(repo, model.model, each.name, each.commit, result) for each in model.drawn]
            plots = draw_plots(repo, sides)
            found[model.model] = plots_html(plots, largest=_LARGEST // len(drawn))
    return found


def _side(repo: Repository, model: str, name: str, commit: str, result: Result | None) -> Side:
    if result and result.digest and resolve(repo, commit) is None:
        find_digest(repo, model, result.digest)
    oid = Oid(commit)
    return Side.of(name, oid, load_model(repo, oid, model))
