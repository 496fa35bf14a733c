"""``gitmodel status``: what should run beside what runs."""

import click

from gitmodel.git.repository import Repository


@click.command(name="status")
@click.argument("env", required=False)
@click.option("--check", is_flag=True, help="End with exit code 1 where something is not as it should be.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, *, env: str | None, check: bool, as_json: bool) -> None:
    r"""Show what should run in each environment beside what runs.

    Every host is asked what runs there: version, digest, health, since when; nothing is changed. Run `git
    fetch` first to see the newest choices of others. `gitmodel reconcile` mends what differs.

    \b
    Examples:
      gitmodel status
      gitmodel status production --json
      gitmodel status production --check
    """
    from gitmodel.cli.choices import all_environments
    from gitmodel.cli.output import show
    from gitmodel.delivery.outcomes import outcome_document
    from gitmodel.delivery.status import status
    from gitmodel.reports.status import COLOURS, status_document, status_text
    from gitmodel.reports.terminal import to_json

    repo = Repository.open()
    rows = [row for name in ([env] if env else all_environments(repo)) for row in status(repo, name)]
    if as_json:
        click.echo(to_json(status_document(rows, outcome_document)))
    elif rows:
        show(status_text(rows), COLOURS)
    else:
        click.echo(f"nothing was promoted{f' to {env}' if env else ''} yet", err=True)
    context.exit(int(check and not all(row.in_sync for row in rows)))
