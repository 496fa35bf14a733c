"""``gitmodel notebook``: a notebook of a version, a run or a failure; and notebooks kept clean."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitmodel.git.repository import Repository

if TYPE_CHECKING:
    from gitmodel.pipelines.notebooks import Subject


@click.command(name="notebook")
@click.argument("wanted", metavar="[MODEL[:VERSION|@ENV|:COMMIT]|RUN|FILE...]", nargs=-1)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file; default: one in gitmodel-runs, a folder that git ignores.",
)
@click.option("--execute", is_flag=True, help="Run it; the exit code is 1 where a cell fails.")
@click.option("--html", is_flag=True, help="Write it as a page too, which needs nothing from elsewhere.")
@click.option("--open", "opened", is_flag=True, help="Start JupyterLab with it.")
@click.option("--force", is_flag=True, help="Write it anew where the file is there already.")
@click.option("--strip", is_flag=True, help="Take the outputs out of FILEs instead, as they are committed.")
@click.pass_context
def command(
    context: click.Context,
    *,
    wanted: tuple[str, ...],
    output: Path | None,
    execute: bool,
    html: bool,
    opened: bool,
    force: bool,
    strip: bool,
) -> None:
    r"""Write a notebook that looks into a version, a run, or a training that failed.

    It checks out exactly the run's code, parameters and data into a folder beside it, and shows metrics
    beside those of the version before and of what the environments run, the worst predictions, confusions or
    residuals, what the model listens to, and drift. Of a training that failed: the command, its log and
    traceback, the inputs of the failed stage, and what differs from the last good run.

    RUN is as in `gitmodel runs`, or what a failed training has named. A file that is there already is kept.

    \b
    Examples:
      gitmodel notebook credit-risk:4 --open
      gitmodel notebook credit-risk@production --execute --html
      gitmodel notebook 20261127T154631-001
      gitmodel notebook --strip evaluate.ipynb
    """
    if strip:
        _strip(wanted)
        return
    files = [_written(subject, output, force=force) for subject in _subjects(wanted)]
    code = 0
    if execute:
        code = max(_execute(file) for file in files)
    if html:
        for file in files:
            _page(file)
    if opened:
        _open(files[0])
    context.exit(code)


def _subjects(wanted: tuple[str, ...]) -> "list[Subject]":
    from gitmodel.cli.choices import any_model
    from gitmodel.errors import UsageError
    from gitmodel.pipelines.notebooks import find

    if len(wanted) > 1:
        raise UsageError("one notebook at a time", hint="FILEs are for --strip")
    repo = Repository.open()
    return find(repo, wanted[0] if wanted else any_model(repo, None))


def _written(subject: "Subject", output: Path | None, *, force: bool) -> Path:
    from gitmodel.notebooks.cells import ignored_folder

    file = output or ignored_folder(Path.cwd()) / subject.name
    if file.exists() and not force:
        click.echo(f"{file} is there already and stays as it is; --force writes it anew")
    else:
        subject.write(file)
        click.echo(f"written: {file}")
    return file


def _execute(file: Path) -> int:
    from gitmodel.notebooks.executing import execute

    failed = execute(file, click.echo)
    if failed:
        click.echo(f"cell {failed.cell} of {file} failed: {failed.error}", err=True)
        return 1
    click.echo(f"executed: {file}")
    return 0


def _page(file: Path) -> None:
    from gitmodel.notebooks.cells import write
    from gitmodel.notebooks.html import notebook_html

    page = file.with_suffix(".html")
    write(page, notebook_html(file.read_bytes()).encode())
    click.echo(f"written: {page}")


def _open(file: Path) -> None:
    import os

    from gitmodel.notebooks.lab import lab

    started = lab(file)
    click.echo(f"{started.url} (Ctrl-C ends it)")
    os.chdir(started.folder)
    # It takes our place, so that signals reach it and nothing is left when it ends.
    os.execve(started.argv[0], started.argv, started.environment)  # noqa: S606 - no shell is wanted


def _strip(names: tuple[str, ...]) -> None:
    from gitmodel.notebooks.clean import strip

    for name in names:
        if strip(Path(name)):
            click.echo(f"outputs removed: {name}")
