"""``gitmodel train``: train a model."""

import click

from gitmodel.git.repository import Repository


@click.command(name="train")
@click.argument("model", required=False)
@click.option("--force", is_flag=True, help="Train even where the same inputs were trained before.")
@click.option(
    "--commit", "rev", metavar="REVISION", default="HEAD", help="The commit to train. [default: HEAD]"
)
def command(*, model: str | None, force: bool, rev: str) -> None:
    r"""Train a model at a commit, unless the same inputs were trained before.

    The model's DVC pipeline runs in a clean work tree of the commit; the files of yours are not touched.
    MODEL may be left out where the repository has one model.

    \b
    Examples:
      gitmodel train credit-risk
      gitmodel train --commit my-branch --force
    """
    from gitmodel.cli.output import teller
    from gitmodel.pipelines.steps import train_model
    from gitmodel.reports.diff import COLOURS

    train_model(Repository.open(), model, rev=rev, force=force, say=teller(COLOURS))
