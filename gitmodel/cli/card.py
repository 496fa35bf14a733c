"""``gitmodel card``: the model card of a version."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from gitmodel.registry.versions import Version


@click.command(name="card")
@click.argument("version", required=False)
@click.option("--markdown", "form", flag_value="markdown", help="Write Markdown.")
@click.option(
    "--html", "form", flag_value="html", help="Write a page that needs nothing else, with the plots."
)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--slices", is_flag=True, help="Look for the rows it does worst on, and keep that as a note.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write into this file.")
def command(*, version: str | None, form: str | None, slices: bool, output: Path | None) -> None:
    r"""Show the model card of a version: what it is, how good, where it fails, and who owns it.

    VERSION is as in `gitmodel show`. The card is made from the tag, the notes, model.yaml, and the data and
    packages that are on this machine. With --slices the version is scored on its test rows, which needs its
    data and its model; what was found once is on every card after that.

    \b
    Examples:
      gitmodel card credit-risk:4
      gitmodel card credit-risk --html -o card.html
      gitmodel card credit-risk:production --markdown
      gitmodel card credit-risk:4 --slices
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.cli.output import show
    from gitmodel.reports.card import read_card, write_card
    from gitmodel.reports.card.writing import COLOURS, card_text

    repo = Repository.open()
    chosen = any_version(repo, version)
    if slices:
        from gitmodel.cli.choices import who
        from gitmodel.pipelines.slicing import find_slices

        find_slices(repo, chosen, who(repo))
    card = read_card(repo, chosen)
    if form is None and output is None:
        show(card_text(card), COLOURS)
        return
    text = write_card(card, form or "text", _pictures(repo, chosen) if form == "html" else "").rstrip("\n")
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n", "utf-8")


def _pictures(repo: Repository, version: "Version") -> str:
    """Return the plots of a version; none where its model.yaml or its pipeline cannot be read."""
    from gitmodel.errors import GitmodelError
    from gitmodel.reports.plots import draw_plots, plots_html, version_side

    with suppress(GitmodelError):
        return plots_html(draw_plots(repo, [version_side(repo, version)]))
    return ""
