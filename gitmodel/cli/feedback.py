"""``gitmodel feedback``: what was true, or what people did, of predictions."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmodel.delivery.collecting import Collected
    from gitmodel.pipelines.feedback import Appended


@click.group(name="feedback")
def command() -> None:
    r"""What was true, or what people did, of predictions.

    \b
    Examples:
      gitmodel feedback add credit-risk production labels.csv
      gitmodel feedback collect production
    """


@command.command(name="add")
@click.argument("words", nargs=-1, metavar="[MODEL] ENV")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def add(*, words: tuple[str, ...], file: Path, as_json: bool) -> None:
    r"""Post the labels of a file to the service that made the predictions.

    FILE is CSV with a head line, or has one JSON object a line. Of each, `prediction` is what the header
    X-Prediction-Id of the answer said (with `-<row>` for a row of many), and `label` what was true; `signal`
    (click, like, rating), `origin`, `by` and `at` as you like. Where one line is wrong, nothing is posted.
    What is repeated counts once, so a file can be added again.

    \b
    Examples:
      gitmodel feedback add credit-risk production labels.csv
      gitmodel feedback add production labels.jsonl
    """
    from gitmodel.cli.choices import model_first
    from gitmodel.pipelines.feeding import feed

    repo = Repository.open()
    model, env = model_first(repo, words)
    added = feed(repo, model, env, file)
    if as_json:
        from dataclasses import asdict

        from gitmodel.reports.terminal import to_json

        click.echo(to_json(asdict(added)))
        return
    parts = [f"{added.taken} taken"]
    if added.unknown is not None:
        parts.append(f"{added.unknown} of unknown predictions")
    if added.repeated is not None:
        parts.append(f"{added.repeated} said before")
    click.echo(f"feedback for {model} in {env}: {', '.join(parts)}")


@command.command()
@click.argument("env")
@click.option("--model", default="", help="Only this model.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def collect(context: click.Context, *, env: str, model: str, as_json: bool) -> None:
    r"""Bring predictions and feedback of an environment here, and labelled rows into the data of its models.

    What a host has sent is not asked for again. Where model.yaml has `feedback`, predictions with a label
    become rows of its folder `append_to`: committed to the default branch, or proposed by pull request. Rows
    that a commit has taken out of it do not come again.

    \b
    Examples:
      gitmodel feedback collect production
      gitmodel feedback collect production --model credit-risk --json
    """
    from gitmodel.cli.choices import known_environment
    from gitmodel.delivery.collecting import collect as collect_from
    from gitmodel.errors import ToolFailed
    from gitmodel.git.refs import default_rev
    from gitmodel.pipelines.feedback import append_all
    from gitmodel.pipelines.job import open_job
    from gitmodel.pipelines.receive import follow_commits
    from gitmodel.reports.terminal import clean
    from gitmodel.spec import load_model

    def tell(line: str) -> None:
        click.echo(clean(line), err=as_json)

    job = open_job()
    known_environment(job.repo, env)
    if model:
        load_model(job.repo, default_rev(job.repo), model)  # says which there are
    hosts = collect_from(job.repo, env, sink=tell, model=model)
    for host in hosts:
        words = host.problem or f"{host.lines} new lines of {host.segments} segments"
        click.echo(clean(f"{host.host}: {words}"), err=as_json or bool(host.problem))
    appended, code = append_all(job, env, model, tell)
    if as_json:
        _print(hosts, appended)
    code = max(code, follow_commits(job.repo, [each.commit for each in appended if each.commit], tell))
    down = any(host.problem for host in hosts)
    context.exit(max(code, ToolFailed.exit_code if down else 0))


def _print(hosts: "Sequence[Collected]", appended: "Sequence[Appended]") -> None:
    from dataclasses import asdict

    from gitmodel.reports.terminal import to_json

    found = {"hosts": [asdict(host) for host in hosts], "models": [asdict(each) for each in appended]}
    click.echo(to_json(found))
