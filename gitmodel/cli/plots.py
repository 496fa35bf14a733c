"""``gitmodel plots``: the plots of a model, drawn here."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from gitmodel.reports.plots import Plot
    from gitmodel.reports.plots.drawing import Form

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(name="plots")
@click.argument("revisions", nargs=-1, metavar="[VERSION]...")
@click.option(
    "--model", help="Whose plots, where branches or commits are named and there are several models."
)
@click.option("-p", "--plot", "only", multiple=True, metavar="NAME", help="Only this plot.")
@click.option("--svg", type=_FOLDER, help="Write each plot into this folder, as SVG.")
@click.option("--png", type=_FOLDER, help="Write each plot into this folder, as PNG.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with each plot as Vega-Lite.")
def command(
    *,
    revisions: tuple[str, ...],
    model: str | None,
    only: tuple[str, ...],
    svg: Path | None,
    png: Path | None,
    as_json: bool,
) -> None:
    r"""Draw the plots of a model, of two versions in one picture.

    VERSION is as in `gitmodel show`, or a branch or commit that was trained; up to five are drawn together,
    the newest last. Without one it is the latest of the only model. What is drawn is what `plots:` of
    dvc.yaml declares.

    \b
    Examples:
      gitmodel plots credit-risk:4
      gitmodel plots credit-risk:3 credit-risk:4
      gitmodel plots main my-branch --svg plots
      gitmodel plots credit-risk:production credit-risk:latest -p roc.csv
      gitmodel plots credit-risk --json
    """
    from gitmodel.cli.output import show
    from gitmodel.errors import UsageError
    from gitmodel.reports.plots.reading import draw_plots
    from gitmodel.reports.plots.sides import find_sides
    from gitmodel.reports.plots.terminal import plots_text

    repo = Repository.open()
    sides = find_sides(repo, revisions, model)
    plots = draw_plots(repo, sides, only)
    if only and not plots:
        known = ", ".join(plot.name for plot in draw_plots(repo, sides)) or "none"
        raise UsageError(f"there is no plot {only[0]!r}", hint=f"known are: {known}")
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json([_document(plot) for plot in plots]))
    elif plots:
        show(plots_text(plots, _width(), _written(plots, svg, png)))
    else:
        click.echo("no plots are declared: `plots:` in dvc.yaml names them", err=True)


def _written(plots: "list[Plot]", svg: Path | None, png: Path | None) -> dict[str, str]:
    from gitmodel.reports.plots.files import write_pictures
    from gitmodel.reports.terminal import clean

    written: dict[str, str] = {}
    forms: list[tuple[Path | None, Form]] = [(svg, "svg"), (png, "png")]
    for folder, form in forms:
        if folder is None:
            continue
        files, problems = write_pictures(plots, folder, form)
        for name, file in files.items():
            written[name] = f"{written[name]}, {file}" if name in written else file
        for problem in problems:
            click.echo(clean(f"warning: {problem}"), err=True)
    return written


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns


def _document(plot: "Plot") -> dict[str, Any]:
    """Return a plot for JSON: images are named, their content is in git or in DVC's cache."""
    images = [{"revision": image.revision, "kind": image.kind} for image in plot.images]
    document = asdict(replace(plot, rows=(), images=()))
    del document["rows"]
    return {**document, "images": images}
