"""``gitmodel rollback``: return to an earlier version."""

import click

from gitmodel.git.repository import Repository


@click.command(name="rollback")
@click.argument("words", nargs=-1, metavar="[MODEL] ENV")
@click.option("--to", metavar="VERSION", help="The version to return to. [default: the last good one there]")
@click.option("--reason", required=True, help="Why; the history and the hold keep it.")
def command(*, words: tuple[str, ...], to: str | None, reason: str) -> None:
    r"""Put the version before back into an environment, and hold it there.

    It is a new commit on the branch env/ENV, which the server then rolls out. Automation promotes nothing
    of the model there until a person lifts the hold or promotes a version.

    \b
    Examples:
      gitmodel rollback credit-risk production --reason "refuses all students"
      gitmodel rollback credit-risk production --to 3 --reason "the last audited one"
    """
    from gitmodel.cli.choices import model_first, next_step, who
    from gitmodel.delivery.promotion import rollback
    from gitmodel.git.remotes import fetch

    repo = Repository.open()
    fetch(repo)
    model, env = model_first(repo, words)
    to = to.removeprefix(f"{model}:").removeprefix("v") if to else None
    click.echo(rollback(repo, model, env, reason=reason, by=who(repo), to=to).subject)
    click.echo(next_step(repo, env))
