"""``gitmodel lineage``: where a version comes from and what became of it."""

from typing import TYPE_CHECKING

import click

from gitmodel.cli.choices import any_version
from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from gitmodel.reports.lineage import Lineage


@click.command(name="lineage")
@click.argument("version", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "json", "openlineage"]),
    default="text",
    show_default=True,
    help="How to print it; openlineage is one event a line.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(*, version: str | None, form: str, as_json: bool) -> None:
    r"""Show where a version comes from and what became of it.

    From the data over the run to the version, its deployments and incidents, as git tells it: the tag, its
    commit with DVC's locks, notes, and the branches of environments. VERSION is named as for `gitmodel show`.

    \b
    Examples:
      gitmodel lineage credit-risk:4
      gitmodel lineage credit-risk:production --format mermaid
      gitmodel lineage credit-risk:4 --format openlineage >> events.ndjson
    """
    from gitmodel.pipelines.story import whole_lineage

    repo = Repository.open()
    lineage = whole_lineage(repo, any_version(repo, version))
    form = "json" if as_json else form
    if form == "text":
        from gitmodel.cli.output import show
        from gitmodel.reports.lineage import COLOURS, lineage_text

        show(lineage_text(lineage), COLOURS)
    else:
        click.echo(_written(repo, lineage, form))


def _written(repo: Repository, lineage: "Lineage", form: str) -> str:
    """Write it for programs."""
    from gitmodel.reports.lineage import lineage_document, lineage_mermaid

    if form == "openlineage":
        from gitmodel.reports.openlineage import declared_fields, event_lines, namespace_of

        fields = declared_fields(repo, lineage.version)
        return "\n".join(event_lines(lineage, namespace_of(repo), fields))
    if form == "json":
        from gitmodel.reports.terminal import to_json

        return to_json(lineage_document(lineage))
    return "\n".join(lineage_mermaid(lineage))
