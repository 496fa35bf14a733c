"""Take out of a notebook what does not belong into git: outputs, and counts of executions."""

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

    before = file.read_bytes() if file.is_file() else b""
    node = read(file)
    text = f"{nbformat.writes(strip_output(node, keep_output=False, keep_count=False))}\n".encode()
    if node == nbformat.reads(before.decode("utf-8"), as_version=4):
        return False
    write(file, text)
    return True
