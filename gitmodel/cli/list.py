"""``gitmodel list``: the models."""

import click

from gitmodel.git.repository import Repository
from gitmodel.reports import models


@click.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> None:
    r"""List the models with their newest versions.

    A model that HEAD declares and that has no version yet is shown with -.

    \b
    Examples:
      gitmodel list
      gitmodel list --json
    """
    rows = models.read_models(Repository.open())
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json(models.models_document(rows)))
    elif rows:
        click.echo("\n".join(models.models_text(rows)))
    else:
        click.echo("there is no model here yet; `gitmodel init --example hello-world` makes one", err=True)
