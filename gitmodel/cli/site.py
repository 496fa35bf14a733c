"""``gitmodel site``: a registry to look at in a browser."""

from pathlib import Path

import click

from gitmodel.git.repository import Repository


@click.group(name="site")
def command() -> None:
    r"""Write the registry as a site of plain files, or show it here.

    \b
    Examples:
      gitmodel site build -o public
      gitmodel site serve --watch
    """


@command.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("site"),
    show_default=True,
    help="The folder to write.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def build(*, output: Path, as_json: bool) -> None:
    r"""Write the site into a folder: open its index.html, or publish the folder as it is.

    It needs no server, no build step and no other host. Running it again writes only what has changed.

    \b
    Examples:
      gitmodel site build
      gitmodel site build -o public --json
    """
    from gitmodel.site.build import build_site, summary_document

    summary = build_site(Repository.open(), output, lambda line: click.echo(line, err=True))
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json(summary_document(summary)))
        return
    click.echo(
        f"{output / 'index.html'}: {summary.models} models, {summary.versions} versions; "
        f"{summary.written} of {summary.files} files written, {summary.removed} removed, "
        f"in {summary.seconds:.1f} s"
    )
    if summary.unreadable:
        click.echo(f"not readable, so not shown: {', '.join(summary.unreadable)}", err=True)


@command.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The folder to write.  [default: beside the refs]"
)
@click.option("--watch", is_flag=True, help="Build again when refs or notes move; the page follows.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8800, show_default=True, help="Where to listen; 0: any."
)
def serve(*, output: Path | None, watch: bool, host: str, port: int) -> None:
    r"""Build the site and show it at this machine's own address. Ctrl-C ends it.

    \b
    Examples:
      gitmodel site serve --watch
      gitmodel site serve --port 8081 -o public
    """
    from gitmodel.site.serving import serve as serve_site

    repo = Repository.open()
    serve_site(repo, output or repo.state / "site", host, port, click.echo, watch=watch)
