"""``gitmodel import``: come from another registry."""

from collections.abc import Iterable

import click

from gitmodel.errors import Refused
from gitmodel.git.repository import Repository

_MODELS = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME[=OURS]",
    help="Only this model, under another name after =. Can be given again.",
)


@click.group(name="import")
def command() -> None:
    r"""Bring models of another registry in.

    What was brought in before is not brought in again, and nothing that is here is changed: an import that
    was interrupted is finished by running it again.

    \b
    Examples:
      gitmodel import gto
      gitmodel import mlflow sqlite:///mlflow.db
    """


@command.command()
@click.argument("source", required=False, metavar="[PATH_OR_URL]")
@_MODELS
def gto(*, source: str | None, models: tuple[str, ...]) -> None:
    r"""Bring the history of a GTO registry in.

    Versions of GTO are versions here as they are; those of another repository, or under another name, are
    tagged with their date and author. What was assigned to a stage becomes a commit on the environment of
    that name, with its date and author. Metrics that dvc.yaml names at a version become its notes. Without
    PATH_OR_URL, the history of this repository is read.

    \b
    Examples:
      gitmodel import gto
      gitmodel import gto --model Churn=churn
      gitmodel import gto https://example.org/registry.git
    """
    from gitmodel.exchange.gto_import import import_gto

    done = import_gto(Repository.open(), source, models, say=click.echo)
    _tell_skipped(done.skipped)
    counts = f"{len(done.tags)} tags, {len(done.noted)} notes, {len(done.changes)} changes of environments"
    click.echo(f"{counts} are new")


@command.command()
@click.argument("uri")
@_MODELS
@click.option("--aliases", is_flag=True, help="Make an environment of each alias and stage.")
@click.option("--incomplete", is_flag=True, help="Take versions whose files are gone without them.")
def mlflow(*, uri: str, models: tuple[str, ...], aliases: bool, incomplete: bool) -> None:
    r"""Bring registered models of MLflow in.

    URI is a folder (./mlruns), a database (sqlite:///mlflow.db) or a server. Each version becomes a tag with
    its number where that is free, its description, the parameters and last metrics of its run, and its
    files, which DVC keeps. They say how they are encoded, but not what may be trusted: that is the
    repository's gitmodel.yaml. Needs the extra mlflow of gitmodel.

    \b
    Examples:
      gitmodel import mlflow ./mlruns
      gitmodel import mlflow sqlite:///mlflow.db --model "Credit Risk=credit-risk" --aliases
    """
    from gitmodel.exchange.mlflow_import import import_mlflow
    from gitmodel.exchange.mlflow_opening import open_store

    repo = Repository.open()
    store = open_store(uri)
    done = import_mlflow(repo, store, models, incomplete=incomplete, say=click.echo)
    _tell_skipped(done.skipped)
    click.echo(f"{len(done.tags)} versions are new, {done.known} were here")
    if aliases:
        from gitmodel.exchange.mlflow_aliases import import_aliases

        _tell_skipped(import_aliases(repo, store, models, say=click.echo))
    if done.failed:
        raise Refused(f"{len(done.failed)} versions stay out, for the reasons above")


def _tell_skipped(reasons: Iterable[str]) -> None:
    for reason in reasons:
        click.echo(f"[import] skipped: {reason}")
