"""``gitmodel predict``: predict rows of a file."""

from pathlib import Path
from typing import Any

import click

from gitmodel.git.repository import Repository


@click.command(name="predict")
@click.argument("version", required=False)
@click.option(
    "--input",
    "file",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Rows: CSV with a head line, a JSON object or array, or one JSON object a line.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answers of the service as JSON.")
def command(*, version: str | None, file: Path, as_json: bool) -> None:
    r"""Predict rows of a file with a version.

    VERSION is as in `gitmodel show`. The answers are those of the service, in the order of the rows.

    \b
    Examples:
      gitmodel predict credit-risk:4 --input rows.csv
      gitmodel predict credit-risk:production --input rows.json --json
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.packaging import load_packaged, predict, read_rows
    from gitmodel.pipelines.steps import package_model

    repo = Repository.open()
    package = package_model(repo, any_version(repo, version).tag, _aside)
    rows = read_rows(file, package.signature)
    answers = predict(load_packaged(package), package.signature, rows)
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json(answers))
    else:
        click.echo("\n".join(map(_line, answers)))


def _aside(line: str) -> None:
    """Say what happens without mixing it with the answers."""
    click.echo(line, err=True)


def _line(answer: dict[str, Any]) -> str:
    """Return a prediction, and behind it the probability of each class."""
    from gitmodel.reports.terminal import clean
    from gitmodel.reports.words import number

    chances = answer.get("probabilities") or {}
    words = [str(answer["prediction"]), *(f"{name}={number(chance)}" for name, chance in chances.items())]
    return clean("  ".join(words))
