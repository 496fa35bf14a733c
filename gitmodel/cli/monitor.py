"""``gitmodel monitor``: how what serves does."""

from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from gitmodel.pipelines.job import Job
    from gitmodel.pipelines.telling import Say
    from gitmodel.pipelines.watching import Watched


@click.command(name="monitor")
@click.argument("words", nargs=-1, metavar="[MODEL] ENV")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--no-record", is_flag=True, help="Write no note.")
@click.option("--no-collect", is_flag=True, help="Use what was collected before.")
@click.option("--act", is_flag=True, help="Do what the conditions say: alert, train anew, roll back.")
@click.option("--rules", is_flag=True, help="Print alert rules for Prometheus, and measure nothing.")
@click.pass_context
def command(
    context: click.Context,
    *,
    words: tuple[str, ...],
    as_json: bool,
    no_record: bool,
    no_collect: bool,
    act: bool,
    rules: bool,
) -> None:
    r"""Measure what serves in an environment, and judge it by its quality conditions.

    Collects predictions and labels from the hosts first. The metrics of the version that should run, its
    latency, errors and drift are kept as a note; `gitmodel log --live` shows them over time. With --act, a
    condition that failed is followed by what its `when_broken` names, step by step, each noted with its
    reason: see `gitmodel log --incidents`. With --rules, alert rules for Prometheus are printed, of all that
    should run or of one environment. The exit code is 1 where a condition failed, 3 where a host did
    not answer.

    \b
    Examples:
      gitmodel monitor production
      gitmodel monitor spam-filter production --json
      gitmodel monitor production --act
      gitmodel monitor --rules > gitmodel.rules.yml
    """
    from gitmodel.cli.choices import known_environment, who
    from gitmodel.cli.output import show
    from gitmodel.errors import ToolFailed, UsageError
    from gitmodel.git.remotes import fetch
    from gitmodel.pipelines.exposing import expose
    from gitmodel.pipelines.job import Job, open_job
    from gitmodel.pipelines.labels import collect_from_hosts
    from gitmodel.pipelines.watching import watch, watched_document
    from gitmodel.reports.live import COLOURS, monitor_text
    from gitmodel.reports.terminal import clean, to_json

    if len(words) > 2 or not (words or rules):  # noqa: PLR2004 - model and environment
        found = " ".join(words) or "nothing"
        raise UsageError(f"expected [MODEL] ENV, found {found}", hint="see the example in --help")
    if act and no_record:
        raise UsageError("--act notes what it does", hint="leave out --no-record")
    if rules:
        _print_rules(Repository.open(), words)
        return

    def say(line: str) -> None:
        click.echo(clean(line), err=True)

    job = open_job() if act else Job(Repository.open())  # what is trained shall see no tokens
    repo, env, model = job.repo, known_environment(job.repo, words[-1]), words[0] if len(words) > 1 else ""
    if act:
        fetch(repo)  # what others have done meanwhile counts
    are_down = not no_collect and collect_from_hosts(repo, env, model, say)
    watched = watch(repo, env, model or None, by=who(repo), record=not no_record)
    if not no_record:
        expose(repo, env, watched, say)
    document = watched_document(watched)
    if as_json:
        click.echo(to_json(document))
    else:
        show(monitor_text(document), COLOURS)
    if act:
        _act(job, env, watched, say)
    context.exit(max(ToolFailed.exit_code * are_down, int(any(each.is_broken for each in watched))))


def _print_rules(repo: Repository, words: tuple[str, ...]) -> None:
    from gitmodel.cli.choices import all_environments, known_environment
    from gitmodel.pipelines.alert_rules import alert_rules, rules_text

    environments = [known_environment(repo, words[-1])] if words else all_environments(repo)
    model = words[0] if len(words) > 1 else ""
    click.echo(rules_text(alert_rules(repo, environments, model)), nl=False)


def _act(job: "Job", env: str, found: "list[Watched]", say: "Say") -> None:
    import os

    from gitmodel import clock
    from gitmodel.cli.choices import who
    from gitmodel.pipelines.healing import Healing

    Healing(job, env, who(job.repo), say, clock.now(), os.environ).heal(found)
