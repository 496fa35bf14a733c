"""The parts of a notebook. Text of others gets into them as data only: never as code, markup or links."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = "gitmodel-runs"
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # colours
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain_text(text: str) -> str:
    """Return a text of others without colours; other control characters but line breaks are written out."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], _ESCAPES.sub("", text).replace("\r\n", "\n"))


def fenced(text: str) -> str:
    """Return a text of others as a block of Markdown that shows it letter by letter."""
    plain = plain_text(text)
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{plain}\n{fence}"


def inline(text: str) -> str:
    """Return a line of others for Markdown, shown letter by letter."""
    plain = " ".join(plain_text(text).split())
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {plain} {fence}" if longest else f"`{plain}`" if plain else ""


def markdown(*parts: str) -> dict[str, Any]:
    """Return a cell of text; its parts are paragraphs."""
    return {"cell_type": "markdown", "metadata": {}, "source": "\n\n".join(filter(None, parts))}


def code(*lines: str, tags: Sequence[str] = ()) -> dict[str, Any]:
    """Return a cell of code; nothing in it may come from others but by `parameters`."""
    metadata = {"tags": [*tags]} if tags else {}
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": "\n".join(lines),
        "outputs": [],
        "execution_count": None,
    }


def parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cell that papermill sets values in; they are plain values of Python, written as literals."""
    return code(*(f"{name} = {value!r}" for name, value in values.items()), tags=["parameters"])


def notebook(cells: Sequence[dict[str, Any]], **metadata: Any) -> bytes:
    """Return the file of a notebook; the same cells give the same bytes.

    Args:
        cells: What `markdown`, `code` and `parameters` make.
        metadata: What is known of the notebook, below the key ``gitmodel``.
    """
    import nbformat

    numbered = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells, 1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {
        "cells": numbered,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}, "gitmodel": metadata},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    node = nbformat.from_dict(document)
    nbformat.validate(node)
    text: str = nbformat.writes(node)
    return f"{text}\n".encode()


def ignored_folder(above: Path) -> Path:
    """Return the folder for notebooks and work trees below another, which git ignores; made if need be."""
    folder = above if above.name == FOLDER else above / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n", "utf-8")
    return folder


def write(file: Path, content: bytes) -> None:
    """Write a file, as a whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(content)
    part.replace(file)
