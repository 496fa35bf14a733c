"""``gitmodel trigger``: start now what a schedule would."""

from typing import TextIO

import click

from gitmodel.git.repository import Repository


@click.command(name="trigger")
@click.argument("words", nargs=-1, metavar="[MODEL] [ENV]")
@click.option(
    "--retrain", is_flag=True, help="Train it anew on fresh data, and deliver what passes its gates."
)
@click.option(
    "--alertmanager",
    type=click.File("r", encoding="utf-8", errors="replace"),
    metavar="FILE",
    help="Watch what the alerts of a notification are about; - reads it from the standard input.",
)
@click.option("--here", is_flag=True, help="On this machine, also where gitmodel.yaml names a forge.")
@click.pass_context
def command(
    context: click.Context,
    *,
    words: tuple[str, ...],
    retrain: bool,
    alertmanager: TextIO | None,
    here: bool,
) -> None:
    r"""Watch a model now, or train it anew: here, or on the forge.

    To watch is to collect, measure and judge it, and to heal what is broken, where it is live or in ENV.
    Where gitmodel.yaml names a forge, its pipeline does it, started with the token in GITMODEL_TOKEN; else
    this machine does, and the exit code is that of the run.

    \b
    Examples:
      gitmodel trigger spam-filter production
      gitmodel trigger spam-filter --retrain
      gitmodel trigger --alertmanager -
    """
    import os

    from gitmodel.cli.choices import any_model, who
    from gitmodel.errors import UsageError
    from gitmodel.pipelines.trigger import Wish, known_wishes, read_alerts, trigger

    repo = Repository.open()
    if alertmanager is not None:
        if words or retrain:
            raise UsageError("a notification says what it is about", hint="leave out the other words")
        wishes = known_wishes(repo, read_alerts(alertmanager.read()), lambda line: click.echo(line, err=True))
    else:
        model, env = _two(words)
        if retrain and env:
            raise UsageError("a retraining goes wherever its gates let it", hint=f"leave out {env}")
        wishes = [Wish("retrain" if retrain else "monitor", any_model(repo, model), env)]
    context.exit(trigger(repo, wishes, os.environ, by=who(repo), here=here, say=click.echo))


def _two(words: tuple[str, ...]) -> tuple[str | None, str]:
    from gitmodel.errors import UsageError

    if len(words) > 2:  # noqa: PLR2004 - model and environment
        raise UsageError(f"expected [MODEL] [ENV], found {' '.join(words)}", hint="see the example in --help")
    return (words[0] if words else None), (words[1] if len(words) > 1 else "")
