"""``gitmodel show``: one version."""

import click

from gitmodel.git.repository import Repository


@click.command(name="show")
@click.argument("version", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, version: str | None, as_json: bool) -> None:
    r"""Show all that is known of a version.

    VERSION is MODEL:NUMBER, MODEL:latest, MODEL:ENVIRONMENT (what should run there), MODEL, a Model-ID, the
    name of a tag, or a commit: that of one version, or the one that was trained. It may be left out where the
    repository has one model.

    \b
    Examples:
      gitmodel show credit-risk:4
      gitmodel show credit-risk:production --json
      gitmodel show 4fbe8871
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.reports.details import details_document, read_details

    repo = Repository.open()
    details = read_details(repo, any_version(repo, version))
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json(details_document(details)))
    else:
        from gitmodel.cli.output import show
        from gitmodel.reports.versions import COLOURS, details_text

        show(details_text(details), COLOURS)
    for words in details.collected:
        from gitmodel.reports.terminal import clean

        click.echo(clean(f"note: {words}"), err=True)
