"""``gitmodel logs``: what a run said."""

import click

from gitmodel.git.repository import Repository


@click.command(name="logs")
@click.argument("run", required=False)
@click.option("-f", "--follow", "followed", is_flag=True, help="Go on until the run ends.")
def command(*, run: str | None, followed: bool) -> None:
    r"""Show the log of a run.

    RUN is its id, or how that begins or ends; without one, the newest run is shown.

    \b
    Examples:
      gitmodel logs
      gitmodel logs 20261127T154631-001 -f
    """
    from gitmodel.cli.output import show
    from gitmodel.pipelines.receive import follow, server_of, show_log
    from gitmodel.pipelines.runs import Runs

    runs = Runs(server_of(Repository.open()))
    found = runs.find(run)
    if followed:
        follow(runs, found.id, click.echo)
    else:
        lines: list[str] = []
        show_log(runs, found.id, lines.append)
        show(lines)
