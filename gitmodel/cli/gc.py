"""``gitmodel gc``: what no kept version needs."""

from datetime import timedelta

import click

from gitmodel.git.repository import Repository


def _duration(_context: click.Context, _option: click.Parameter, value: str) -> timedelta:
    from gitmodel.spec.durations import parse_duration

    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}: expected such as 12h, 30d or 8w") from error


@click.command(name="gc")
@click.option("--delete", is_flag=True, help="Delete what is not needed; without it nothing changes.")
@click.option(
    "--keep-versions",
    metavar="N",
    type=click.IntRange(min=1),
    help="Keep files only of the newest N versions of each model. [default: all]",
)
@click.option(
    "--keep-runs",
    metavar="AGE",
    default="30d",
    show_default=True,
    callback=_duration,
    help="Keep trainings without a version that are younger.",
)
@click.option(
    "--grace",
    metavar="AGE",
    default="1h",
    show_default=True,
    callback=_duration,
    help="Keep files that are younger: somebody may be about to commit what names them.",
)
@click.option("--remote", is_flag=True, help="Also on the DVC remote, and run refs of the git remote.")
@click.option(
    "--own-cache", is_flag=True, help="A cache outside of the repository is of this repository alone."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *,
    delete: bool,
    keep_versions: int | None,
    keep_runs: timedelta,
    grace: timedelta,
    remote: bool,
    own_cache: bool,
    as_json: bool,
) -> None:
    r"""Find files that no kept version needs, and with --delete delete them.

    Needed is what versions, branches, other tags, young trainings and the files of work trees name; always
    what environments want, and what each would return to in a rollback. All else goes from DVC's cache and
    from the copies and packages of this machine. Tags, branches and notes stay: `gitmodel show` then says
    that the artifact of a version was collected. Use --remote only where no other repository keeps its data
    on the same DVC remote.

    \b
    Examples:
      gitmodel gc
      gitmodel gc --keep-versions 5 --delete
      gitmodel gc --remote --keep-runs 8w --json
    """
    from gitmodel.cli.choices import who
    from gitmodel.reports.garbage import plan_document, plan_text
    from gitmodel.reports.terminal import to_json
    from gitmodel.training.gc import collect
    from gitmodel.training.needs import Policy

    repo = Repository.open()
    plan = collect(
        repo, Policy(keep_versions, keep_runs, grace, own_cache), remote=remote, delete=delete, by=who(repo)
    )
    if as_json:
        click.echo(to_json(plan_document(plan, deleted=delete)))
    else:
        click.echo("\n".join(plan_text(plan, deleted=delete)))
