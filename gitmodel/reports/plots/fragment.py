"""Plots as a part of a page: pictures in ``<img>``, which run nothing and load nothing."""

import base64
from collections.abc import Iterator, Sequence
from html import escape

from gitmodel.errors import GitmodelError
from gitmodel.reports.plots.drawing import pictures
from gitmodel.reports.plots.plot import Plot
from gitmodel.reports.terminal import clean

MOST = 20  # plots of a page
_LARGEST = 4_000_000  # bytes of all pictures of a page, before they are written as text


def plots_html(plots: Sequence[Plot], *, most: int = MOST, largest: int = _LARGEST) -> str:
    """Return plots as a fragment of HTML; a page needs ``img-src data:`` in its policy.

    Args:
        plots: What to show; the first ones where there are too many.
        most: Plots that are drawn.
        largest: Bytes of all pictures together; what goes beyond that is named and left out.
    """
    drawn = pictures(plots[:most])
    parts: list[str] = []
    for plot in plots[:most]:
        figures, size = [], 0
        for label, kind, content in _contents(plot, drawn):
            size += len(content)
            figures.append(_figure(plot, label, kind, content))
        words = [*plot.notes, *_failure(drawn.get(plot.name))]
        if size > largest:
            figures, words = [], [*words, "left out: the page would become too large"]
        else:
            largest -= size
        told = "".join(f"<br><small>{escape(clean(each))}</small>" for each in words)
        head = f"<figcaption><strong>{escape(clean(plot.title))}</strong>{told}</figcaption>"
        parts.append(f'<figure class="plot">{head}{"".join(figures)}</figure>')
    if len(plots) > most:
        names = ", ".join(plot.name for plot in plots[most:])
        parts.append(f"<p><small>left out: {escape(clean(names[:1000]))}</small></p>")
    return "\n".join(parts)


def _contents(plot: Plot, drawn: dict[str, bytes | GitmodelError]) -> Iterator[tuple[str, str, bytes]]:
    picture = drawn.get(plot.name)
    if isinstance(picture, bytes):
        yield " and ".join(plot.revisions), "image/svg+xml", picture
    for image in plot.images:
        yield image.revision, image.kind, image.content


def _figure(plot: Plot, label: str, kind: str, content: bytes) -> str:
    data = base64.b64encode(content).decode("ascii")
    said = f"{plot.title}: {label}"
    shown = f'<img alt="{escape(clean(said))}" src="data:{kind};base64,{data}">'
    if not plot.images:
        return shown
    return f"<figure>{shown}<figcaption><small>{escape(clean(label))}</small></figcaption></figure>"


def _failure(found: bytes | GitmodelError | None) -> list[str]:
    return [found.message] if isinstance(found, GitmodelError) else []
