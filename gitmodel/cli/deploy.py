"""``gitmodel deploy``: make it so."""

import click

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository


@click.command(name="deploy")
@click.argument("env")
@click.option("--check", is_flag=True, help="Only say what would change.")
@click.option("--empty", is_flag=True, help="Stop all models where none should run.")
@click.option(
    "--override", metavar="REASON", help="Do it although nothing may be rolled out now; it is noted."
)
@click.option("--down", is_flag=True, help="Stop all that runs there, the router included, on this machine.")
@click.pass_context
def command(
    context: click.Context, *, env: str, check: bool, empty: bool, override: str | None, down: bool
) -> None:
    r"""Make an environment run what its branch says.

    Each model that does not run in its version is started beside the old one, checked, and switched to with
    no request lost; where that fails, the old one stays, and the branch goes back to it, with a hold. What
    runs already is left alone; what should not run is stopped and removed. What was stopped with --down is
    started again by the next deployment.

    \b
    Examples:
      gitmodel deploy production
      gitmodel deploy production --check
      gitmodel deploy production --override "the fix for the outage"
      gitmodel -C ~/loans.git deploy local --down
    """
    from gitmodel.delivery.deploy import Options, take_down
    from gitmodel.pipelines.releasing import deploy_and_close

    repo = Repository.open()
    if down:
        if check:
            raise UsageError("--check and --down are not for one command")
        click.echo(f"{env}: {'all is stopped' if take_down(repo, env, sink=click.echo) else 'nothing ran'}")
        return
    options = Options(check=check, empty=empty, override=override or "")
    done = deploy_and_close(repo, env, click.echo, options)
    if not done:
        click.echo(f"no model should run in {env}")
    context.exit(max((each.exit_code for each in done), default=0))
