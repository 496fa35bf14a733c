"""``gitmodel feedback``: what was true, or what people did, of predictions."""

from pathlib import Path

import click

from gitmodel.git.repository import Repository


@click.group(name="feedback")
def command() -> None:
    r"""What was true, or what people did, of predictions.

    \b
    Examples:
      gitmodel feedback add credit-risk production labels.csv
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
