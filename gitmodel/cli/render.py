"""``gitmodel render``: what a cluster is told."""

from pathlib import Path

import click

from gitmodel.git.repository import Repository


@click.command(name="render")
@click.argument("env")
@click.argument("model", required=False, default="")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a file a model into this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, env: str, model: str, output: Path | None, as_json: bool) -> None:
    r"""Print the objects of Kubernetes that an environment is made of.

    ENV is an environment whose runtime is `kubernetes`; MODEL is one of the models that should run there.
    They are what `gitmodel deploy` applies: for review, and for tools such as Argo CD that apply them.

    \b
    Examples:
      gitmodel render production
      gitmodel render production credit-risk --json
      gitmodel render production --output manifests
    """
    import yaml

    from gitmodel.delivery.rendering import render

    files = render(Repository.open(), env, model)
    if as_json:
        from gitmodel.reports.terminal import to_json

        click.echo(to_json([each for objects in files.values() for each in objects]))
        return
    texts = {name: yaml.safe_dump_all(each, sort_keys=False, width=1000) for name, each in files.items()}
    if output is None:
        click.echo("---\n".join(texts.values()), nl=False)
        return
    output.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (output / name).write_text(text, "utf-8")
        click.echo(output / name)
