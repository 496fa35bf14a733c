"""What a hostile notebook can do in a page: nothing."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from gitmodel.errors import InvalidFile
from gitmodel.notebooks.cells import code, fenced, inline, markdown, notebook, parameters
from gitmodel.notebooks.html import notebook_html

ELSEWHERE = "https://evil.example"
EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>"
    f'<img src="{ELSEWHERE}/x.png"><a href="javascript:alert(3)">x</a><a href="data:text/html,x">y</a>'
    f'<iframe src="{ELSEWHERE}"></iframe><style>@import url({ELSEWHERE}/x.css)</style>'
    "<svg onload=alert(4)><script>5</script></svg><math><mtext></mtext></math>"
    f'<div style="background:url({ELSEWHERE}/y);color:red" onclick="alert(6)">hi</div>'
    f'<form action="{ELSEWHERE}"><input name=a></form><link rel=stylesheet href="{ELSEWHERE}/z.css">'
    f'<meta http-equiv=refresh content="0;url={ELSEWHERE}"><base href="{ELSEWHERE}">'
    f'<object data="{ELSEWHERE}"></object><video src="{ELSEWHERE}/v"></video><b>bold</b>'
)
SHOWING = {"image/png": 'AAAA" onerror="alert(13)', "image/svg+xml": "<svg onload='alert(10)'></svg>"}


def shown(*outputs: dict[str, Any]) -> dict[str, Any]:
    return {**code("1"), "outputs": [*outputs], "execution_count": 1}


def displayed(kind: str, data: str, **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": metadata, "data": {kind: data}}


def document(*cells: dict[str, Any], **metadata: Any) -> bytes:
    named = [{"id": f"c{at}", **cell} for at, cell in enumerate(cells)]
    return json.dumps({"cells": named, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


class Parts(HTMLParser):
    """Gathers the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def body(page: str) -> str:
    return page.partition("<body>")[2]


def check(page: str) -> None:
    """See that nothing in a page can act, or asks another host."""
    for tag, attributes in Parts(body(page)).found:
        assert tag not in {
            "script",
            "style",
            "iframe",
            "svg",
            "form",
            "input",
            "link",
            "meta",
            "object",
            "video",
            "base",
        }
        assert not [name for name in attributes if name.startswith("on") or name in {"srcset", "srcdoc"}]
        for name in ("href", "src"):
            value = attributes.get(name) or ""
            assert not value.startswith(("javascript:", "data:text")), value
        if tag == "img":
            assert (attributes.get("src") or "data:image/").startswith("data:image/")
        assert "url(" not in (attributes.get("style") or "")
    assert "default-src &#x27;none&#x27;" in page


@pytest.mark.parametrize("kind", ["text/html", "text/markdown", "text/latex", "text/plain", *SHOWING])
def test_outputs_cannot_act(kind: str) -> None:
    page = notebook_html(document(shown(displayed(kind, SHOWING.get(kind, EVIL), isolated=True))))
    check(page)
    if kind in {"text/html", "text/markdown"}:
        assert "<b>bold</b>" in page
        assert "color:red" in page


def test_scripts_widgets_streams_and_errors_cannot_act() -> None:
    outputs = [
        displayed("application/javascript", "alert(9)"),
        displayed("application/vnd.jupyter.widget-view+json", EVIL),
        displayed("text/html", EVIL, **{"text/html": {"isolated": True}}),
        {"output_type": "stream", "name": "stdout", "text": EVIL},
        {"output_type": "error", "ename": EVIL, "evalue": EVIL, "traceback": [EVIL]},
    ]
    widgets = {"application/vnd.jupyter.widget-state+json": {"a": "</script><script>alert(14)"}}
    cells = [
        {**markdown(EVIL), "metadata": {"tags": ['"><script>7</script>']}},
        {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": EVIL},
        shown(*outputs),
    ]
    page = notebook_html(
        document(*cells, widgets=widgets, language_info={"name": '<script>"', "pygments_lexer": "x"})
    )
    check(page)
    assert "alert(9)" not in page


def test_the_page_stands_alone_and_shows_what_there_is() -> None:
    picture = displayed("image/png", "iVBORw0KGgo=")
    table = displayed("text/html", "<style scoped>td {x: y}</style><table><tr><td>0.5</td></tr></table>")
    stream = {"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m <b>not bold</b>"}
    page = notebook_html(document(markdown("# Hello"), shown(stream, picture, table)), title="<i>")
    check(page)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert "<title>&lt;i&gt;</title>" in page
    for part in (
        "Hello",
        "<td>0.5</td>",
        'src="data:image/png;base64,iVBORw0KGgo="',
        "&lt;b&gt;not bold",
        "red",
    ):
        assert part in page
    assert "td {x: y}" not in page


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b'{"cells": 1}', b"[" * 100_000])
def test_what_is_no_notebook_is_told(content: bytes) -> None:
    with pytest.raises(InvalidFile, match="no notebook"):
        notebook_html(content)


def test_text_of_others_stays_text_in_cells() -> None:
    text = f"````\n# not a title\n```\n{EVIL}\x1b[31m\x07"
    block = fenced(text)
    assert block.startswith("`````text\n")
    assert block.endswith("\n`````")
    assert "\x1b" not in block
    assert "\\x07" in block
    assert inline("a`b``c") == "``` a`b``c ```"
    assert inline("") == ""
    check(notebook_html(notebook([markdown("# T", block, inline(EVIL))])))


def test_values_become_literals() -> None:
    hostile = "'\"); import os; os.system('x')\n#"
    cell = parameters({"name": hostile, "trusted": ["a"], "depth": None})
    found: dict[str, Any] = {}
    exec(cell["source"], {"__builtins__": {}}, found)
    assert found == {"name": hostile, "trusted": ["a"], "depth": None}
    assert cell["metadata"] == {"tags": ["parameters"]}


def test_the_same_cells_give_the_same_bytes() -> None:
    cells = [markdown("a"), code("b")]
    assert notebook(cells, model="m") == notebook(cells, model="m")
