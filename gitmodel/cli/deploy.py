"""``gitmodel deploy``: make it so."""

import click

from gitmodel.git.repository import Repository


@click.command(name="deploy")
@click.argument("env")
@click.option("--check", is_flag=True, help="Only say what would change.")
@click.pass_context
def command(context: click.Context, *, env: str, check: bool) -> None:
    r"""Make an environment run what its branch says.

    Each model that does not run in its version is started beside the old one, checked, and switched to with
    no request lost; where that fails, the old one stays. What runs already is left alone.

    \b
    Examples:
      gitmodel deploy production
      gitmodel deploy production --check
    """
    from gitmodel.cli.choices import who
    from gitmodel.delivery.deploy import deploy

    repo = Repository.open()
    done = deploy(repo, env, by=who(repo), sink=click.echo, check=check)
    if not done:
        click.echo(f"no model should run in {env}")
    context.exit(max((each.exit_code for each in done), default=0))
