"""``gitmodel ci``: what pipelines call."""

from pathlib import Path

import click

from gitmodel.cli.ci_jobs import comment, deliver, deploy, monitor, reconcile, release, report, site, train
from gitmodel.cli.ci_render import check, render, schedules, seed
from gitmodel.git.repository import Repository


@click.group(name="ci")
def command() -> None:
    r"""What pipelines call.

    \b
    Examples:
      gitmodel ci plan
      gitmodel ci run
    """


@command.command()
@click.argument("name", metavar="[RUN]", required=False)
@click.pass_context
def run(context: click.Context, *, name: str | None) -> None:
    r"""Carry out runs that are queued or were interrupted, and show them to their end.

    RUN is the id of one, or how it begins or ends; one that has failed is tried again. The runs go on
    without this command.

    \b
    Example:
      gitmodel ci run
    """
    from gitmodel.pipelines.receive import finish, server_of
    from gitmodel.pipelines.runs import Runs

    context.exit(finish(Runs(server_of(Repository.open())), name, click.echo))


@command.command()
@click.argument("rev", required=False)
@click.option("--base", help="The revision to compare with; without one, every model is new.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--pipeline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the pipeline that follows to this file (GitLab).",
)
@click.pass_context
def plan(
    context: click.Context, *, rev: str | None, base: str | None, as_json: bool, pipeline: Path | None
) -> None:
    r"""Show which models a revision touches, and why.

    In a job of a forge, without REV: what follows from the event that started it.

    \b
    Examples:
      gitmodel ci plan --base origin/main
      gitmodel ci plan HEAD --base HEAD~1 --json
    """
    if rev is None and base is None and _of_event(pipeline, as_json=as_json):
        return
    from gitmodel.pipelines.planning import plan_revision
    from gitmodel.pipelines.telling import tell_error
    from gitmodel.reports.table import align
    from gitmodel.reports.terminal import clean, to_json

    found = plan_revision(Repository.open(), rev or "HEAD", base)
    if as_json:
        click.echo(to_json([{"model": item.spec.name, "reason": item.reason} for item in found.touched]))
    else:
        rows = [[item.spec.name, item.reason] for item in found.touched]
        rows += [[name, "it is gone; nothing follows"] for name in found.gone]
        click.echo("\n".join(clean(line) for line in align(rows)) if rows else "no model is touched")
    broken = [item.broken for item in found.touched if item.broken]
    context.exit(
        max((tell_error(each, lambda line: click.echo(clean(line), err=True)) for each in broken), default=0)
    )


def _of_event(pipeline: Path | None, *, as_json: bool) -> bool:
    """Plan what follows from the event of a job; say whether there is one."""
    from gitmodel.pipelines import jobs
    from gitmodel.pipelines.job import open_job
    from gitmodel.reports.terminal import to_json

    job = open_job()
    if job.event is None:
        return False
    found = jobs.plan(job, pipeline, lambda line: click.echo(line, err=as_json))
    if as_json:
        click.echo(to_json(jobs.outputs(found)))
    return True


for _job in (
    render,
    check,
    seed,
    schedules,
    train,
    report,
    comment,
    release,
    deliver,
    deploy,
    monitor,
    reconcile,
    site,
):
    command.add_command(_job)
