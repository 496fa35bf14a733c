"""What ``gitmodel log --deployments`` shows."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository


def show_deployments(
    env: str, model: str | None, at: str | None, limit: int | None, *, as_json: bool
) -> None:
    """Show the deployments of an environment, newest first, or with a time what ran then."""
    from gitmodel.cli.choices import known_environment
    from gitmodel.cli.output import show
    from gitmodel.delivery.deployments import deployments, running_between, stays
    from gitmodel.delivery.outcomes import outcome_document
    from gitmodel.reports.deployments import COLOURS, deployments_text, ran_text
    from gitmodel.reports.terminal import to_json

    repo = Repository.open()
    found = deployments(repo, known_environment(repo, env))
    mine = [each for each in found if model in (None, each.outcome.model)]
    if at:
        ran = [asdict(each) for each in running_between(stays(each.outcome for each in mine), *_period(at))]
        if as_json:
            click.echo(to_json([{**each, "until": each["until"] or None} for each in ran]))
        elif ran:
            show(ran_text(ran), COLOURS)
        else:
            click.echo(f"nothing ran in {env} then, as far as notes tell", err=True)
        return
    documents = [{"commit": each.commit, **outcome_document(each.outcome)} for each in mine][:limit]
    if as_json:
        click.echo(to_json(documents))
    elif documents:
        show(deployments_text(documents), COLOURS)
    else:
        click.echo(f"nothing was deployed to {env} yet; `gitmodel sync` brings the notes of others", err=True)


def _period(text: str) -> tuple[datetime, datetime]:
    """Return the day, or the moment, that was asked for, as its first moment and the one after its last."""
    try:
        begin = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "write it as 2026-11-20, for the whole day, or 2026-11-20T14:30; in UTC"
        raise UsageError(f'"{text}" is no time', hint=hint) from error
    begin = begin.astimezone(UTC) if begin.tzinfo else begin.replace(tzinfo=UTC)
    is_day = "T" not in text and ":" not in text
    return begin, begin + timedelta(days=1) if is_day else begin
