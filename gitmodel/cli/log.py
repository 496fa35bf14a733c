"""``gitmodel log``: the versions."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmodel.metrics.records import Record
    from gitmodel.registry.versions import Version


@click.command(name="log")
@click.argument("model", required=False)
@click.option("-a", "--all", "full", is_flag=True, help="Show metrics, parameters and data of each version.")
@click.option("--graph", is_flag=True, help="Draw which was made from which, and where each should run.")
@click.option("--live", is_flag=True, help="Show what `gitmodel monitor` measured while they served.")
@click.option("--chart", is_flag=True, help="With --live: draw each metric over time, with what happened.")
@click.option("--svg", type=click.Path(path_type=Path), help="With --live: draw it into this file.")
@click.option("--metric", "metrics", multiple=True, help="With --chart and --svg: only this metric.")
@click.option("--incidents", is_flag=True, help="Show when quality broke, and what was done.")
@click.option("--deployments", metavar="ENV", help="Show what was rolled out in an environment.")
@click.option("--at", metavar="TIME", help="With --deployments: what ran that day, or at that moment (UTC).")
@click.option("-n", "--max-count", type=click.IntRange(min=0), help="Show at most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *,
    model: str | None,
    full: bool,
    graph: bool,
    live: bool,
    chart: bool,
    svg: Path | None,
    metrics: tuple[str, ...],
    incidents: bool,
    deployments: str | None,
    at: str | None,
    max_count: int | None,
    as_json: bool,
) -> None:
    r"""Show the versions of a model, or of all, newest first.

    \b
    Examples:
      gitmodel log credit-risk
      gitmodel log -a -n 3
      gitmodel log --graph credit-risk
      gitmodel log --live credit-risk
      gitmodel log --live credit-risk --chart --metric roc_auc
      gitmodel log --live credit-risk --svg life.svg
      gitmodel log --incidents
      gitmodel log --deployments production
      gitmodel log --deployments production --at 2026-11-20
      gitmodel log --json
    """
    from gitmodel.cli.choices import warn_of
    from gitmodel.cli.deployments import show_deployments
    from gitmodel.cli.output import show
    from gitmodel.errors import UsageError
    from gitmodel.registry.registry import Registry

    if at and not deployments:
        raise UsageError("--at is of deployments", hint="add `--deployments ENV`")
    if deployments:
        show_deployments(deployments, model, at, max_count, as_json=as_json)
        return
    if incidents:
        _show_incidents(model, max_count, as_json=as_json)
        return
    if live or chart or svg:
        _show_live(model, max_count, _Drawn(svg, metrics) if chart or svg else None, as_json=as_json)
        return
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


@dataclass(frozen=True)
class _Drawn:
    """Where a chart goes (None: the terminal), and of which metrics it is (none: of all)."""

    file: Path | None
    metrics: tuple[str, ...]


def _show_live(model: str | None, max_count: int | None, drawn: _Drawn | None, *, as_json: bool) -> None:
    """Show the live records of a model, newest first, or what they were over time."""
    import json

    from gitmodel.cli.choices import any_model
    from gitmodel.cli.output import show
    from gitmodel.exchange.records import read_records
    from gitmodel.metrics.records import format_record
    from gitmodel.registry.registry import Registry
    from gitmodel.reports.live import history_text
    from gitmodel.reports.terminal import to_json

    repo = Repository.open()
    name, registry = any_model(repo, model), Registry(repo)
    versions = registry.versions(name)
    if not versions:
        registry.version(name)  # says why there is none
    found = [
        record
        for records in read_records(repo, versions).values()
        for record in records
        if record.kind == "live"
    ]
    found.sort(key=lambda record: record.at, reverse=True)
    shown = found[:max_count]
    if as_json:
        click.echo(to_json([json.loads(format_record(record)) for record in shown]))
    elif shown and drawn:
        _draw(repo, name, shown, drawn)
    elif shown:
        show(history_text(shown))
    else:
        click.echo(f"{name} was not monitored yet: `gitmodel monitor {name} ENV` does it", err=True)


def _draw(repo: Repository, model: str, records: "Sequence[Record]", drawn: _Drawn) -> None:
    from gitmodel.cli.output import show
    from gitmodel.errors import UsageError
    from gitmodel.pipelines.living import lives
    from gitmodel.reports.life import metric_names
    from gitmodel.reports.life_svg import life_svg
    from gitmodel.reports.life_text import life_text

    known = metric_names(records)
    unknown = sorted(set(drawn.metrics) - set(known))
    if unknown:
        raise UsageError(f"{unknown[0]!r} was not measured", hint=f"known are: {', '.join(known)}")
    found = lives(repo, model, records, drawn.metrics)
    if drawn.file and not drawn.file.parent.is_dir():
        raise UsageError(f"there is no folder {drawn.file.parent}", hint="make it first")
    if drawn.file:
        drawn.file.write_text(life_svg(found), "utf-8")
    else:
        show([line for at, life in enumerate(found) for line in ([""] if at else []) + life_text(life)])


def _show_incidents(model: str | None, max_count: int | None, *, as_json: bool) -> None:
    """Show the incidents of a model, or of all, newest first."""
    from dataclasses import asdict

    from gitmodel.cli.output import show
    from gitmodel.monitoring.incidents import read_incidents
    from gitmodel.reports.incidents import COLOURS, incidents_text
    from gitmodel.reports.terminal import to_json

    known = read_incidents(Repository.open())
    documents = [[asdict(step) for step in incident.steps] for incident in known]
    shown = [steps for steps in documents if model in (None, steps[0]["model"])][:max_count]
    if as_json:
        click.echo(to_json([{"id": steps[0]["incident"], "steps": steps} for steps in shown]))
    elif shown:
        show(list(incidents_text(shown)), COLOURS)
    else:
        click.echo("there was no incident", err=True)


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
