"""Let services tell Prometheus what was measured of them."""

from collections.abc import Sequence

from gitmodel.delivery.figures import publish_figures
from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.monitoring.figures import format_figures
from gitmodel.pipelines.telling import Say
from gitmodel.pipelines.watching import Watched
from gitmodel.registry.names import model_key


def expose(repo: Repository, env: str, watched: Sequence[Watched], say: Say) -> None:
    """Hand figures to the services of an environment; what stands in the way is told, and stops nothing."""
    figures = {model_key(each.live.model): format_figures(each.live, each.judged) for each in watched}
    try:
        problems = publish_figures(repo, env, figures, sink=say)
    except GitmodelError as error:
        problems = (f"figures for Prometheus: {error.message}",)
    for problem in problems:
        say(problem)
