"""Gather the plots of a model from one revision or several."""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.reports.plots.plot import Image, Plot, Side
from gitmodel.reports.plots.safety import check_spec
from gitmodel.spec.dvc_plots import DeclaredPlot
from gitmodel.training.plots import Points, read_plots, read_plotted, read_points
from gitmodel.training.vega import fill, read_template, thin

IMAGES = {
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".gif": ("image/gif", b"GIF8"),
    ".svg": ("image/svg+xml", b""),
}
_LARGEST_IMAGE = 2_000_000  # bytes


@dataclass
class _Gathered:
    """A plot while its revisions are read."""

    declared: DeclaredPlot
    side: Side
    points: list[tuple[str, Points]] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def draw_plots(repo: Repository, sides: Sequence[Side], only: Sequence[str] = ()) -> list[Plot]:
    """Return the plots that a model declares, each with all the revisions that have it.

    What is missing at a revision is told in the notes of the plot, and hinders none of the others. Where
    revisions declare a plot in different ways, the last one counts. `pictures` then draws them.

    Args:
        repo: The repository.
        sides: What to draw, the newest last; their names differ.
        only: Names or titles of the plots that are wanted; default: all.

    Raises:
        GitmodelError: If no revision has a pipeline that can be read.
    """
    gathered: dict[str, _Gathered] = {}
    declared, failures = _declared(repo, sides)
    names = dict.fromkeys(name for _, plots in reversed(declared) for name in plots)
    for name in names:
        if only and not _is_wanted(name, declared, only):
            continue
        having = [(side, plots[name]) for side, plots in declared if name in plots]
        found = _Gathered(having[-1][1], having[-1][0])
        found.notes += failures
        found.notes += [f"not in {side.name}" for side, plots in declared if name not in plots]
        for side, plot in having:
            _read(repo, side, plot, found)
        gathered[name] = found
    return [_plot(repo, each) for each in gathered.values()]


_Declared = list[tuple[Side, dict[str, DeclaredPlot]]]


def _declared(repo: Repository, sides: Sequence[Side]) -> tuple[_Declared, list[str]]:
    """Return what each side declares by name, and in words why another one cannot be read."""
    found: _Declared = []
    failures: list[GitmodelError] = []
    words = []
    for side in sides:
        try:
            plots = read_plots(repo, side.commit, side.folder)
            found.append((side, {plot.name: plot for plot in plots}))
        except GitmodelError as error:
            failures.append(error)
            words.append(f"{side.name}: {error.message}")
    if failures and not found:
        raise failures[-1]
    return found, words


def _is_wanted(name: str, declared: _Declared, only: Sequence[str]) -> bool:
    titles = {str(plots[name].properties.get("title", "")) for _, plots in declared if name in plots}
    return any(each == name or each in titles for each in only)


def _read(repo: Repository, side: Side, plot: DeclaredPlot, found: _Gathered) -> None:
    """Add what one revision has of a plot; that it has not is noted."""
    try:
        contents = {name: read_plotted(repo, side.commit, side.folder, name) for name in plot.files}
        if _ending(plot) in IMAGES:
            found.images.append(_image(side, plot, contents[plot.name]))
        else:
            found.points.append((side.name, read_points(plot, contents, side.name)))
    except GitmodelError as error:
        found.notes.append(f"{side.name}: {error.message}")


def _ending(plot: DeclaredPlot) -> str:
    return posixpath.splitext(plot.name)[1].lower() if plot.files == (plot.name,) else ""


def _image(side: Side, plot: DeclaredPlot, content: bytes) -> Image:
    kind, begin = IMAGES[_ending(plot)]
    if len(content) > _LARGEST_IMAGE:
        raise InvalidFile(f"{plot.name} is too large to be shown: {len(content)} bytes")
    if not content.startswith(begin) or (not begin and b"<svg" not in content[:4096]):
        raise InvalidFile(f"{plot.name} is not what its name says: {kind}")
    return Image(side.name, kind, content)


def _plot(repo: Repository, found: _Gathered) -> Plot:
    plot = found.declared
    title = str(plot.properties.get("title") or plot.name)
    drawn = Plot(plot.name, title, notes=tuple(found.notes))
    if found.images:
        shown = tuple(image.revision for image in found.images)
        return replace(drawn, images=tuple(found.images), revisions=shown)
    if not found.points:
        return drawn
    try:
        return _filled(repo, found, drawn)
    except GitmodelError as error:
        return replace(drawn, notes=(*drawn.notes, error.message))


def _filled(repo: Repository, found: _Gathered, drawn: Plot) -> Plot:
    newest = found.points[-1][1]
    name = str(found.declared.properties.get("template") or "linear")
    template = read_template(repo, found.side.commit, found.side.folder, name)
    rows = [row for _, points in found.points for row in _renamed(points, newest)]
    kept, left = thin(rows, template if isinstance(template, str) else "", drawn.name)
    revisions = tuple(revision for revision, _ in found.points)
    given: dict[str, Any] = {
        **newest.properties,
        "title": drawn.title,
        "x": newest.x,
        "y": newest.y,
        "revs_with_datapoints": [*revisions],
    }
    spec = fill(drawn.name, template, kept, given)
    check_spec(spec, drawn.name)
    return replace(
        drawn,
        template=name,
        spec=spec,
        revisions=revisions,
        rows=kept,
        x=newest.x,
        y=newest.y,
        notes=(*drawn.notes, *filter(None, [left])),
    )


def _renamed(points: Points, newest: Points) -> Iterator[dict[str, Any]]:
    """Yield the rows of a revision under the names that the newest has for what is drawn."""
    for row in points.rows:
        renamed = dict(row)
        for old, new in ((points.x, newest.x), (points.y, newest.y)):
            if old != new and old in row:
                renamed[new] = row[old]
        yield renamed
