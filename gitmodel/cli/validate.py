"""``gitmodel validate``: check specification files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitmodel.errors import InvalidFile

if TYPE_CHECKING:
    from gitmodel.spec.schemas import Name
    from gitmodel.spec.validation import Report

# `gitmodel.spec.schemas.Name`, which is not imported here to keep the start short.
_SCHEMAS = ("model", "environment", "gitmodel", "metrics-record", "export", "review")


@click.command(name="validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--rev", metavar="REVISION", help="Check a revision instead of the files on disk.")
@click.option("--schema", type=click.Choice(_SCHEMAS), help="Print the path of a JSON Schema, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(
    context: click.Context, paths: tuple[Path, ...], rev: str | None, schema: "Name | None", *, as_json: bool
) -> None:
    r"""Check model.yaml, environments/*.yaml and gitmodel.yaml.

    Each mistake is one line: file, line, what was found, what is allowed, and what was probably meant.
    PATHS are files or folders; without any, the whole repository is checked. In a repository without a
    work tree, HEAD is checked.

    \b
    Examples:
      gitmodel validate
      gitmodel validate models/credit-risk --json
      gitmodel validate --rev origin/main
    """
    if schema is not None:
        from gitmodel.spec.schemas import schema_path

        click.echo(schema_path(schema))
        return
    from gitmodel.spec.validation import validate_here

    report = validate_here(Path.cwd(), paths, rev)
    click.echo(_as_json(report) if as_json else _as_text(report))
    context.exit(InvalidFile.exit_code if report.problems else 0)


def _as_json(report: "Report") -> str:
    problems = [vars(problem) for problem in report.problems]
    return json.dumps({"files": report.files, "problems": problems}, indent=2, ensure_ascii=False)


def _as_text(report: "Report") -> str:
    files = f"{len(report.files)} file{'s' if len(report.files) != 1 else ''}"
    lines = [str(problem) for problem in report.problems]
    if not lines:
        return f"{files} checked, all valid"
    return "\n".join([*lines, f"{files} checked, {len(lines)} problem{'s' if len(lines) != 1 else ''}"])
