"""Vega-Lite of a plot: DVC's templates, and those of a repository, filled with points."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.objects import read_files
from gitmodel.git.repository import Repository
from gitmodel.spec.paths import within

_LARGEST = 1_000_000  # bytes of a template
_THINNED = frozenset({"linear", "simple", "smooth", "scatter", "scatter_jitter"})
_MOST_OF_A_LINE = 1_000  # points that are drawn of a line: there are no more pixels
_MOST = 100_000  # rows of a plot
_OWN = ("rev", "filename", "field")

Row = Mapping[str, Any]


def fill(
    name: str, template: "str | dict[str, Any]", rows: Sequence[Row], properties: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the Vega-Lite of a plot.

    Args:
        name: Of the plot.
        template: The name of one of DVC's, or the content of another.
        rows: The points, each with ``rev``; only the columns that one of DVC's templates draws go in.
        properties: Of DVC.

    Raises:
        InvalidFile: If there is no such template, or it cannot be filled.
    """
    from dvc_render.exceptions import DvcRenderError  # type: ignore[import-untyped]
    from dvc_render.vega import VegaRenderer  # type: ignore[import-untyped]
    from dvc_render.vega_templates import TEMPLATES, Template  # type: ignore[import-untyped]

    if isinstance(template, dict):
        chosen = Template(template, name="custom")
        drawn: list[dict[str, Any]] = [dict(row) for row in rows]
    else:
        found = {each.DEFAULT_NAME: each for each in TEMPLATES}
        if template not in found:
            raise InvalidFile(
                f"{name}: there is no template {template!r}",
                hint=f"take one of {', '.join(found)}, or put it into .dvc/plots/{template}.json",
            )
        chosen = found[template]()
        columns = (*_OWN, properties["x"], properties["y"])
        drawn = [{key: row[key] for key in columns if key in row} for row in rows]
    try:
        given = {key: value for key, value in properties.items() if key not in ("template", "header")}
        spec: dict[str, Any] = VegaRenderer(drawn, name, **given, template=chosen).get_filled_template()
    except (DvcRenderError, RecursionError, TypeError, AttributeError, ValueError) as error:
        raise InvalidFile(f"{name} cannot be drawn by its template: {error}") from error
    for parameter in spec.get("params", ()) if isinstance(template, str) else ():
        if parameter.get("name") == "showValues":  # a box to tick, which a picture has not
            parameter["value"] = True
    return spec


def read_template(repo: Repository, rev: str, folder: str, name: str) -> "str | dict[str, Any]":
    """Return a template of the repository as it is at a commit; its name where there is none.

    It is looked for in ``.dvc/plots`` and, as a path, in the model's folder.

    Raises:
        InvalidFile: If it is no JSON, or too large.
    """
    plain = name.removesuffix(".json")
    places = [*_places(".dvc/plots", f"{plain}.json"), *_places(folder, f"{plain}.json")]
    contents = read_files(repo, rev, places)
    for place, content in contents.items():
        if content is None:
            continue
        if len(content) > _LARGEST:
            raise InvalidFile(f"the template {place} is too large")
        try:
            document = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise InvalidFile(f"the template {place} is not JSON") from error
        if not isinstance(document, dict):
            raise InvalidFile(f"the template {place} is not a specification of Vega-Lite")
        return document
    return name


def _places(folder: str, path: str) -> Iterator[str]:
    try:
        yield within(folder, path)
    except GitmodelError:
        return  # it leads out of the folder


def thin(rows: Sequence[Row], template: str, name: str) -> tuple[list[Row], str]:
    """Return the rows to draw, and what was left out in words; the ends of a line stay.

    Raises:
        InvalidFile: If there are too many, and none can be left out without changing the picture.
    """
    if template in _THINNED:
        kept = [row for group in _lines(rows) for row in _every(group)]
        left = f"{len(kept)} of {len(rows)} points are drawn" if len(kept) < len(rows) else ""
        return kept, left
    if len(rows) > _MOST:
        raise InvalidFile(f"{name} has {len(rows)} rows, too many to draw: at most {_MOST}")
    return [*rows], ""


def _lines(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the points of each line; they follow each other."""
    for _, group in groupby(rows, key=lambda row: [row.get(key) for key in _OWN]):
        yield [*group]


def _every(line: list[Row]) -> list[Row]:
    if len(line) <= _MOST_OF_A_LINE:
        return line
    step = (len(line) - 1) / (_MOST_OF_A_LINE - 1)
    return [line[round(at * step)] for at in range(_MOST_OF_A_LINE)]
