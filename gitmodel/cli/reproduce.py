"""``gitmodel reproduce``: whether training gives the same again."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from gitmodel.git.repository import Repository


@click.command(name="reproduce")
@click.argument("version", required=False)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="By how much a metric, or a prediction, may differ.",
)
@click.option(
    "--exact", is_flag=True, help="Artifacts must be equal bit by bit; equal predictions are not enough."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, version: str | None, tolerance: float, exact: bool, as_json: bool) -> int:
    r"""Train a version again and say whether the same comes out.

    VERSION is as in `gitmodel show`. Every stage of its pipeline runs in a clean work tree of its commit; no
    ref, note or run is written. Compared are artifact, metrics, parameters and data. Where artifacts differ
    in their bits (some encodings hold the time), their predictions on the test rows decide. Intermediate
    outputs and Python packages that differ are named, since they may explain a difference.

    The exit code is 0 where all is the same, 1 where something differs, 3 where the pipeline fails.

    \b
    Examples:
      gitmodel reproduce credit-risk:4
      gitmodel reproduce credit-risk:production --tolerance 1e-6
      gitmodel reproduce --exact --json
    """
    from gitmodel.cli.choices import any_version
    from gitmodel.pipelines.reproducing import reproduce
    from gitmodel.reports.reproduction import reproduction_document, reproduction_text
    from gitmodel.training.reproduce import is_reproduced

    repo = Repository.open()
    found = any_version(repo, version)
    with _stages_aside():
        lines = reproduce(repo, found, tolerance=tolerance, exact=exact)
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json(reproduction_document(found, lines)))
    else:
        click.echo("\n".join(reproduction_text(found, lines)))
    return 0 if is_reproduced(lines) else 1


@contextmanager
def _stages_aside() -> Iterator[None]:
    """Send what the stages print, which goes to standard output, to standard error: ours is the answer."""
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(ours, 1)
        os.close(ours)
