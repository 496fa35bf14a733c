"""``gitmodel sync``: this clone and its remote."""

import click

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository


@click.command(name="sync")
def command() -> None:
    r"""Bring data and notes of this clone in line with the remote.

    Versions, environments and notes of the remote are fetched, notes of this clone are merged with them and
    pushed, and data files are pulled where DVC tracks any.

    \b
    Example:
      gitmodel sync
    """
    from gitmodel.git.tracking import default_remote
    from gitmodel.hooks.client import sync

    repo = Repository.open()
    if default_remote(repo) is None:
        raise UsageError("there is no remote to be in line with", hint="run `git remote add origin URL`")
    sync(repo, click.echo)
