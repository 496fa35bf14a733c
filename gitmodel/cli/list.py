"""``gitmodel list``: the models."""

import click

from gitmodel.git.repository import Repository


@click.command(name="list")
@click.option("-l", "--long", "long", is_flag=True, help="Show also id, date, environments, owners, health.")
@click.option("--all-versions", "every", is_flag=True, help="A line for each version, not each model.")
@click.option(
    "--sort", "order", metavar="FIELD", help="Order by a field, metrics best first; -FIELD turns it."
)
@click.option(
    "--where", "conditions", metavar="CONDITION", multiple=True, help="Show what meets it; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *, long: bool, every: bool, order: str | None, conditions: tuple[str, ...], as_json: bool
) -> None:
    r"""List the models with their newest versions.

    A model that HEAD declares and that has no version yet is shown with -. Fields are the keys of --json:
    model, version, date, algo, owners, health, environments.NAME, metrics.NAME, parameters.NAME and so on;
    conditions compare one by =, !=, <, <=, >, >= or ~ (contains).

    \b
    Examples:
      gitmodel list
      gitmodel list --long --sort metrics.roc_auc
      gitmodel list --all-versions --where model=credit-risk --where "metrics.roc_auc>=0.7"
      gitmodel list --json
    """
    repo = Repository.open()
    if long or every or order or conditions or as_json:
        _overview(repo, every, order, conditions, as_json)
        return
    from gitmodel.cli.output import show
    from gitmodel.reports.models import COLOURS, models_text, read_models

    rows = read_models(repo)
    if rows:
        show(models_text(rows), COLOURS)
    else:
        _nothing()


def _nothing() -> None:
    click.echo("there is no model here yet; `gitmodel init --example hello-world` makes one", err=True)


def _overview(
    repo: Repository,
    every: bool,  # noqa: FBT001
    order: str | None,
    conditions: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
) -> None:
    from gitmodel.cli.choices import warn_of
    from gitmodel.cli.output import show
    from gitmodel.reports import overview

    rows, broken = overview.read_rows(repo, every=every)
    found = overview.select(rows, conditions)
    if order:
        found = overview.sort(found, order)
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json([overview.row_document(row) for row in found]))
    elif found:
        named = [*overview.condition_fields(conditions), *([order.removeprefix("-")] if order else [])]
        show(overview.overview(found, named), overview.COLOURS)
    elif rows:
        click.echo("no version meets that", err=True)
    else:
        _nothing()
    warn_of(broken)
