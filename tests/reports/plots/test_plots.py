"""Plots of one revision and of several, from what DVC declares; and what is hostile among them."""

import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.reports.plots import Plot, Side, draw_plots, pictures, plots_html, png, svg
from gitmodel.reports.plots.safety import check_spec, check_svg
from gitmodel.reports.plots.tables import table_of
from tests.conftest import clone
from tests.reports.plots.painted import PNG, committed, make_painted

Painted = tuple[Repository, list[Side]]
LINES = "x,y\n0,1\n1,2\n2,1\n"


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Painted:
    """Return a repository with two trained commits."""
    return make_painted(tmp_path_factory.mktemp("painted"))


@pytest.fixture(scope="module")
def drawn(painted: Painted) -> dict[str, Plot]:
    """Return the plots of both, by name."""
    return {plot.name: plot for plot in draw_plots(*painted)}


def texts(picture: str) -> Iterator[str]:
    """Yield the texts of a picture."""
    for element in ET.fromstring(picture).iter():
        if element.text and element.text.strip():
            yield element.text


def test_every_declared_plot_is_there_with_both_revisions(drawn: dict[str, Plot]) -> None:
    assert list(drawn) == ["ROC", "plots/confusion.csv", "plots/tree.png", "loss.json"]
    assert {plot.revisions for plot in drawn.values()} == {("v1", "v2")}
    assert [plot.notes for plot in drawn.values()] == [()] * 4
    assert {row["rev"] for row in drawn["loss.json"].rows} == {"v1", "v2"}
    assert drawn["plots/confusion.csv"].title == "Confusion"


def test_both_are_in_one_picture_with_a_legend(drawn: dict[str, Plot]) -> None:
    found = list(texts(svg(drawn["ROC"])))
    assert {"v1", "v2", "fpr", "tpr"} <= set(found)
    matrices = list(texts(svg(drawn["plots/confusion.csv"])))
    assert {"v1", "v2", "Confusion", "45", "22", "20"} <= set(
        matrices
    )  # 90 times each power, and 20 bad ones
    assert png(drawn["ROC"]).startswith(b"\x89PNG")


def test_a_confusion_matrix_is_a_table_too(drawn: dict[str, Plot]) -> None:
    found = table_of(drawn["plots/confusion.csv"])
    assert found is not None
    assert found.head == ("predicted \\ actual", "bad", "good")
    assert found.rows == (("bad", "20 → 20", "10 → 10"), ("good", "0 → 0", "45 → 22"))
    assert table_of(drawn["ROC"]) is None


def test_images_of_the_training_stand_side_by_side(drawn: dict[str, Plot]) -> None:
    tree = drawn["plots/tree.png"]
    assert [(image.revision, image.content) for image in tree.images] == [("v1", PNG), ("v2", PNG)]
    assert plots_html([tree]).count("data:image/png;base64,") == 2


def test_only_what_is_asked_for_is_drawn(painted: Painted) -> None:
    assert [plot.name for plot in draw_plots(*painted, only=["Confusion", "ROC"])] == [
        "ROC",
        "plots/confusion.csv",
    ]


def test_without_the_cache_it_is_told_and_the_rest_is_drawn(painted: Painted, tmp_path: Path) -> None:
    repo, sides = painted
    other = clone(repo, tmp_path / "clone")
    other.git("fetch", "-q", "origin", *(side.commit for side in sides))
    found = {plot.name: plot for plot in draw_plots(other, sides)}
    assert found["loss.json"].revisions == ("v1", "v2")  # git has it
    assert found["ROC"].spec is None
    assert "is not on the DVC remote" in found["ROC"].notes[0]
    assert "is not on this machine" in found["plots/tree.png"].notes[0]  # the remote was not asked again
    shown = plots_html(list(found.values()))
    assert "is not on this machine" in shown
    assert shown.count("<img") == 1


def test_what_base_lacks_and_what_was_renamed_is_told(painted: Painted) -> None:
    repo, sides = painted
    declared = "plots: [{a.csv: {x: x, y: y}}, {new.csv: {x: x, y: y}}]\n"
    head = committed(repo, {"dvc.yaml": declared, "a.csv": LINES, "new.csv": LINES})
    found = {plot.name: plot for plot in draw_plots(repo, [sides[0], head])}
    assert found["new.csv"].notes == ("not in v1",)
    assert found["ROC"].notes == ("not in head",)
    assert found["ROC"].revisions == ("v1",)
    moved = "plots: [{moved.csv: {x: x, y: y}}, {gone.csv: {x: x, y: y}}, {a.csv: {x: x, y: z}}]\n"
    after = committed(repo, {"dvc.yaml": moved, "moved.csv": LINES}, "after")
    found = {plot.name: plot for plot in draw_plots(repo, [head, after])}
    assert found["moved.csv"].notes == ("not in head",)
    assert "neither git nor DVC tracks it there" in " ".join(found["gone.csv"].notes)
    assert found["a.csv"].revisions == ("head",)
    assert any("Could not find provided field ('z')" in note for note in found["a.csv"].notes)


def test_columns_that_were_renamed_share_a_picture(repo: Repository) -> None:
    declared = "plots: [{p.csv: {x: x, y: y}}]\n"
    base = committed(repo, {"dvc.yaml": declared, "p.csv": LINES}, "base")
    head = committed(repo, {"dvc.yaml": declared.replace("y: y", "y: z"), "p.csv": "x,z\n0,3\n1,4\n"})
    (plot,) = draw_plots(repo, [base, head])
    assert plot.revisions == ("base", "head")
    assert [(row["rev"], row["z"]) for row in plot.rows][::3] == [("base", "1"), ("head", "3")]


def test_variables_and_folders_are_filled_in(repo: Repository) -> None:
    pipeline = """\
vars: [{kind: roc}]
stages:
  train:
    matrix: {lang: [de, en]}
    wdir: work
    cmd: echo ${item.lang}
    plots: ["${kind}-${item.lang}.csv"]
plots: [pictures]
"""
    files = {"dvc.yaml": pipeline, "work/roc-de.csv": LINES, "work/roc-en.csv": LINES}
    pictured = {"pictures/a.svg": "<svg/>", "pictures/deep/b.csv": LINES}
    side = committed(repo, files | pictured)
    found = draw_plots(repo, [side])
    assert [plot.name for plot in found] == [
        "pictures/a.svg",
        "pictures/deep/b.csv",
        "work/roc-de.csv",
        "work/roc-en.csv",
    ]
    assert all(plot.revisions == ("head",) for plot in found)


def test_templates_of_the_repository_are_used(repo: Repository) -> None:
    template = {
        "data": {"values": "<DVC_METRIC_DATA>"},
        "title": "<DVC_METRIC_TITLE>",
        "mark": "area",
        "encoding": {
            "x": {"field": "<DVC_METRIC_X>", "type": "quantitative"},
            "y": {"field": "<DVC_METRIC_Y>", "type": "quantitative"},
        },
    }
    declared = "plots: [{p.csv: {x: x, y: y, template: mine, title: Area}}]\n"
    files = {"dvc.yaml": declared, "p.csv": LINES, ".dvc/plots/mine.json": json.dumps(template)}
    (plot,) = draw_plots(repo, [committed(repo, files)])
    assert plot.spec is not None
    assert plot.spec["mark"] == "area"
    assert "Area" in list(texts(svg(plot)))
    (lost,) = draw_plots(repo, [committed(repo, {"dvc.yaml": declared.replace("mine", "yours")})])
    assert lost.spec is None
    assert "there is no template 'yours'" in lost.notes[0]


def hostile(encoding: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """Return a specification that draws points."""
    return {
        "data": {"values": [{"a": "http://127.0.0.1:9/x.png"}]},
        "mark": "point",
        "encoding": encoding or {"x": {"field": "a", "type": "nominal"}},
        **parts,
    }


@pytest.mark.parametrize(
    "spec",
    [
        hostile(data={"url": "http://127.0.0.1:9/data.csv"}),
        hostile(data={"url": "file:///etc/passwd", "format": {"type": "csv"}}),
        hostile({"href": {"value": "javascript:alert(1)"}}),
        hostile({"url": {"field": "a"}}, mark="image"),
        hostile(layer=[{"mark": {"type": "image", "width": 9}}]),
        hostile(transform=[{"lookup": "a", "from": {"data": {"url": "/etc/passwd"}, "key": "a"}}]),
        {"$schema": "https://vega.github.io/schema/vega/v5.json", "data": [{"name": "t", "url": "x.csv"}]},
    ],
)
def test_specifications_that_read_or_lead_somewhere_are_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(InvalidFile):
        check_spec(spec, "p.csv")


def test_vega_reads_nothing_even_where_a_specification_came_so_far() -> None:
    urls = ["file:///etc/hostname", "/etc/hostname", "http://127.0.0.1:9/x.csv", "data:,a"]
    asked = [
        Plot(
            url,
            url,
            spec=hostile(data={"url": url, "format": {"type": "csv"}}, encoding={"y": {"field": "a"}}),
        )
        for url in urls
    ]
    first, *others = pictures(asked).values()
    assert isinstance(first, bytes)  # such an address is passed over, and nothing is drawn of it
    assert Path("/etc/hostname").read_text().strip() not in first.decode()
    assert list(texts(first.decode())) == ["a"]  # its axis
    for found in others:
        assert isinstance(found, GitmodelError)
        assert "External data url not allowed" in found.detail


@pytest.mark.system  # it takes seconds to use up its memory
def test_a_template_cannot_hinder_the_others(repo: Repository) -> None:
    endless = {
        "data": {"values": "<DVC_METRIC_DATA>"},
        "transform": [{"calculate": "length(sequence(0, 1e10))", "as": "n"}],
        "mark": "point",
        "encoding": {"x": {"field": "n"}},
    }
    declared = "plots: [{p.csv: {x: x, y: y}}, {bad.csv: {template: bad, x: x, y: y}}]\n"
    files = {
        "dvc.yaml": declared,
        "p.csv": LINES,
        "bad.csv": LINES,
        ".dvc/plots/bad.json": json.dumps(endless),
    }
    found = pictures(draw_plots(repo, [committed(repo, files)]))
    assert isinstance(found["p.csv"], bytes)
    assert isinstance(found["bad.csv"], GitmodelError)


class Page(HTMLParser):
    """What a page holds; handlers, links and addresses of elsewhere are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "href"]
        assert all((value or "").startswith("data:image/") for name, value in attrs if name == "src")


WORDS = ['<script>alert("1")</script>', '"><img src=x onerror=alert(1)>', "]]><x>&amp;", "a\x1b[31mb\u202e"]


def test_hostile_texts_are_only_ever_text(repo: Repository) -> None:
    declared, files = [], {}
    for at, word in enumerate(WORDS):
        declared.append({f"{at}.json": {"x": word, "y": "y", "title": word, "y_label": word}})
        files[f"{at}.json"] = json.dumps([{word: 1, "y": 2}, {word: 2, "y": 4}])
    side = committed(repo, {"dvc.yaml": json.dumps({"plots": declared}), **files}, WORDS[0])
    plots = draw_plots(repo, [side])
    drawn = pictures(plots)
    for plot, word in zip(plots, WORDS, strict=True):
        picture = drawn[plot.name]
        assert isinstance(picture, bytes)
        check_svg(picture.decode())
        shown = list(texts(picture.decode()))
        assert word.replace("\x1b", "\ufffd").replace("\u202e", "\ufffd") in shown
        assert WORDS[0] in shown  # what the revision is called
    page = Page()
    page.feed(plots_html(plots))
    assert page.tags <= {"figure", "figcaption", "strong", "img", "small", "br"}


@pytest.mark.parametrize(
    "part",
    [
        "<script>alert(1)</script>",
        '<a href="https://example.org"><text>x</text></a>',
        "<foreignObject/>",
        '<image href="https://example.org/x.png"/>',
        '<rect onclick="alert(1)"/>',
        '<rect fill="url(https://example.org/x)"/>',
        '<use href="#x"/>',
        "<style>*{background:url(https://example.org)}</style>",
    ],
)
def test_a_picture_that_could_do_more_than_be_seen_is_refused(part: str) -> None:
    check_svg('<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(#a)"/></svg>')
    with pytest.raises(InvalidFile):
        check_svg(f'<svg xmlns="http://www.w3.org/2000/svg">{part}</svg>')
    with pytest.raises(InvalidFile):
        check_svg('<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>')


def test_an_image_is_never_a_part_of_the_page_itself(repo: Repository) -> None:
    picture = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    files = {"dvc.yaml": "plots: [a.svg, b.png]\n", "a.svg": picture, "b.png": picture}
    found = draw_plots(repo, [committed(repo, files)])
    assert "b.png is not what its name says: image/png" in found[1].notes[0]
    shown = plots_html(found)
    assert "<script" not in shown
    assert "<svg" not in shown
    assert 'src="data:image/svg+xml;base64,' in shown


def test_a_page_is_bounded(drawn: dict[str, Plot]) -> None:
    plots = list(drawn.values())
    shown = plots_html(plots, most=3, largest=12_000)
    assert shown.count("<img") < 4
    assert "left out: the page would become too large" in shown
    assert "left out: loss.json" in shown


def test_long_lines_are_thinned_and_long_tables_refused(repo: Repository) -> None:
    long = "x,y\n" + "".join(f"{i},{i % 7}\n" for i in range(5000))
    many = "a,b\n" + "1,2\n" * 100_001
    declared = "plots: [{l.csv: {x: x, y: y}}, {m.csv: {template: confusion, x: a, y: b}}]\n"
    found = draw_plots(repo, [committed(repo, {"dvc.yaml": declared, "l.csv": long, "m.csv": many})])
    assert len(found[0].rows) == 1000
    assert found[0].rows[-1]["x"] == "4999"
    assert found[0].notes == ("1000 of 5000 points are drawn",)
    assert found[1].spec is None
    assert "too many to draw" in found[1].notes[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "{"),
        ("b.json", "3"),
        ("c.csv", ""),
        ("d.json", "[1, 2]"),
        ("e.txt", "x"),
        ("f.json", '{"a": []}'),
        ("g.json", "[" * 100_000),
        ("h.csv", "a\x00b\n\xff\n"),
        ("i.yaml", "a: &x [*x]"),
    ],
)
def test_files_that_hold_no_table_are_told(repo: Repository, name: str, text: str) -> None:
    files = {"dvc.yaml": f"plots: [{name}, good.csv]\n", name: text, "good.csv": LINES}
    bad, good = draw_plots(repo, [committed(repo, files)])
    assert bad.spec is None
    assert bad.notes
    assert good.spec is not None


def test_a_pipeline_that_cannot_be_read_is_an_error_only_alone(repo: Repository) -> None:
    broken = committed(repo, {"dvc.yaml": "plots: [\n"}, "broken")
    with pytest.raises(GitmodelError):
        draw_plots(repo, [broken])
    whole = committed(repo, {"dvc.yaml": "plots: [p.csv]\n", "p.csv": LINES})
    (plot,) = draw_plots(repo, [broken, whole])
    assert plot.revisions == ("head",)
    assert plot.notes[0].startswith("broken: ")


def test_the_painter_that_dies_is_told(drawn: dict[str, Plot], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitmodel.reports.plots.drawing._PAINTER", [shutil.which("false")])
    with pytest.raises(GitmodelError, match="what draws plots has died"):
        svg(drawn["ROC"])
