"""``gitmodel package``: make a version into a service."""

from pathlib import Path

import click

from gitmodel.git.repository import Repository


@click.command(name="package")
@click.argument("version", required=False)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Copy the package into this folder, which must be new or empty.",
)
def command(*, version: str | None, output: Path | None) -> None:
    r"""Make a version into a service that can run anywhere.

    VERSION is as in `gitmodel show`. The package is a Bento: `bentoml serve FOLDER` runs it too.

    \b
    Examples:
      gitmodel package credit-risk:4
      gitmodel package credit-risk:production --output build/credit-risk
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.pipelines.steps import package_model

    repo = Repository.open()
    if output is not None:
        _refuse_full(output)
    package = package_model(repo, any_version(repo, version).tag, click.echo)
    folder = package.folder
    if output is not None:
        import shutil

        folder = Path(shutil.copytree(package.folder, output, symlinks=True, dirs_exist_ok=True))
    click.echo(folder)


def _refuse_full(folder: Path) -> None:
    from gitmodel.errors import UsageError

    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="name a folder that does not exist yet")
