"""``gitmodel schedule``: do by this machine's clock what models ask for."""

from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from datetime import datetime


@click.group(name="schedule")
def command() -> None:
    r"""Train and watch models by the clock of this machine.

    For a clone, or the repository of a server. On a forge its own schedules do that: `gitmodel ci render`.
    Times are UTC.

    \b
    Examples:
      gitmodel schedule install
      gitmodel schedule list
    """


@command.command()
@click.option("--systemd", "kind", flag_value="systemd", help="A timer of systemd.")
@click.option("--crontab", "kind", flag_value="crontab", help="A line of the crontab.")
@click.option("--print", "only_print", is_flag=True, help="Print what would be written, and write nothing.")
def install(*, kind: str | None, only_print: bool) -> None:
    r"""Let a timer do each minute what is due.

    A timer of systemd (of the user; for root of the system) where it answers, else a line of the crontab.
    Running it again brings it up to date. Variables that remotes and alerts need go to the file
    `gitmodel/environment` of the git folder, a line NAME=value each, readable by you alone.

    \b
    Examples:
      gitmodel schedule install
      gitmodel -C /srv/models.git schedule install --crontab
    """
    import os

    from gitmodel import clock
    from gitmodel.pipelines import timers
    from gitmodel.pipelines.ticking import note_new

    repo = Repository.open()
    timer = timers.timer_of(repo, os.environ)
    if only_print:
        click.echo(timers.preview(timer, kind, os.environ), nl=False)  # type: ignore[arg-type]
        return
    chosen = timers.install(timer, kind, os.environ, click.echo)  # type: ignore[arg-type]
    note_new(repo, clock.now())
    click.echo(f"{timer.name} ({chosen}) does each minute what is due; `gitmodel schedule list` shows it")
    if chosen == "systemd" and not timer.is_root:
        click.echo("hint: `loginctl enable-linger` lets it run while you are not logged in", err=True)


@command.command()
def uninstall() -> None:
    r"""Take the timer away.

    \b
    Example:
      gitmodel schedule uninstall
    """
    import os

    from gitmodel.pipelines import timers

    there = timers.uninstall(timers.timer_of(Repository.open(), os.environ))
    click.echo("the timer is gone" if there else "there is no timer")


@command.command()
@click.option("--at", metavar="TIME", help="As if it were this time, such as 2026-12-01T10:00; UTC.")
@click.option("--quiet", is_flag=True, help="Say nothing where nothing is due.")
@click.pass_context
def run(context: click.Context, *, at: str | None, quiet: bool) -> None:
    r"""Do what is due now, each thing once.

    Of the turns that were missed, because the machine slept, one is made up for. What was interrupted is
    done again. The exit code is that of the gravest failure; a model that fails stops no other.

    \b
    Examples:
      gitmodel schedule run
      gitmodel schedule run --at 2026-12-01T10:00
    """
    import os

    from gitmodel import clock
    from gitmodel.pipelines.ticking import run_due
    from gitmodel.pipelines.timers import timer_of, turn_log

    repo = Repository.open()
    turn_log(timer_of(repo, os.environ))
    now = _moment(at) if at else clock.now()
    context.exit(run_due(repo, now, click.echo, pretend=at is not None, quiet=quiet))


def _moment(text: str) -> "datetime":
    from datetime import UTC, datetime

    from gitmodel.errors import UsageError

    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f'"{text}" is no time', hint="write it as 2026-12-01T10:00") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    r"""List what is done when, what came of it the last time, and when it is next.

    \b
    Examples:
      gitmodel schedule list
      gitmodel schedule list --json
    """
    import os

    from gitmodel import clock
    from gitmodel.pipelines import timers
    from gitmodel.pipelines.scheduled import broken_models, schedule_documents, schedule_rows
    from gitmodel.reports.table import align
    from gitmodel.reports.terminal import clean, to_json

    repo = Repository.open()
    found = schedule_documents(repo, clock.now())
    if as_json:
        click.echo(to_json(found))
        return
    for line in align(schedule_rows(found)):
        click.echo(clean(line))
    if not found:
        click.echo("no model has a schedule (`retrain: {schedule: every day at 10:00}` in model.yaml)")
    for name, message in broken_models(repo).items():
        click.echo(clean(f"warning: {name} is left out: {message}"), err=True)
    if found and timers.installed(timers.timer_of(repo, os.environ)) is None:
        click.echo("hint: nothing starts them on this machine; `gitmodel schedule install`", err=True)
