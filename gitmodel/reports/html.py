"""Pages that need nothing else: no script, no other host; text from outside is only ever text."""

from collections.abc import Sequence
from html import escape

from gitmodel.reports.terminal import clean

STYLE = """
:root { color-scheme: light dark; --line: #d0d7de; --good: #1a7f37; --bad: #cf222e; --dim: #59636e }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444d; --good: #3fb950; --bad: #f85149; --dim: #9198a1 }
}
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
h1 { font-size: 1.3rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: .25rem .75rem; border: 1px solid var(--line); text-align: left }
td.n, th.n { text-align: right }
td:first-child { white-space: nowrap }
.better { color: var(--good) }
.worse { color: var(--bad) }
small { color: var(--dim) }
pre { overflow: auto; border: 1px solid var(--line); padding: .75rem }
.scroll { overflow-x: auto }
figure { margin: .75rem 0; display: inline-block; vertical-align: top; max-width: 100% }
img { max-width: 100%; background: #fff }
""".strip()
# Pictures are part of the page; nothing is loaded from anywhere.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, body: Sequence[str]) -> str:
    """Return a page.

    Args:
        title: Plain text.
        body: Fragments of HTML; those that are empty are left out.
    """
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        *body,
    ]
    return "\n".join(filter(None, parts)) + "</body></html>\n"


def table_html(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """Return a table of plain text.

    Args:
        head: Of each column.
        rows: Cells; one that ends in ``better`` or ``worse`` is coloured so.
        numbers: Columns that are set flush right.
    """

    def row(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if at in numbers else _class(cell)}>{escape(clean(cell))}</{tag}>"
            for at, cell in enumerate(cells)
        )

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return f'<div class="scroll"><table><tr>{row(head, "th")}</tr>{body}</table></div>'


def _class(cell: str) -> str:
    word = cell.rpartition(" ")[2]
    return f" class={word}" if word in ("better", "worse") else ""
