"""The plots that a dvc.yaml declares: below ``plots:`` at its top, and ``plots:`` of its stages."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.spec.paths import within

_PROPERTIES = ("template", "x", "y", "x_label", "y_label", "title", "header")


@dataclass(frozen=True)
class DeclaredPlot:
    """A plot as the pipeline declares it.

    Attributes:
        name: Its path, or its id where it is drawn from several files.
        files: What it is drawn from; a file or a folder. Paths are relative to the folder of the dvc.yaml.
        properties: Of DVC: ``template``, ``x``, ``y``, ``x_label``, ``y_label``, ``title``, ``header``.
    """

    name: str
    files: tuple[str, ...]
    properties: Mapping[str, Any] = field(default_factory=dict)


def declared_plots(pipeline: Any) -> list[DeclaredPlot]:
    """Return the plots of a pipeline, those of its top level first.

    A file that a stage only names as a plot, with nothing said of it, is left out where a plot of the top
    level is drawn from it.

    Args:
        pipeline: The document of a dvc.yaml, with nothing left in it to fill in.

    Raises:
        InvalidFile: If a path leaves the folder of the dvc.yaml.
    """
    document = _mapping(pipeline)
    found = {plot.name: plot for plot in _plots(document.get("plots"), "")}
    shown = {file for plot in found.values() for file in plot.files}
    for stage in _mapping(document.get("stages")).values():
        work = _mapping(stage).get("wdir")
        for plot in _plots(_mapping(stage).get("plots"), work if isinstance(work, str) else ""):
            if plot.properties or plot.name not in shown:
                found.setdefault(plot.name, plot)
    return list(found.values())


def _plots(entries: Any, folder: str) -> Iterator[DeclaredPlot]:
    for name, properties in _entries(entries):
        kept = {key: properties[key] for key in _PROPERTIES if properties.get(key) is not None}
        if not isinstance(kept.get("y"), dict):
            path = within(folder, name)
            files = [path]
        else:
            path, files = name, []
        for axis in ("y", "x"):
            if isinstance(kept.get(axis), dict):
                kept[axis] = {within(folder, file): fields for file, fields in kept[axis].items()}
                files += kept[axis]
        yield DeclaredPlot(path, tuple(dict.fromkeys(files)), kept)


def _entries(entries: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names with what is said of them: of a list, or of one mapping as older files have it."""
    for entry in entries if isinstance(entries, list) else [entries]:
        if isinstance(entry, str):
            yield entry, {}
        for name, properties in _mapping(entry).items():
            if not name or "\0" in name:
                raise InvalidFile(f"a plot is named {name!r}", hint="give it a name, or the path of its file")
            yield str(name), _mapping(properties)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def is_below(path: str, folder: str) -> bool:
    """Say whether a path is in a folder."""
    return path.startswith(f"{posixpath.normpath(folder)}/")
