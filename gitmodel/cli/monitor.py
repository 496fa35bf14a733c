"""``gitmodel monitor``: how what serves does."""

from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
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
    from gitmodel.errors import UsageError
    from gitmodel.git.remotes import fetch
    from gitmodel.pipelines.exposing import expose
    from gitmodel.pipelines.watching import watch, watched_document
    from gitmodel.reports.live import COLOURS, monitor_text
    from gitmodel.reports.terminal import clean, to_json

    if len(words) > 2 or not (words or rules):  # noqa: PLR2004 - model and environment
        found = " ".join(words) or "nothing"
        raise UsageError(f"expected [MODEL] ENV, found {found}", hint="see the example in --help")
    repo = Repository.open()
    if rules:
        _print_rules(repo, words)
        return
    env = known_environment(repo, words[-1])
    if act:
        fetch(repo)  # what others have done meanwhile counts
    model = words[0] if len(words) > 1 else ""
    missing = 0 if no_collect else _collect(repo, env, model)
    watched = watch(repo, env, model or None, by=who(repo), record=not no_record)
    if not no_record:
        expose(repo, env, watched, lambda line: click.echo(clean(line), err=True))
    document = watched_document(watched)
    if as_json:
        click.echo(to_json(document))
    else:
        show(monitor_text(document), COLOURS)
    if act:
        _act(repo, env, watched, no_record=no_record)
    context.exit(max(missing, int(any(each.is_broken for each in watched))))


def _print_rules(repo: Repository, words: tuple[str, ...]) -> None:
    from gitmodel.cli.choices import all_environments, known_environment
    from gitmodel.pipelines.alert_rules import alert_rules, rules_text

    environments = [known_environment(repo, words[-1])] if words else all_environments(repo)
    model = words[0] if len(words) > 1 else ""
    click.echo(rules_text(alert_rules(repo, environments, model)), nl=False)


def _collect(repo: Repository, env: str, model: str) -> int:
    """Bring here what is new on the hosts; return the exit code. What is missing stops nothing."""
    from functools import partial

    from gitmodel.delivery.collecting import collect
    from gitmodel.errors import ToolFailed
    from gitmodel.reports.terminal import clean

    say = partial(click.echo, err=True)
    down = [
        host for host in collect(repo, env, sink=lambda line: say(clean(line)), model=model) if host.problem
    ]
    for host in down:
        say(clean(f"{host.host}: {host.problem}"))
    return ToolFailed.exit_code if down else 0


def _act(repo: Repository, env: str, found: "list[Watched]", *, no_record: bool) -> None:
    import os
    from functools import partial

    from gitmodel import clock
    from gitmodel.cli.choices import who
    from gitmodel.errors import UsageError
    from gitmodel.forges import open_forge
    from gitmodel.pipelines.healing import Healing
    from gitmodel.pipelines.job import Job

    if no_record:
        raise UsageError("--act notes what it does", hint="leave out --no-record")
    say = partial(click.echo, err=True)
    job = Job(repo, None, open_forge(os.environ))
    Healing(job, env, who(repo), say, clock.now(), os.environ).heal(found)
