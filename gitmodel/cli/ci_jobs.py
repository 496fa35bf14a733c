"""``gitmodel ci train|release|deliver|deploy``: jobs of a pipeline, each of which runs at a desk too."""

from pathlib import Path

import click

RESULTS = click.option(
    "--results",
    type=click.Path(path_type=Path, file_okay=False),
    default="gitmodel-results",
    show_default=True,
    help="Folder that hands results on to later jobs.",
)


def _each(models: str) -> list[str]:
    """Return the models that one job is given: several in one text where there are very many."""
    return models.split() or [models]


@click.command()
@click.argument("model")
@click.option("--rev", help="The revision; in a job of a forge the one that it is about, else HEAD.")
@RESULTS
@click.pass_context
def train(context: click.Context, *, model: str, rev: str | None, results: Path) -> None:
    r"""Train a model for a report, unless the same inputs were trained before.

    \b
    Examples:
      gitmodel ci train credit-risk
      gitmodel ci train credit-risk --rev my-branch
    """
    from gitmodel.pipelines import jobs
    from gitmodel.pipelines.job import open_job

    job = open_job()
    commit = rev or jobs.commit_of(job)
    context.exit(max(jobs.train(job, name, commit, results, click.echo) for name in _each(model)))


@click.command()
@click.argument("model")
@click.option("--rev", help="The revision; in a job of a forge the one that it is about, else HEAD.")
@click.option("--refresh", is_flag=True, help="Bring imported data up to date first, as a schedule does.")
@RESULTS
@click.pass_context
def release(context: click.Context, *, model: str, rev: str | None, refresh: bool, results: Path) -> None:
    r"""Give a model's result a version and package it, training it first where nobody has yet.

    \b
    Examples:
      gitmodel ci release credit-risk
      gitmodel ci release credit-risk --refresh
    """
    from gitmodel.pipelines import jobs
    from gitmodel.pipelines.job import open_job

    job = open_job()
    fresh = refresh or jobs.is_fresh(job)
    commit = rev or jobs.commit_of(job)
    context.exit(
        max(jobs.release(job, name, commit, results, fresh=fresh, say=click.echo) for name in _each(model))
    )


@click.command()
@click.argument("environment")
@click.argument("versions", nargs=-1)
@RESULTS
@click.pass_context
def deliver(context: click.Context, *, environment: str, versions: tuple[str, ...], results: Path) -> None:
    r"""Take versions to an environment: gate, promote (or propose), deploy.

    Without VERSIONS: those that the jobs before have made, and those whose turn was lost. A version goes to
    an environment once it runs in the one before.

    \b
    Examples:
      gitmodel ci deliver staging
      gitmodel ci deliver production credit-risk:4
    """
    from gitmodel.pipelines import jobs
    from gitmodel.pipelines.job import open_job

    context.exit(jobs.deliver(open_job(), environment, versions, results, click.echo))


@click.command()
@click.argument("environment")
@click.pass_context
def deploy(context: click.Context, *, environment: str) -> None:
    r"""Make an environment run what its branch says.

    \b
    Example:
      gitmodel ci deploy production
    """
    from gitmodel.pipelines import jobs
    from gitmodel.pipelines.job import open_job

    context.exit(jobs.deploy(open_job(), environment, click.echo))


@click.command()
@RESULTS
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="gitmodel-report",
    show_default=True,
    help="Folder for the report.",
)
@click.pass_context
def report(context: click.Context, *, results: Path, output: Path) -> None:
    r"""Report what a pull request does to its models: comment, status, files; exit code 1 if one fails.

    It runs in a job of a forge; `gitmodel diff BASE HEAD` shows the same at a desk.

    \b
    Example:
      gitmodel ci report
    """
    from gitmodel.pipelines import reporting
    from gitmodel.pipelines.job import open_job

    context.exit(reporting.report(open_job(), results, output, click.echo))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_context
def comment(context: click.Context, *, folder: Path) -> None:
    r"""Post the report that the job of a fork has left in FOLDER; its content is checked and written anew.

    \b
    Example:
      gitmodel ci comment gitmodel-report
    """
    from gitmodel.pipelines import reporting
    from gitmodel.pipelines.job import open_job

    context.exit(reporting.comment(open_job(), folder, click.echo))


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="public",
    show_default=True,
    help="Folder to write.",
)
def site(*, output: Path) -> None:
    r"""Build the site from all that the remote knows; the pipeline publishes it.

    \b
    Example:
      gitmodel ci site
    """
    from gitmodel.pipelines.job import open_job
    from gitmodel.site.build import build_site

    summary = build_site(open_job().repo, output, click.echo)
    click.echo(f"{summary.models} models, {summary.versions} versions in {output}")


@click.command()
@click.argument("environment")
@click.pass_context
def reconcile(context: click.Context, *, environment: str) -> None:
    r"""Compare what runs in an environment with what should, and mend it.

    \b
    Example:
      gitmodel ci reconcile production
    """
    from gitmodel.pipelines import jobs
    from gitmodel.pipelines.job import open_job

    context.exit(jobs.reconcile(open_job(), environment, click.echo))


@click.command()
@click.argument("environment")
@click.argument("models", nargs=-1)
@click.pass_context
def monitor(context: click.Context, *, environment: str, models: tuple[str, ...]) -> None:
    r"""Collect, measure and judge what is live in an environment, and heal what is broken.

    Without MODELS: those whose schedule or event started the job; at a desk all that are live there. The
    exit code is 1 where a condition failed.

    \b
    Examples:
      gitmodel ci monitor production
      gitmodel ci monitor production spam-filter
    """
    from gitmodel.pipelines import jobs
    from gitmodel.pipelines.job import open_job

    context.exit(jobs.monitor(open_job(), environment, models, click.echo))
