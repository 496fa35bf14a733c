"""``gitmodel ci render|check|seed``: the files that a forge runs."""

import click

PROVIDER = click.option(
    "--provider",
    type=click.Choice(["github", "gitlab"]),
    help="The forge; default: `ci.provider` of gitmodel.yaml.",
)


@click.command()
@PROVIDER
def render(*, provider: str | None) -> None:
    r"""Write the pipelines of a forge from the specifications in this folder.

    Run it again when models get schedules, environments come or go, or gitmodel is upgraded; `gitmodel ci
    check` says when.

    \b
    Examples:
      gitmodel ci render
      gitmodel ci render --provider gitlab
    """
    from gitmodel.git.repository import Repository
    from gitmodel.pipelines.rendering import check_folder, render_into

    root = Repository.open().workdir
    changed = render_into(root, provider)
    click.echo("\n".join(f"written: {path}" for path in changed) or "everything is as it should be")
    for left in check_folder(root, provider):
        click.echo(f"to do: {left}")
    if changed:
        click.echo("\nNext: commit and push them, then once `gitmodel ci seed`")


@click.command()
@PROVIDER
@click.pass_context
def check(context: click.Context, *, provider: str | None) -> None:
    r"""Say whether the pipelines in this folder are what `gitmodel ci render` writes; exit code 1 if not.

    Without a provider there is nothing to check.

    \b
    Example:
      gitmodel ci check
    """
    from gitmodel.git.repository import Repository
    from gitmodel.pipelines.rendering import check_folder
    from gitmodel.reports.terminal import clean
    from gitmodel.spec.loading import read_settings
    from gitmodel.spec.trees import FolderTree

    root = Repository.open().workdir
    if provider is None and read_settings(FolderTree(root)).ci.provider is None:
        click.echo("gitmodel.yaml names no provider (`ci: {provider: github}`): nothing to check")
        return
    found = check_folder(root, provider)
    for line in found:
        click.echo(clean(line))
    if found:
        click.echo("hint: `gitmodel ci render` writes them", err=True)
    context.exit(1 if found else 0)


@click.command()
def schedules() -> None:
    r"""Make the forge start the pipelines of models that have a schedule.

    On GitLab, whose schedules are not in its file; on GitHub the workflow has them. The pipeline does it by
    itself where GITMODEL_TOKEN may (scope `api`).

    \b
    Example:
      gitmodel ci schedules
    """
    from gitmodel.pipelines.job import open_job
    from gitmodel.pipelines.scheduling import sync_schedules

    sync_schedules(open_job(), click.echo)


@click.command()
@PROVIDER
def seed(*, provider: str | None) -> None:
    r"""Put the pipeline of a deployment onto the branch of each environment.

    A forge runs what is in the pushed commit, and these branches hold no code. Run it once, and again when
    `gitmodel doctor` says so; it needs the right to write pipelines, which the token of a job has not.

    \b
    Example:
      gitmodel ci seed
    """
    from gitmodel.git.repository import Repository
    from gitmodel.pipelines.seeding import seed as put

    put(Repository.open(), provider, click.echo)
