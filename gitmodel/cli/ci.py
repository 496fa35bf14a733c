"""``gitmodel ci``: what pipelines call."""

import click

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
@click.argument("rev", default="HEAD")
@click.option("--base", help="The revision to compare with; without one, every model is new.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(*, rev: str, base: str | None, as_json: bool) -> None:
    r"""Show which models a revision touches, and why.

    \b
    Examples:
      gitmodel ci plan --base origin/main
      gitmodel ci plan HEAD --base HEAD~1 --json
    """
    from gitmodel.pipelines.planning import plan_revision
    from gitmodel.reports.table import align
    from gitmodel.reports.terminal import clean, to_json

    found = plan_revision(Repository.open(), rev, base)
    if as_json:
        click.echo(to_json([{"model": item.spec.name, "reason": item.reason} for item in found]))
    elif found:
        click.echo(
            "\n".join(clean(line) for line in align([[item.spec.name, item.reason] for item in found]))
        )
    else:
        click.echo("no model is touched")
