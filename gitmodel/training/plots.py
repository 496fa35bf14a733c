"""What is drawn of a model at a commit: DVC's plots, and the points of their files."""

import csv
import io
import json
import math
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.objects import list_files, read_file
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.spec import yaml_source
from gitmodel.spec.dvc_plots import DeclaredPlot, declared_plots, is_below
from gitmodel.spec.dvc_yaml import PIPELINE
from gitmodel.spec.paths import within
from gitmodel.training.fetching import fetch_file, fetch_folder
from gitmodel.training.lock import tracked

LARGEST = 10_000_000  # bytes of a file
_BUILT_IN = (".json", ".yaml", ".yml", ".csv", ".tsv")

Row = dict[str, Any]


@dataclass(frozen=True)
class Points:
    """The rows of a plot at one commit; ``x`` and ``y`` are the columns that are drawn.

    ``properties`` are those of DVC, those that it infers among them.
    """

    rows: tuple[Row, ...]
    x: str
    y: str
    properties: Mapping[str, Any]


def read_plots(repo: Repository, rev: str, folder: str) -> list[DeclaredPlot]:
    """Return the plots that the pipeline of a folder declares at a commit; each file of a folder is one.

    Args:
        repo: The repository.
        rev: The commit.
        folder: That of the ``dvc.yaml``, from the top of the repository.

    Raises:
        InvalidFile: If the pipeline cannot be read.
    """
    file = posixpath.join(folder, PIPELINE)
    content = read_file(repo, rev, file)
    if content is None:
        return []
    document = yaml_source.parse(content, file).data
    if b"${" in content:
        document = _filled_in(repo, rev, file, document)
    return [each for plot in declared_plots(document) for each in _unfolded(repo, rev, folder, plot)]


def _filled_in(repo: Repository, rev: str, file: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return a pipeline whose ``${…}`` are filled in, as DVC does it."""
    from dvc.exceptions import DvcException
    from dvc.parsing import DataResolver

    from gitmodel.training.pipeline import open_dvc
    from gitmodel.training.sharing import words

    commit = resolve(repo, rev)
    assert commit is not None
    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        try:
            resolver = DataResolver(dvc.repo, str((tree / file).parent), document)
            stages = resolver.resolve()["stages"]
            plots = resolver.resolve_plots()
        except DvcException as error:
            raise InvalidFile(f"{file} is not a valid pipeline", detail=words(error)) from error
        home = str((tree / file).parent)
        for stage in stages.values():
            if stage.get("wdir"):
                stage["wdir"] = posixpath.relpath(posixpath.join(home, stage["wdir"]), home)
    return {"stages": stages, "plots": plots}


def _unfolded(repo: Repository, rev: str, folder: str, plot: DeclaredPlot) -> Iterator[DeclaredPlot]:
    """Yield a plot, or one for each file where it names a folder."""
    if plot.files != (plot.name,) or posixpath.splitext(plot.name)[1]:
        yield plot
        return
    path = within(folder, plot.name)
    below = [each for each in list_files(repo, rev, path) if is_below(each, path)]
    known = tracked(repo, rev, path)
    if not below and known is not None and known.is_folder:
        try:
            below = [posixpath.join(path, name) for name in fetch_folder(repo, rev, path)]
        except GitmodelError:
            below = []  # it is told when the plot is drawn
    for each in sorted(below):
        name = posixpath.join(plot.name, posixpath.relpath(each, path))
        yield replace(plot, name=name, files=(name,))
    if not below:
        yield plot


def read_plotted(repo: Repository, rev: str, folder: str, name: str) -> bytes:
    """Return the content of a file that is plotted.

    Raises:
        GitmodelError: If it cannot be had, or is too large to be drawn.
    """
    file = fetch_file(repo, rev, within(folder, name))
    size = file.stat().st_size
    if size > LARGEST:
        raise InvalidFile(f"{name} is too large to be drawn: {size} bytes, at most {LARGEST}")
    return file.read_bytes()


def read_points(plot: DeclaredPlot, contents: Mapping[str, bytes], revision: str) -> Points:
    """Return the rows of a plot, as DVC joins them, each with its revision.

    Args:
        plot: What to draw.
        contents: Of its files.
        revision: What the rows are named by, in their column ``rev``.

    Raises:
        InvalidFile: If the files do not hold what the plot asks for.
    """
    from dvc.exceptions import DvcException
    from dvc.render.converter.vega import VegaConverter

    header = plot.properties.get("header") is not False
    data = {name: _table(name, content, header=header) for name, content in contents.items()}
    converter = VegaConverter(plot.name, data, dict(plot.properties))
    try:
        rows, properties = converter.flat_datapoints(revision)
    except DvcException as error:
        raise InvalidFile(f"{plot.name}: {' '.join(str(error).split())}") from error
    except (
        AttributeError,
        IndexError,
        KeyError,
        RecursionError,
        StopIteration,
        TypeError,
        ValueError,
    ) as error:
        raise InvalidFile(f"{plot.name}: its files hold no table that can be drawn") from error
    if not rows or not isinstance(properties.get("y"), str):
        raise InvalidFile(f"{plot.name} holds nothing to draw")
    return Points(tuple(rows), str(properties["x"]), properties["y"], properties)


def _table(name: str, content: bytes, *, header: bool) -> Any:
    ending = Path(name).suffix.lower()
    if ending not in _BUILT_IN:
        raise InvalidFile(f"{name} cannot be drawn", hint=f"plots are read from {', '.join(_BUILT_IN)}")
    try:
        text = content.decode("utf-8-sig")
        if ending in (".csv", ".tsv"):
            return _rows(text, "\t" if ending == ".tsv" else ",", header=header)
        found = json.loads(text) if ending == ".json" else yaml_source.parse(content, name).data
    except (ValueError, csv.Error, RecursionError) as error:
        raise InvalidFile(f"{name} cannot be read: {str(error).splitlines()[0]}") from error
    if not isinstance(found, dict | list):
        raise InvalidFile(f"{name} holds no table")
    return _finite(found)


def _rows(text: str, delimiter: str, *, header: bool) -> list[Row]:
    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    first = next(lines, [])
    names = first if header else [str(at) for at in range(len(first))]
    rows = [*([] if header else [first]), *lines]
    return [dict(zip(names, row, strict=False)) for row in rows if row]


def _finite(value: Any) -> Any:
    """Return a document without NaN and infinity, which JSON does not know."""
    if isinstance(value, dict):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
