"""``gitmodel diff``: two versions side by side."""

import click

from gitmodel.git.repository import Repository


@click.command(name="diff")
@click.argument("versions", nargs=-1)
@click.option("--no-signature", is_flag=True, help="Do not package the versions to compare what they take.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, versions: tuple[str, ...], no_signature: bool, as_json: bool) -> None:
    r"""Show what differs between two versions, and whether clients break.

    With one VERSION it is compared with the version before it; with none, the latest of the only model.
    Versions are as in `gitmodel show`. What a version takes and answers is known from its package, which is
    made where there is none yet.

    \b
    Examples:
      gitmodel diff credit-risk:3 credit-risk:4
      gitmodel diff credit-risk:production credit-risk:latest
      gitmodel diff --no-signature --json
    """
    from gitmodel.cli.output import show
    from gitmodel.pipelines.comparing import compare_versions, two_versions
    from gitmodel.reports.compare import comparison_document, comparison_text
    from gitmodel.reports.diff import COLOURS
    from gitmodel.reports.terminal import to_json

    repo = Repository.open()
    old, new = two_versions(repo, versions)
    found = compare_versions(
        repo, old, new, lambda line: click.echo(line, err=True), signature=not no_signature
    )
    if as_json:
        click.echo(to_json(comparison_document(found)))
    else:
        show(comparison_text(found), COLOURS)
