"""``gitmodel reconcile``: mend what is not as it should be."""

import click

from gitmodel.git.repository import Repository


@click.command(name="reconcile")
@click.argument("env")
@click.pass_context
def command(context: click.Context, *, env: str) -> None:
    r"""Compare what runs in an environment with what should, and mend it.

    Beside what `gitmodel deploy` looks at, files are compared with what was rolled out: releases, routes,
    what keeps services alive. What was mended is said, and noted. What is held, or waits for a time in which
    it may be rolled out, is left so.

    \b
    Examples:
      gitmodel reconcile production
    """
    from gitmodel.pipelines.releasing import reconcile

    context.exit(reconcile(Repository.open(), env, click.echo))
