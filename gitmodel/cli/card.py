"""``gitmodel card``: the model card of a version."""

from pathlib import Path

import click

from gitmodel.git.repository import Repository


@click.command(name="card")
@click.argument("version", required=False)
@click.option("--markdown", "form", flag_value="markdown", help="Write Markdown.")
@click.option(
    "--html", "form", flag_value="html", help="Write a page that needs nothing else, with the plots."
)
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write into this file.")
def command(*, version: str | None, form: str | None, output: Path | None) -> None:
    r"""Show the model card of a version: what it is, how good, where it fails, and who owns it.

    VERSION is as in `gitmodel show`. The card is made from the tag, the notes, model.yaml, and the data and
    packages that are on this machine.

    \b
    Examples:
      gitmodel card credit-risk:4
      gitmodel card credit-risk --html -o card.html
      gitmodel card credit-risk:production --markdown
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.cli.output import show
    from gitmodel.reports.card import read_card, write_card
    from gitmodel.reports.card.writing import COLOURS, card_text

    repo = Repository.open()
    chosen = any_version(repo, version)
    card = read_card(repo, chosen)
    if form is None and output is None:
        show(card_text(card), COLOURS)
        return
    pictures = ""
    if form == "html":
        from gitmodel.reports.plots import draw_plots, plots_html, version_side

        pictures = plots_html(draw_plots(repo, [version_side(repo, chosen)]))
    text = write_card(card, form or "text", pictures).rstrip("\n")
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n", "utf-8")
