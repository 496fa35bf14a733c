"""``gitmodel deploy``: make it so."""

from collections.abc import Mapping

import click

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository


@click.command(name="deploy")
@click.argument("env")
@click.option("--check", is_flag=True, help="Only say what would change.")
@click.option("--empty", is_flag=True, help="Stop all models where none should run.")
@click.option(
    "--override",
    metavar="REASON",
    default="",
    help="Do it although nothing may be rolled out now; it is noted.",
)
@click.option("--down", is_flag=True, help="Stop all that runs there, the router included, on this machine.")
@click.option("--no-wait", is_flag=True, help="Begin a step of a canary or shadow, and return.")
@click.option("--continue", "advance", is_flag=True, help="Hold the step that is underway no longer.")
@click.option("--abort", is_flag=True, help="End what is underway: the old version gets all requests again.")
@click.pass_context
def command(context: click.Context, /, *, env: str, override: str, **asked: bool) -> None:
    r"""Make an environment run what its branch says.

    Each model that does not run in its version is started beside the old one, checked, and switched to with
    no request lost; where that fails, the old one stays, and the branch goes back to it, with a hold. What
    runs already is left alone; what should not run is stopped and removed. What was stopped with --down is
    started again by the next deployment.

    Where the environment's strategy is a canary or a shadow, each step is held, judged and told in a line; a
    version that does worse than the old one is put back. One that was killed, or not waited for, is continued
    by the next deployment.

    \b
    Examples:
      gitmodel deploy production
      gitmodel deploy production --check
      gitmodel deploy production --override "the fix for the outage"
      gitmodel deploy production --no-wait
      gitmodel deploy production --abort
      gitmodel -C ~/loans.git deploy local --down
    """
    if sum(asked[name] for name in ("check", "down", "advance", "abort")) > 1:
        raise UsageError("--check, --down, --continue and --abort are not for one command")
    repo = Repository.open()
    if asked["down"]:
        from gitmodel.delivery.deploy import take_down

        click.echo(f"{env}: {'all is stopped' if take_down(repo, env, sink=click.echo) else 'nothing ran'}")
        return
    if asked["abort"]:
        _abort(repo, env)
        return
    context.exit(_deploy(repo, env, asked, override))


def _deploy(repo: Repository, env: str, asked: Mapping[str, bool], override: str) -> int:
    from gitmodel.delivery.deploy import Options
    from gitmodel.delivery.strategy import Manner
    from gitmodel.pipelines.releasing import deploy_and_close

    manner = Manner(wait=not asked["no_wait"], advance=asked["advance"])
    options = Options(check=asked["check"], empty=asked["empty"], override=override, manner=manner)
    done = deploy_and_close(repo, env, click.echo, options)
    if not done:
        click.echo(f"no model should run in {env}")
    return max((each.exit_code for each in done), default=0)


def _abort(repo: Repository, env: str) -> None:
    from gitmodel.cli.choices import who
    from gitmodel.delivery.aborting import abort

    if not abort(repo, env, by=who(repo), sink=click.echo):
        click.echo(f"{env}: no canary or shadow is underway any more")
