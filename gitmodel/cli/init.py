"""``gitmodel init``: make a repository."""

from pathlib import Path

import click

from gitmodel.errors import UsageError


@click.command(name="init")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--server", is_flag=True, help="Make a bare repository that acts on pushes.")
@click.option(
    "--example", metavar="NAME", help="Begin with an example: hello-world, credit-risk, spam-filter."
)
@click.option("--port", type=click.IntRange(1, 65535), help="With --server: where models answer.")
def command(*, path: Path, server: bool, example: str | None, port: int | None) -> None:
    r"""Make a models repository, or with --server one to push to.

    A models repository gets settings, DVC, git hooks and a first model, and where it has no commit yet a
    first commit, so that `gitmodel train` works at once. Files that exist are kept. A server repository
    gets hooks that check pushes and run what follows from them, a folder for data beside it, and the
    environment `local`. Running the command again completes what is missing.

    \b
    Examples:
      gitmodel init wines
      gitmodel init --example credit-risk loans
      gitmodel init --server /srv/git/loans.git
    """
    from gitmodel.pipelines.setup import init_repository, init_server

    if not server and port is not None:
        raise UsageError("--port goes with --server")
    if server and example is not None:
        raise UsageError("--example makes a repository to work in", hint="push it to the server afterwards")
    if server:
        repo = init_server(path, port=port, say=click.echo)
        click.echo(f"\nNext: git remote add origin {repo.git_dir}; git push -u origin main")
        return
    init_repository(path, example=example, say=click.echo)
    click.echo("\nNext: gitmodel train, or add a remote and push")
