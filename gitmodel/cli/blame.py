"""``gitmodel blame``: which version moved a metric."""

import click

from gitmodel.git.repository import Repository


@click.command(name="blame")
@click.argument("metric")
@click.argument("model", required=False)
@click.option("-n", "--max-count", type=click.IntRange(min=1), default=20, help="Show at most so many (20).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, metric: str, model: str | None, max_count: int, as_json: bool) -> None:
    r"""Show which versions moved a metric, and what changed in them.

    Parameters, data, code and the locked Python environment of each are compared with those of the version
    before it. MODEL may be left out where the repository has one.

    \b
    Examples:
      gitmodel blame roc_auc credit-risk
      gitmodel blame accuracy --json
    """
    from gitmodel.cli.choices import any_model, warn_of
    from gitmodel.cli.output import show
    from gitmodel.registry.registry import Registry
    from gitmodel.reports.blame import blame_document, blame_text, find_moves
    from gitmodel.reports.diff import COLOURS
    from gitmodel.reports.terminal import to_json

    repo = Repository.open()
    versions, broken = Registry(repo).read(any_model(repo, model))
    moves = find_moves(repo, versions, metric, max_count)
    if as_json:
        click.echo(to_json(blame_document(moves)))
    else:
        show(blame_text(moves, metric), COLOURS)
    warn_of(broken)
