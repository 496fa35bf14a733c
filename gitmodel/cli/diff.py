"""``gitmodel diff``: two versions side by side, or what a change does to the models it touches."""

import click

from gitmodel.git.repository import Repository

_FORMATS = click.Choice(["text", "markdown", "html", "json"])


@click.command(name="diff")
@click.argument("revisions", nargs=-1, metavar="[A] [B]")
@click.option("--no-signature", is_flag=True, help="Do not package the versions to compare what they take.")
@click.option("--format", "form", type=_FORMATS, default="text", show_default=True, help="How it is printed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, revisions: tuple[str, ...], no_signature: bool, form: str, as_json: bool) -> None:
    r"""Show what differs between two versions, or what a change does to the models it touches.

    Versions are as in `gitmodel show`. With one it is compared with the version before it; with none, the
    latest of the only model. What a version takes and answers is known from its package, which is made where
    there is none yet.

    Of two branches or commits, the results of the second are judged: by the gates, and on the same rows as
    what the first had. They must have been trained.

    \b
    Examples:
      gitmodel diff credit-risk:3 credit-risk:4
      gitmodel diff credit-risk:production credit-risk:latest
      gitmodel diff main my-branch
      gitmodel diff main HEAD --format html > report.html
    """
    repo = Repository.open()
    form = "json" if as_json else form
    if len(revisions) == 2 and _is_change(repo, revisions):  # noqa: PLR2004 - a pair
        _change(repo, revisions, form)
    else:
        _versions(repo, revisions, form, signature=not no_signature)


def _is_change(repo: Repository, revisions: tuple[str, ...]) -> bool:
    """Say whether these are commits rather than versions; tags and Model-IDs of versions are versions."""
    from gitmodel.git.refs import resolve
    from gitmodel.registry.names import split_tag

    if any(":" in revision or split_tag(revision) for revision in revisions):
        return False
    return all(resolve(repo, revision) for revision in revisions) and not all(
        _is_version(repo, revision) for revision in revisions
    )


def _is_version(repo: Repository, revision: str) -> bool:
    from gitmodel.errors import GitmodelError
    from gitmodel.registry.registry import Registry

    try:
        Registry(repo).version(revision)
    except GitmodelError:
        return False
    return True


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _change(repo: Repository, revisions: tuple[str, ...], form: str) -> None:
    from gitmodel.cli.output import show
    from gitmodel.pipelines.reporting import review_change
    from gitmodel.reports.review.writing import COLOURS, text, write_review

    found = review_change(repo, *revisions, say=_tell)
    if form == "text":
        show(text(found), COLOURS)
    else:
        from gitmodel.pipelines.picturing import pictures_of

        pictures = pictures_of(repo, found.models) if form == "html" else {}
        click.echo(write_review(found, form, pictures).rstrip("\n"))


def _versions(repo: Repository, revisions: tuple[str, ...], form: str, *, signature: bool) -> None:
    from gitmodel.cli.output import show
    from gitmodel.errors import UsageError
    from gitmodel.pipelines.comparing import compare_versions, two_versions
    from gitmodel.reports.compare import comparison_document, comparison_text
    from gitmodel.reports.diff import COLOURS
    from gitmodel.reports.terminal import to_json

    if form in ("markdown", "html"):
        raise UsageError(f"two versions are shown as text or JSON, not as {form}")
    old, new = two_versions(repo, revisions)
    found = compare_versions(repo, old, new, _tell, signature=signature)
    if form == "json":
        click.echo(to_json(comparison_document(found)))
    else:
        show(comparison_text(found), COLOURS)
