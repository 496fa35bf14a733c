"""``gitmodel runs``: what pushes have started."""

import click

from gitmodel.git.repository import Repository


@click.command(name="runs")
@click.option("-n", "--max-count", type=click.IntRange(min=1), default=20, show_default=True, help="At most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, max_count: int, as_json: bool) -> None:
    r"""List what pushes have started on this server.

    The newest comes first. In a clone whose origin is a folder on this machine, the runs there are listed.
    A run is queued, running, done, failed (with its exit code), or interrupted: `gitmodel ci run` finishes
    those.

    \b
    Examples:
      gitmodel runs
      gitmodel runs --json
    """
    from gitmodel.cli.output import show
    from gitmodel.pipelines.listing import COLOURS, run_document, runs_table
    from gitmodel.pipelines.receive import server_of
    from gitmodel.pipelines.runs import Runs
    from gitmodel.reports.table import align
    from gitmodel.reports.terminal import clean, to_json

    newest = Runs(server_of(Repository.open())).all()[: -max_count - 1 : -1]
    if as_json:
        click.echo(to_json([run_document(run) for run in newest]))
    elif newest:
        show([clean(line) for line in align(runs_table(newest))], COLOURS)
    else:
        click.echo("nothing has run here yet")
