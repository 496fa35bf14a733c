"""``gitmodel checkout``: code and data of a version."""

from pathlib import Path

import click

from gitmodel.git.repository import Repository


@click.command(name="checkout")
@click.argument("version", required=False)
@click.option(
    "--to",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Into a work tree of its own; yours stays as it is.",
)
@click.option("--force", is_flag=True, help="Overwrite what is not committed.")
def command(*, version: str | None, folder: Path | None, force: bool) -> None:
    r"""Check out code and data of a version, exactly as they were trained.

    VERSION is as in `gitmodel show`. HEAD is detached at the version's commit, and DVC's data are brought in
    line with it: from the cache, and those of the version's model from the DVC remote too. A work tree with
    changes is left alone. The exit code is 3 where data are missing.

    \b
    Examples:
      gitmodel checkout credit-risk:4
      gitmodel checkout credit-risk:production --to ../in-production
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.errors import ToolFailed
    from gitmodel.training.checkout import checkout

    repo = Repository.open()
    found = any_version(repo, version)
    done = checkout(repo, found, to=folder, force=force)
    click.echo(f"{found.name} is checked out in {done.folder} (commit {found.commit.short})")
    if done.made:
        click.echo(f"remove: `git worktree remove {folder}`")
    elif done.before:
        click.echo(f"back: `git switch {done.before} && dvc checkout`")
    if done.missing:
        raise ToolFailed(
            f"data of {found.name} are missing: {', '.join(done.missing)}",
            detail=done.why,
            hint="`dvc push` them from where they still are, then check out again",
        )
