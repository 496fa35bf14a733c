"""Run a notebook from its first cell to its last."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.notebooks.cells import plain_text, write
from gitmodel.training.pipeline import stage_environment

Say = Callable[[str], None]


@dataclass(frozen=True)
class Failed:
    """The first cell that failed, counted from 1, and the error in a line."""

    cell: int
    error: str


def execute(file: Path, say: Say, *, timeout: float | None = None) -> Failed | None:
    """Run all cells of a notebook in its own folder, and write it with what they gave.

    Args:
        file: The notebook.
        say: Told each cell of code before it runs.
        timeout: Seconds that a cell may take; ``None``: any time.

    Returns:
        What failed, if anything did: the file is written in that case too.

    Raises:
        InvalidFile: If the file is no notebook.
        ToolFailed: If the kernel does not start, or ends in the middle.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    node = read(file)
    count = len(node.cells)

    def begun(cell: Any, cell_index: int) -> None:
        first = next(iter(cell.source.splitlines()), "")
        say(f"[{cell_index + 1}/{count}] {plain_text(first)[:80]}")

    client = NotebookClient(
        node,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(file.resolve().parent)}},
        on_cell_execute=begun,
    )
    os.environ.update(stage_environment())
    try:
        client.execute(env=process.clean_environment())
    except (CellExecutionError, CellTimeoutError) as error:
        return _first_failed(node, error)
    except (DeadKernelError, RuntimeError, OSError) as error:
        raise ToolFailed("the kernel of the notebook has ended", detail=str(error)) from error
    finally:
        write(file, f"{nbformat.writes(node)}\n".encode())
    return None


def _first_failed(node: Any, error: Exception) -> Failed:
    for number, cell in enumerate(node.cells, 1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return Failed(number, plain_text(f"{output.ename}: {output.evalue}").split("\n")[0])
    return Failed(0, plain_text(str(error)).strip().split("\n")[0])


def read(file: Path) -> Any:
    """Return a notebook, brought to the newest form.

    Raises:
        InvalidFile: If it is none.
    """
    import nbformat

    try:
        return nbformat.reads(file.read_text("utf-8"), as_version=4)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        words = str(error).splitlines() or [type(error).__name__]
        raise InvalidFile(f"{file} is no notebook: {words[0]}") from error
