"""``gitmodel deploy``: make it so."""

import click

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository


@click.command(name="deploy")
@click.argument("env")
@click.option("--check", is_flag=True, help="Only say what would change.")
@click.option("--down", is_flag=True, help="Stop all that runs there, the router included, on this machine.")
@click.pass_context
def command(context: click.Context, *, env: str, check: bool, down: bool) -> None:
    r"""Make an environment run what its branch says.

    Each model that does not run in its version is started beside the old one, checked, and switched to with
    no request lost; where that fails, the old one stays. What runs already is left alone. What was stopped
    with --down is started again by the next deployment.

    \b
    Examples:
      gitmodel deploy production
      gitmodel deploy production --check
      gitmodel -C ~/loans.git deploy local --down
    """
    from gitmodel.cli.choices import who
    from gitmodel.delivery.deploy import deploy, take_down

    repo = Repository.open()
    if down:
        if check:
            raise UsageError("--check and --down are not for one command")
        click.echo(f"{env}: {'all is stopped' if take_down(repo, env, sink=click.echo) else 'nothing ran'}")
        return
    done = deploy(repo, env, by=who(repo), sink=click.echo, check=check)
    if not done:
        click.echo(f"no model should run in {env}")
    context.exit(max((each.exit_code for each in done), default=0))
