"""Plots as files of a folder."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from gitmodel.errors import GitmodelError
from gitmodel.reports.plots.drawing import Form, pictures
from gitmodel.reports.plots.plot import Plot

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/svg+xml": "svg"}


def write_pictures(plots: Sequence[Plot], folder: Path, form: Form) -> tuple[dict[str, str], list[str]]:
    """Write a file for each plot, and for each image of the training as it is.

    Returns:
        The files by name of the plot, and in words what could not be drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = pictures(plots, form)
    written: dict[str, str] = {}
    problems = [
        f"{name}: {found.message}" + (f": {found.detail.splitlines()[0]}" if found.detail else "")
        for name, found in drawn.items()
        if isinstance(found, GitmodelError)
    ]
    taken: set[str] = set()
    for plot in plots:
        files = []
        for stem, ending, content in _contents(plot, drawn.get(plot.name), form):
            file = folder / _free(stem, ending, taken)
            file.write_bytes(content)
            files.append(str(file))
        if files:
            written[plot.name] = ", ".join(files)
    return written, problems


def _contents(
    plot: Plot, picture: bytes | GitmodelError | None, form: Form
) -> Iterator[tuple[str, str, bytes]]:
    if isinstance(picture, bytes):
        yield plot.name, form, picture
    for image in plot.images:
        yield f"{plot.name} {image.revision}", _ENDINGS[image.kind], image.content


def _free(name: str, ending: str, taken: set[str]) -> str:
    """Return a name for a file that says what it is of, and that no other plot has."""
    stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", re.sub(r"\.(csv|tsv|json|ya?ml|png|jpe?g|gif|svg)\b", "", name))
    stem = stem.strip(".-")[:100] or "plot"
    free, number = f"{stem}.{ending}", 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}.{ending}"
    taken.add(free)
    return free
