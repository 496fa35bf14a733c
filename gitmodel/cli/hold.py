"""``gitmodel hold``: keep a model where it is."""

import click

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository


@click.command(name="hold")
@click.argument("words", nargs=-1, metavar="[MODEL] ENV")
@click.option("--lift", "lifted", is_flag=True, help="Let automation promote again.")
@click.option("--reason", default="", help="Why; needed to hold.")
def command(*, words: tuple[str, ...], lifted: bool, reason: str) -> None:
    r"""Keep automation from promoting a model, or lift that.

    People can still promote, which lifts the hold.

    \b
    Examples:
      gitmodel hold credit-risk production --reason "audit until Friday"
      gitmodel hold credit-risk production --lift
    """
    from gitmodel.cli.choices import model_first, who
    from gitmodel.delivery import promotion
    from gitmodel.git.remotes import fetch

    if not lifted and not reason.strip():
        raise UsageError("a hold needs a reason", hint='add --reason "…": whoever is stopped by it will ask')
    repo = Repository.open()
    fetch(repo)
    model, env = model_first(repo, words)
    act = promotion.lift if lifted else promotion.hold
    done = act(repo, model, env, reason=reason, by=who(repo))
    already = f"{model} is {'not held' if lifted else 'held already'} in {env}"
    click.echo(done.subject if done.changed else already)
