"""A notebook as a page that stands alone. What cells have put out is untrusted: nothing of it can act.

The page is written by nbconvert, and then everything in it passes a list of elements and attributes that only
show something. Scripts, handlers, frames, forms and whatever would be fetched from elsewhere are not on it. A
policy in the page forbids them once more.
"""

from html import escape
from typing import Any

from gitmodel.errors import InvalidFile

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_GONE = (
    "script, style, iframe, object, embed, template, noscript, svg, math, link, meta, base, form, title, head"
)
# fmt: off
_TAGS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "del", "details",
    "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
    "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
))
_PROPERTIES = frozenset((
    "background-color", "color", "font-style", "font-weight", "text-align", "text-decoration",
    "white-space", "width",
))
# fmt: on
_ATTRIBUTES = {
    "*": ["class", "title", "style", "align"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
    "ol": ["start"],
    "details": ["open"],
}
_PICTURES = (
    "data:image/png;",
    "data:image/jpeg;",
    "data:image/gif;",
    "data:image/svg+xml;",
)  # as <img>: inert
_SHOWN = (
    "text/html",
    "text/markdown",
    "text/latex",
    "text/plain",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
)
_STYLE = """
:root { color-scheme: light }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem }
pre { margin: 0; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.code_cell { margin: 1rem 0 }
.input { display: flex; gap: .75rem }
.inner_cell { flex: 1; min-width: 0 }
.input_area { background: #f6f8fa; border: 1px solid #d0d7de; padding: .5rem .75rem }
.prompt { color: #59636e; font: 12px/1.8 monospace; min-width: 4rem }
.text_cell .prompt { display: none }
.output_area { margin: .5rem 0 .5rem 4.75rem; overflow-x: auto }
.output_stderr, .output_error { background: #fff1f0; padding: .25rem .75rem }
.output_area > .prompt { display: none }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px }
td, th { padding: .2rem .6rem; border-bottom: 1px solid #d0d7de; text-align: right }
img { max-width: 100% }
.anchor-link { display: none }
""".strip()


def notebook_html(content: bytes, *, title: str = "Notebook") -> str:
    """Return a page that shows a notebook.

    Args:
        content: The notebook's file; anybody may have written it.
        title: Of the page.

    Raises:
        InvalidFile: If it is no notebook.
    """
    import nbformat
    from bs4 import BeautifulSoup
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

    try:
        node = _plain(nbformat.reads(content.decode("utf-8"), as_version=4))
        body, _ = HTMLExporter(template_name="basic").from_notebook_node(node)
    except Exception as error:
        words = str(error).splitlines() or [type(error).__name__]
        raise InvalidFile(f"this is no notebook: {words[0][:200]}") from error
    soup = BeautifulSoup(body, features="html.parser")
    for element in soup.select(_GONE):
        element.decompose()
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}\n{colours}</style></head><body>",
            _clean(str(soup)),
            "</body></html>\n",
        ]
    )


def _plain(node: Any) -> Any:
    """Return a notebook with what a page can show: no metadata, no widgets, no scripts."""
    node.metadata = {}
    for cell in node.cells:
        cell.metadata = {}
        for output in cell.get("outputs", ()):
            if "data" in output:
                output.metadata = {}
                kinds = ", ".join(output.data)
                output.data = {kind: data for kind, data in output.data.items() if kind in _SHOWN}
                output.data = output.data or {"text/plain": f"(not shown: {kinds})"}
    return node


def _clean(body: str) -> str:
    """Return HTML with nothing but what shows something."""
    from bleach.css_sanitizer import CSSSanitizer
    from bleach.sanitizer import Cleaner

    cleaner = Cleaner(
        tags=_TAGS,
        attributes=_is_allowed,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        css_sanitizer=CSSSanitizer(allowed_css_properties=_PROPERTIES),
    )
    cleaned: str = cleaner.clean(body)
    return cleaned


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img":
        return name in {"alt", "width", "height"} or (name == "src" and value.lower().startswith(_PICTURES))
    if tag == "a" and name == "href":
        return value.lower().startswith(("http://", "https://", "mailto:", "#"))
    return name in _ATTRIBUTES["*"] or name in _ATTRIBUTES.get(tag, ())
