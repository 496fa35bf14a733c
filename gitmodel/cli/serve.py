"""``gitmodel serve``: answer predictions on this machine."""

import os

import click

from gitmodel.git.repository import Repository


@click.command(name="serve")
@click.argument("version", required=False)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Where to listen."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
def command(*, version: str | None, port: int, host: str) -> None:
    r"""Answer predictions with a version on this machine.

    VERSION is as in `gitmodel show`. Ctrl-C ends it. The address itself shows a page to try it with.

    \b
    Examples:
      gitmodel serve credit-risk:4 --port 3000
      curl -s localhost:3000/predict -H 'Content-Type: application/json' -d @row.json
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.packaging import check_port, serve
    from gitmodel.pipelines.steps import package_model

    repo = Repository.open()
    chosen = any_version(repo, version)
    check_port(host, port)
    package = package_model(repo, chosen.tag, click.echo)
    service = serve(package, host, port)
    click.echo(f"{chosen.name} answers at http://{host}:{port} (Ctrl-C ends it)")
    os.chdir(service.folder)
    # The service takes our place, so that signals reach it and nothing is left when it ends.
    os.execve(service.argv[0], service.argv, service.environment)  # noqa: S606 - no shell is wanted
