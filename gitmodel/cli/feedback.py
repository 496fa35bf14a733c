"""``gitmodel feedback``: what became of predictions."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmodel.delivery.collecting import Collected
    from gitmodel.pipelines.feedback import Appended


@click.group(name="feedback")
def command() -> None:
    r"""Collect what became of predictions.

    \b
    Example:
      gitmodel feedback collect production
    """


@command.command()
@click.argument("env")
@click.option("--model", default="", help="Only this model.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def collect(context: click.Context, *, env: str, model: str, as_json: bool) -> None:
    r"""Bring predictions and feedback of an environment here, and labelled rows into the data of its models.

    What a host has sent is not asked for again. Where model.yaml has `feedback`, predictions with a label
    become rows of its folder `append_to`: committed to the default branch, or proposed by pull request.

    \b
    Examples:
      gitmodel feedback collect production
      gitmodel feedback collect production --model credit-risk --json
    """
    from gitmodel.cli.choices import known_environment
    from gitmodel.delivery.collecting import collect as collect_from
    from gitmodel.errors import ToolFailed
    from gitmodel.pipelines.feedback import append_all
    from gitmodel.pipelines.job import open_job
    from gitmodel.reports.terminal import clean

    def tell(line: str) -> None:
        click.echo(clean(line), err=as_json)

    job = open_job()
    known_environment(job.repo, env)
    hosts = collect_from(job.repo, env, sink=tell, model=model)
    appended, code = append_all(job, env, model, tell)
    _print(hosts, appended, as_json=as_json)
    down = any(host.problem for host in hosts)
    context.exit(max(code, ToolFailed.exit_code if down else 0))


def _print(hosts: "Sequence[Collected]", appended: "Sequence[Appended]", *, as_json: bool) -> None:
    from dataclasses import asdict

    from gitmodel.reports.terminal import clean, to_json

    for host in hosts:
        if host.problem:
            click.echo(clean(f"{host.host}: {host.problem}"), err=True)
    if as_json:
        found = {"hosts": [asdict(host) for host in hosts], "models": [asdict(each) for each in appended]}
        click.echo(to_json(found))
        return
    for host in hosts:
        if not host.problem:
            click.echo(clean(f"{host.host}: {host.lines} new lines of {host.segments} segments"))
