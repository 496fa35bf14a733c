"""Draw plots as SVG or PNG, without a browser and without a network."""

import base64
import json
import sys
from collections.abc import Sequence
from typing import Any, Literal

from gitmodel import process
from gitmodel.errors import GitmodelError, ToolFailed
from gitmodel.reports.plots.plot import Plot
from gitmodel.reports.plots.safety import check_svg

Form = Literal["svg", "png"]
_SCALE = 2.0  # pixels of a PNG for one of an SVG
_SECONDS = 60.0
_PAINTER = [sys.executable, "-m", "gitmodel.reports.plots.painter"]


def pictures(plots: Sequence[Plot], form: Form = "svg") -> dict[str, bytes | GitmodelError]:
    """Draw the plots that have a specification; return the files by name, or why one could not be drawn.

    All are drawn by one process; where that dies, each by its own, so that one cannot hinder the others.
    """
    asked = [plot for plot in plots if plot.spec is not None]
    if not asked:
        return {}
    try:
        answers = _paint(asked, form)
    except ToolFailed as error:
        if len(asked) == 1:
            return {asked[0].name: error}
        return {name: found for plot in asked for name, found in pictures([plot], form).items()}
    return {plot.name: _content(answer, form) for plot, answer in zip(asked, answers, strict=True)}


def svg(plot: Plot) -> str:
    """Return a plot as SVG.

    Raises:
        GitmodelError: If it cannot be drawn.
    """
    return _only(plot, "svg").decode()


def png(plot: Plot) -> bytes:
    """Return a plot as PNG.

    Raises:
        GitmodelError: If it cannot be drawn.
    """
    return _only(plot, "png")


def _only(plot: Plot, form: Form) -> bytes:
    found = pictures([plot], form).get(plot.name)
    if found is None:
        raise ToolFailed(f"there is nothing to draw of {plot.name}", detail="\n".join(plot.notes))
    if isinstance(found, GitmodelError):
        raise found
    return found


def _paint(plots: Sequence[Plot], form: Form) -> list[dict[str, Any]]:
    orders = [{"spec": plot.spec, "form": form, "scale": _SCALE} for plot in plots]
    try:
        done = process.run(_PAINTER, stdin=json.dumps(orders).encode(), check=False, timeout=_SECONDS)
        answers = json.loads(done.stdout)
    except ToolFailed as error:
        raise ToolFailed("the plots could not be drawn in time", detail=error.message) from error
    except ValueError as error:
        said = done.stderr.decode("utf-8", "replace")[-2000:]
        raise ToolFailed(f"what draws plots has died (exit code {done.code})", detail=said) from error
    found: list[dict[str, Any]] = answers
    return found


def _content(answer: dict[str, Any], form: Form) -> bytes | GitmodelError:
    if "error" in answer:
        said = str(answer["error"])
        return ToolFailed("Vega could not draw it", detail=said[:2000])
    content = base64.b64decode(answer["content"])
    if form == "svg":
        try:
            check_svg(content.decode())
        except GitmodelError as error:
            return error
    return content
