"""`gitmodel demo`."""

from pathlib import Path

import click


@click.command(epilog="Example: gitmodel demo --folder /tmp/demo; gitmodel demo --down --folder /tmp/demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("gitmodel-demo"),
    show_default=True,
    help="Where the server repository and the clone are made.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of the router (default: the next free one)."
)
@click.option("--down", is_flag=True, help="Stop everything that an earlier demo left running.")
def command(folder: Path, port: int | None, *, down: bool) -> None:
    """Show the whole loop on this machine: push, train, gate, deploy, roll back."""
    from gitmodel.pipelines.demo import run_demo, stop_demo

    if down:
        if not stop_demo(folder, say=click.echo):
            click.echo(f"no demo is running in {folder}")
    else:
        run_demo(folder, say=click.echo, port=port)
