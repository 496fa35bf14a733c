"""Notebooks of models are committed without outputs: what they show is made by the pipeline."""

import json
import posixpath
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.spec.paths import within
from gitmodel.spec.problems import Problem
from gitmodel.spec.yaml_source import Document

KEEP = "keep_output"  # the tag of a cell that shall keep its output, as nbstripout has it


def notebooks_of(models: Iterable[Document]) -> list[str]:
    """Return the notebooks that models name, from the top of the repository, whatever else is wrong there."""
    found = []
    for document in models:
        named = document.data.get("notebooks") if isinstance(document.data, dict) else None
        for name in named if isinstance(named, list) else ():
            with suppress(InvalidFile):  # the schema's check tells
                found.append(within(posixpath.dirname(document.file), str(name)))
    return sorted(set(found))


def unclean(path: str, content: bytes) -> Problem | None:
    """Return what is wrong with a committed notebook; ``None`` where it is clean."""
    try:
        cells = [cell for cell in json.loads(content)["cells"] if cell["cell_type"] == "code"]
        dirty = [number for number, cell in enumerate(cells, 1) if _is_dirty(cell)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Problem(path, 1, "", "something that is no notebook", "a notebook of Jupyter")
    if not dirty:
        return None
    found = f"outputs in {len(dirty)} of its {len(cells)} cells of code"
    return Problem(path, 1, "", found, "none", f"`gitmodel notebook --strip {path}` takes them out")


def _is_dirty(cell: dict[str, Any]) -> bool:
    metadata = cell.get("metadata", {})
    kept = metadata.get(KEEP) or KEEP in metadata.get("tags", ())
    return not kept and bool(cell.get("outputs") or cell.get("execution_count"))
