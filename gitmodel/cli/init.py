"""``gitmodel init``: make a repository."""

from pathlib import Path

import click

from gitmodel.errors import UsageError

_NEXT_FORGE = (
    "name a DVC remote that jobs reach (`dvc remote add -d NAME URL`) and an environment\n"
    "(environments/<name>.yaml), `gitmodel ci render`, commit, push, then once `gitmodel ci seed`"
)


@click.command(name="init")
@click.argument("path", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--server", is_flag=True, help="Make a bare repository that acts on pushes.")
@click.option(
    "--example",
    metavar="NAME",
    help="Begin with an example: hello-world, credit-risk, spam-filter, recommender.",
)
@click.option(
    "--provider", type=click.Choice(["github", "gitlab"]), help="Render the pipelines of this forge, too."
)
@click.option("--port", type=click.IntRange(1, 65535), help="With --server: where models answer.")
@click.option("--adopt", is_flag=True, help="Propose a model.yaml for each pipeline of a DVC project.")
@click.option("--dry-run", is_flag=True, help="With --adopt: print what would be written.")
def command(
    *,
    path: Path,
    server: bool,
    example: str | None,
    provider: str | None,
    port: int | None,
    adopt: bool,
    dry_run: bool,
) -> None:
    r"""Make a models repository, or with --server one to push to.

    A models repository gets settings, DVC, git hooks and a first model, and where it has no commit yet a
    first commit, so that `gitmodel train` works at once. Files that exist are kept. A server repository
    gets hooks that check pushes and run what follows from them, a folder for data beside it, and the
    environment `local`. Running the command again completes what is missing. --provider lets gitmodel.yaml
    name the forge, renders its pipelines, and has pre-commit check them.

    --adopt reads the dvc.yaml files of the commit below PATH and writes a model.yaml beside each that makes
    a model. It says where each line comes from and what is left to fill in; no file that exists is changed.

    \b
    Examples:
      gitmodel init wines
      gitmodel init --example credit-risk loans
      gitmodel init --provider github wines
      gitmodel init --server /srv/git/loans.git
      gitmodel init --adopt --dry-run
    """
    from gitmodel.pipelines.setup import init_repository, init_server

    if dry_run and not adopt:
        raise UsageError("--dry-run goes with --adopt")
    if adopt:
        if server or example is not None or provider is not None:
            raise UsageError(
                "--adopt takes the project that is there",
                hint="leave out --server, --example and --provider; `gitmodel ci render` comes afterwards",
            )
        _adopt(path, dry_run=dry_run)
        return
    if not server and port is not None:
        raise UsageError("--port goes with --server")
    if server and (example is not None or provider is not None):
        raise UsageError(
            "--example and --provider make a repository to work in", hint="push it to the server afterwards"
        )
    if server:
        repo = init_server(path, port=port, say=click.echo)
        click.echo(f"\nNext: git remote add origin {repo.git_dir}; git push -u origin main")
        return
    init_repository(path, example=example, provider=provider, say=click.echo)
    click.echo(f"\nNext: {_NEXT_FORGE if provider else 'gitmodel train, or add a remote and push'}")


def _adopt(path: Path, *, dry_run: bool) -> None:
    from gitmodel.git.repository import Repository
    from gitmodel.pipelines.adopt import adopt, explain, propose, texts

    repo = Repository.open(path)
    folder = "" if repo.root is None else path.resolve().relative_to(repo.root.resolve()).as_posix()
    adoption = propose(repo, "" if folder == "." else folder)
    if dry_run:
        for file, text in texts(adoption).items():
            click.echo(f"# {file}\n{text}")
        for line in explain(adoption):
            click.echo(line, err=True)
        return
    for line in explain(adoption):
        click.echo(line)
    if adopt(repo, adoption, click.echo):
        click.echo("\nNext: look at the files, `gitmodel validate`, commit them, `gitmodel train`")
