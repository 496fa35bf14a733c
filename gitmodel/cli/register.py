"""``gitmodel register``: make a version."""

import click

from gitmodel.git.repository import Repository


@click.command(name="register")
@click.argument("model", required=False)
@click.option(
    "--commit", "rev", metavar="REVISION", default="HEAD", help="The commit to register. [default: HEAD]"
)
@click.option("-m", "--message", help="The comment of the version. [default: the commit's message]")
def command(*, model: str | None, rev: str, message: str | None) -> None:
    r"""Give the result of a training the next version number.

    What the commit trains is trained first where nobody has yet. Tag and metrics go to the remote in one
    push. The same result is not registered twice. MODEL may be left out where the repository has one model.

    \b
    Examples:
      gitmodel register credit-risk
      gitmodel register -m "Updated model with August data"
    """
    from gitmodel.cli.output import teller
    from gitmodel.pipelines.steps import register_model
    from gitmodel.reports.diff import COLOURS

    register_model(Repository.open(), model, rev=rev, message=message, say=teller(COLOURS))
