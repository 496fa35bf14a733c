"""``gitmodel withdraw``: take a model out of an environment."""

import click

from gitmodel.git.repository import Repository


@click.command(name="withdraw")
@click.argument("words", nargs=-1, metavar="[MODEL] ENV")
@click.option("--reason", required=True, help="Why; the history and the hold keep it.")
@click.option("--empty", is_flag=True, help="Also where it is the last model there.")
@click.option("--forget", is_flag=True, help="Remove its predictions and feedback from the hosts, too.")
def command(*, words: tuple[str, ...], reason: str, empty: bool, forget: bool) -> None:
    r"""Take a model out of an environment.

    It is a new commit on the branch env/ENV. The next deployment stops the model and removes its releases;
    what it has predicted stays there unless --forget is said. A hold keeps automation from bringing it back.

    \b
    Examples:
      gitmodel withdraw credit-risk staging --reason "replaced by credit-score"
      gitmodel withdraw credit-risk production --reason "no longer allowed" --forget
    """
    from gitmodel.cli.choices import model_first, next_step, who
    from gitmodel.delivery.removal import withdraw
    from gitmodel.git.remotes import fetch

    repo = Repository.open()
    fetch(repo)
    model, env = model_first(repo, words)
    done = withdraw(repo, model, env, reason=reason, by=who(repo), empty=empty, forget=forget)
    click.echo(f"{done.subject}\n{next_step(repo, env)}")
