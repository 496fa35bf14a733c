"""``gitmodel doctor``: check this machine and this repository."""

import os

import click


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--repair", is_flag=True, help="Mend what can be mended without loss.")
@click.pass_context
def command(context: click.Context, *, as_json: bool, repair: bool) -> None:
    r"""Check this machine and this repository, and say what to do.

    Nothing is changed without --repair. It removes locks of refs that a killed git left here, and moves lines
    of the notes of metrics and incidents that cannot be read, byte for byte, to notes of their own (such as
    refs/notes/metrics-unreadable), here and at the remote. With a token in GITMODEL_TOKEN it asks the forge,
    too, whether it still starts the schedules. The exit code is 1 where a check has failed; a warning is no
    failure.

    \b
    Examples:
      gitmodel doctor
      gitmodel -C /srv/models.git doctor --json
      gitmodel doctor --repair
    """
    from gitmodel.cli.output import show
    from gitmodel.errors import Refused, UsageError
    from gitmodel.git.locks import remove_stale_locks
    from gitmodel.git.repository import Repository
    from gitmodel.metrics.unreadable import METRICS, set_aside
    from gitmodel.pipelines.checkup import INCIDENTS, check_incidents, check_pipelines
    from gitmodel.reports.condition import check_repository
    from gitmodel.reports.findings import COLOURS, Finding, findings_document, findings_text
    from gitmodel.reports.machine import check_machine
    from gitmodel.reports.terminal import to_json

    if repair:
        repo = Repository.open()
        for lock in remove_stale_locks(repo):
            click.echo(f"removed {lock}", err=True)
        for kind in (METRICS, INCIDENTS):
            moved = set_aside(repo, kind)
            if moved or kind is METRICS:
                some = f"{moved or 'no'} unreadable line{'s' * (moved != 1)}"
                click.echo(f"{some} moved to {kind.aside}", err=True)
    findings = [*check_machine()]
    try:
        here = Repository.open()
        findings += [*check_repository(here), check_incidents(here), *check_pipelines(here, os.environ)]
    except UsageError as error:
        findings.append(Finding("repository", "warn", error.message, error.hint))
    if as_json:
        click.echo(to_json(findings_document(findings)))
    else:
        show(findings_text(findings), COLOURS)
    if any(finding.status == "fail" for finding in findings):
        context.exit(Refused.exit_code)
