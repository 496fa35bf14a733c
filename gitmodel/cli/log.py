"""``gitmodel log``: the versions."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmodel.registry.versions import Version


@click.command(name="log")
@click.argument("model", required=False)
@click.option("-a", "--all", "full", is_flag=True, help="Show metrics, parameters and data of each version.")
@click.option("--graph", is_flag=True, help="Draw which was made from which, and where each should run.")
@click.option("-n", "--max-count", type=click.IntRange(min=0), help="Show at most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, model: str | None, full: bool, graph: bool, max_count: int | None, as_json: bool) -> None:
    r"""Show the versions of a model, or of all, newest first.

    \b
    Examples:
      gitmodel log credit-risk
      gitmodel log -a -n 3
      gitmodel log --graph credit-risk
      gitmodel log --json
    """
    from gitmodel.cli.choices import warn_of
    from gitmodel.cli.output import show
    from gitmodel.registry.registry import Registry

    registry = Registry(Repository.open())
    versions, broken = registry.read(model, headings=not (full or as_json or graph))
    if model is None:
        versions.sort(key=_moment, reverse=True)
    elif not versions and not broken:
        registry.version(model)  # says why there is none
    shown = versions[:max_count]
    if as_json:
        from gitmodel.reports.details import version_document
        from gitmodel.reports.terminal import to_json

        click.echo(to_json([version_document(version) for version in shown]))
    elif graph:
        from gitmodel.reports.graph import COLOURS

        show([*_graphs(registry.repo, shown)], COLOURS)
    elif shown:
        from gitmodel.reports.versions import COLOURS, log_text

        show(log_text(shown, full=full), COLOURS)
    warn_of(broken)


def _graphs(repo: Repository, versions: "Sequence[Version]") -> "Iterator[str]":
    """Yield the lines of a graph of each model."""
    from gitmodel.reports.graph import graph_text

    by_model: dict[str, list[Version]] = {}
    for version in versions:
        by_model.setdefault(version.model, []).append(version)
    for number, (name, own) in enumerate(by_model.items()):
        if len(by_model) > 1:
            yield from ("", name) if number else (name,)
        yield from graph_text(repo, own)


def _moment(version: "Version") -> datetime:
    return datetime.strptime(version.date, "%Y-%m-%d %H:%M:%S %z")
