"""What tests of notebooks share."""

import json
from pathlib import Path
from typing import Any

from tests.training.conftest import tiny, trainer

__all__ = ["tiny", "trainer"]


def outputs(file: Path) -> str:
    """Return all that the cells of a notebook have put out, as text."""
    cells = json.loads(file.read_text("utf-8"))["cells"]
    return "\n".join(_text(output) for cell in cells for output in cell.get("outputs", ()))


def sources(file: Path) -> str:
    """Return the sources of the cells of a notebook."""
    return "\n".join("".join(cell["source"]) for cell in json.loads(file.read_text("utf-8"))["cells"])


def _text(output: dict[str, Any]) -> str:
    if "data" in output:
        kinds = {kind: "".join(data) for kind, data in output["data"].items()}
        return kinds.get("image/svg+xml") or kinds.get("text/plain", "")
    return "".join(output.get("text", "")) + "\n".join(output.get("traceback", ()))
