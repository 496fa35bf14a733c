"""``gitmodel export``: go to another registry."""

from pathlib import Path

import click

from gitmodel.git.repository import Repository

_MODELS = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Only this model. Can be given again.",
)


@click.group(name="export")
def command() -> None:
    r"""Write models for another registry.

    Nothing here is changed.

    \b
    Examples:
      gitmodel export json --output models.json
      gitmodel export mlflow sqlite:///mlflow.db
    """


@command.command()
@click.argument("uri")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME[=THEIRS]",
    help="Only this model, under another name after =. Can be given again.",
)
def mlflow(*, uri: str, models: tuple[str, ...]) -> None:
    r"""Write models into a store of MLflow.

    URI is a folder (./mlruns), a database (sqlite:///mlflow.db) or a server; what is missing is made. Each
    version becomes a run of the experiment named as the model, with parameters, metrics and files, and a
    registered version; each environment an alias. What came from MLflow keeps the name that it had there.
    What the store has already is not written again. Needs the extra mlflow of gitmodel.

    \b
    Examples:
      gitmodel export mlflow ./mlruns
      gitmodel export mlflow sqlite:///mlflow.db --model "credit-risk=Credit Risk"
    """
    from gitmodel.exchange.mlflow_export import export_mlflow
    from gitmodel.exchange.mlflow_opening import open_store

    repo = Repository.open()
    done = export_mlflow(repo, open_store(uri, create=True), models, say=click.echo)
    for reason in done.skipped:
        click.echo(f"[export] skipped: {reason}")
    click.echo(f"{len(done.versions)} versions are new there, {done.known} were there")


@command.command(name="json")
@_MODELS
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file. [default: print it]")
def json_(*, models: tuple[str, ...], output: Path | None) -> None:
    r"""Write all that is known of models as one JSON document.

    Models, their versions with all trailers and measurements, environments with their history and
    deployments. `gitmodel validate --schema export` names the schema of the document.

    \b
    Examples:
      gitmodel export json > models.json
      gitmodel export json --model credit-risk --output credit-risk.json
    """
    from gitmodel.exchange.document import make_document
    from gitmodel.reports.terminal import to_json

    text = to_json(make_document(Repository.open(), models))
    if output is None:
        click.echo(text)
    else:
        output.write_text(f"{text}\n", encoding="utf-8")
