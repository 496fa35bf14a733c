"""Take out of a notebook what does not belong into git: outputs, and counts of executions."""

from copy import deepcopy
from pathlib import Path

from gitmodel.notebooks.cells import write
from gitmodel.notebooks.executing import read


def strip(file: Path) -> bool:
    """Take the outputs out of a notebook; say whether there were any.

    Cells with the tag ``keep_output`` keep theirs.

    Raises:
        InvalidFile: If it is no notebook.
    """
    import nbformat
    from nbstripout import strip_output

    node = read(file)
    clean = strip_output(deepcopy(node), keep_output=False, keep_count=False, keep_id=True)
    if clean == node:
        return False
    write(file, f"{nbformat.writes(clean)}\n".encode())
    return True
