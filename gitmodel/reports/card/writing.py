"""A card as text, Markdown, HTML or JSON."""

from collections.abc import Iterator, Sequence
from html import escape

from gitmodel.reports import html
from gitmodel.reports.card.card import Card, card_document
from gitmodel.reports.card.parts import Part, heading, parts
from gitmodel.reports.markdown import plain, table
from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean, to_json

COLOURS: Colours = (
    (r"^(\S.*)", "yellow"),  # its headings
    (r"  (passed)(?=  |$)", "green"),
    (r"  (failed)(?=  |$)", "red"),
)


def write_card(card: Card, form: str, pictures: str = "") -> str:
    """Return a card as ``text``, ``markdown``, ``html`` or ``json``.

    Args:
        card: The card.
        form: Which.
        pictures: A fragment of HTML with the plots, for the page.
    """
    if form == "json":
        return to_json(card_document(card))
    if form == "html":
        return html.page(f"Model card of {heading(card)}", [card_html(card, pictures)])
    return "\n".join(card_markdown(card) if form == "markdown" else card_text(card))


def card_text(card: Card) -> list[str]:
    """Return a card as lines for a terminal."""
    lines = [clean(heading(card))]
    for part in parts(card):
        lines += ["", part.title, *(f"    {clean(line)}" for line in part.lines)]
        lines += [f"    {line}" for line in _columns(part)]
    return [line.rstrip() for line in lines]


def _columns(part: Part) -> Iterator[str]:
    if part.rows:
        head = [part.head] if any(part.head) else []
        yield from align([tuple(map(clean, row)) for row in (*head, *part.rows)])


def card_markdown(card: Card) -> list[str]:
    """Return a card as lines of Markdown in which text from outside is shown letter by letter."""
    lines = [f"# {plain(heading(card))}"]
    for part in parts(card):
        lines += ["", f"## {part.title}", ""]
        lines += [f"- {plain(line, 2000)}" for line in part.lines]
        if part.rows:
            head = [plain(cell) or " " for cell in part.head]
            rows = [[plain(cell) for cell in row] for row in part.rows]
            lines += [*([""] if part.lines else []), *table(head, rows, part.numbers)]
    return lines


def card_html(card: Card, pictures: str = "") -> str:
    """Return a card as a fragment of HTML, its text escaped.

    Args:
        card: The card.
        pictures: A fragment with the plots, such as `gitmodel.reports.plots.plots_html` gives.
    """
    found = [f'<section class="card"><h1>{escape(clean(heading(card)))}</h1>']
    for part in parts(card):
        found.append(f"<h2>{escape(part.title)}</h2>")
        found += [_paragraphs(part.lines)]
        if part.rows:
            found.append(html.table_html(part.head, part.rows, part.numbers))
        if part.title == "How good it is" and pictures:
            found += ["<h2>Plots</h2>", pictures]
    return "\n".join([*filter(None, found), "</section>"])


def _paragraphs(lines: Sequence[str]) -> str:
    if len(lines) == 1:
        return f"<p>{escape(clean(lines[0]))}</p>"
    items = "".join(f"<li>{escape(clean(line))}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""
