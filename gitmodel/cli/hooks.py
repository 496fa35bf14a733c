"""``gitmodel hooks``: the git hooks of this repository."""

import sys
from functools import partial

import click

from gitmodel.git.repository import Repository


@click.group(name="hooks")
def command() -> None:
    r"""Install git hooks, or take them away.

    In a clone: pre-push sends data and notes before the commits that need them; post-merge and post-checkout
    bring data, versions and notes in line. In a server repository: pre-receive and post-receive. A hook that
    is there already is kept and runs first.

    \b
    Examples:
      gitmodel hooks install
      gitmodel hooks uninstall
    """


@command.command()
def install() -> None:
    """Install the hooks, or bring them up to date."""
    from gitmodel.pipelines.setup import install_client_hooks

    if not install_client_hooks(Repository.open(), click.echo):
        click.echo("the hooks are up to date")


@command.command()
def uninstall() -> None:
    """Take the hooks away; those that were there before come back."""
    from gitmodel.pipelines.shims import uninstall_hooks

    if not uninstall_hooks(Repository.open(), click.echo):
        click.echo("no hook of gitmodel is installed")


@command.command(hidden=True)
@click.argument("name", type=click.Choice(["pre-push", "post-merge", "post-checkout", "post-receive"]))
@click.argument("arguments", nargs=-1)
@click.pass_context
def run(context: click.Context, *, name: str, arguments: tuple[str, ...]) -> None:
    """Do what a hook does; its shim calls this."""
    repo = Repository.open()
    if name == "post-receive":
        from gitmodel.pipelines.pushed import parse_pushed
        from gitmodel.pipelines.receive import receive

        context.exit(receive(repo, parse_pushed(sys.stdin), click.echo))
    from gitmodel.hooks import client

    say = partial(click.echo, err=True)  # the standard output of `git push --porcelain` is read by programs
    if name == "pre-push":
        client.pre_push(repo, arguments, sys.stdin, say)
    elif name == "post-merge":
        client.post_merge(repo, say)
    else:
        client.post_checkout(repo, arguments, say)
