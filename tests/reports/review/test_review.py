"""The report of a pull request in each format: as people see it, and against hostile texts."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.reports.markdown import plain
from gitmodel.reports.review.chart import mermaid, svg
from gitmodel.reports.review.document import (
    Code,
    Drawing,
    Drawn,
    Figure,
    GateLine,
    Item,
    ModelReview,
    Point,
    Review,
    Shift,
    parse_review,
)
from gitmodel.reports.review.sections import summary
from gitmodel.reports.review.writing import compact, markdown, text, write_review

GOLDEN = Path(__file__).parent / "golden"
BASE, HEAD = "34a7ffdbf2d93514b7cb38c6c7b9e919a02c862f", "6c81103ea193ee14accc85f31fa7a6b9f5b97fca"
GOOD = ModelReview(
    model="credit-risk",
    why="models/credit-risk/params.yaml changed",
    verdict="passed",
    headline="passes its gates, and becomes v2 on merge",
    merge=("staging: promoted and deployed", "production: a pull request, for a person to merge"),
    base="v1",
    production="production v0",
    rows="all on the same 3943 rows of data/test.parquet",
    gates=(GateLine("passed", "roc_auc 0.726 on 3943 rows is at least 0.65"),),
    metrics=(
        Figure("accuracy", 0.579001, 0.606645, 0.55, "better", 0.0162, 0.0398),
        Figure("average_precision", 0.11705, 0.116181, 0.1, "worse", -0.019, 0.013),
        Figure("log_loss", 0.5, 0.7, 0.4, "worse", 0.1, 0.3),
        Figure("roc_auc", None, 0.726, None, "new"),
    ),
    parameters=(Item("train.max_depth", "6", "4"),),
    data=(
        Item("data/train.parquet", "md5:1 5000 rows", "md5:2 5914 rows"),
        Item("column age", None, "there"),
    ),
    shifts=(Shift("Amount", 0.31, "median 250", "median 900"),),
    code=(Code("models/credit-risk/params.yaml", 1, 1), Code("logo.png", -1, -1)),
    artifact=(Item("size", "182726 bytes", "178726 bytes"),),
    latency=(3.28, 6.56),
    history_metric="roc_auc",
    history=(Point("v0", 0.66), Point("v1", 0.691), Point("head", 0.726)),
    notebooks=("evaluate.output.ipynb",),
    drawn=(Drawn("v1", BASE), Drawn("head", HEAD)),
    plots=(
        Drawing("plots/roc.csv", "ROC", "not in v1"),
        Drawing(
            "plots/confusion.csv",
            "Confusion",
            "",
            ("predicted \\ actual", "bad", "good"),
            (("bad", "105 → 131", "1281 → 1129"), ("good", "102 → 76", "2455 → 2607")),
        ),
    ),
)
BAD = ModelReview(
    "spam-filter",
    "shared/features.py changed",
    "failed",
    "recall 0.31 is below 0.5",
    merge=("It becomes v8 on merge, and goes nowhere.",),
    gates=(GateLine("failed", "recall 0.31 is below 0.5"),),
    metrics=(Figure("recall", None, 0.31, None, "new"),),
)
LOST = ModelReview(
    "wine",
    "it is new here",
    "untrained",
    "there is no result: the pipeline failed",
    failure="the pipeline failed",
    log=("Running stage 'train':", "```", "ValueError: no rows"),
)
ALL = Review(BASE, HEAD, (GOOD, BAD, LOST), ("old-model",))


@pytest.mark.parametrize(
    ("form", "file"), [("text", "txt"), ("markdown", "md"), ("html", "html"), ("json", "json")]
)
@pytest.mark.parametrize(("name", "review"), [("one", Review(BASE, HEAD, (GOOD,))), ("many", ALL)])
def test_is_as_it_was(name: str, review: Review, form: str, file: str) -> None:
    """Golden files: to change one on purpose, delete it and run this test twice."""
    golden, found = GOLDEN / f"{name}.{file}", write_review(review, form)
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, "utf-8")
        pytest.fail(f"{golden.name} was missing and is written now")
    assert found == golden.read_text("utf-8")


def test_is_written_and_read_back_the_same() -> None:
    assert parse_review(compact(ALL)) == ALL
    assert parse_review(compact(Review("", HEAD))) == Review("", HEAD)


def test_a_report_of_an_earlier_release_is_read() -> None:
    document = json.loads(compact(Review(BASE, HEAD, (GOOD,))))
    for name in ("drawn", "plots"):
        del document["models"][0][name]
    assert parse_review(json.dumps(document).encode()).models == (replace(GOOD, drawn=(), plots=()),)


def test_pictures_stand_in_the_place_of_tables() -> None:
    review = Review(BASE, HEAD, (GOOD,))
    assert "105 → 131" in write_review(review, "html")
    found = write_review(review, "html", {"credit-risk": '<img alt="" src="data:image/png;base64,AA">'})
    assert "105 → 131" not in found
    assert found.count("<img") == 1
    assert "`report.html`" in markdown(review, whole="https://forge.invalid/run/1")


def test_verdicts_in_a_line() -> None:
    assert summary(Review("", HEAD)) == "No model is touched."
    assert summary(Review("", HEAD, (BAD,))) == "recall 0.31 is below 0.5"
    assert summary(ALL) == "1 of 3 models pass their gates"
    assert summary(Review("", HEAD, (GOOD, GOOD))) == "All 2 models pass"
    assert not ALL.passed
    assert Review("", HEAD).passed


def test_a_difference_that_other_rows_could_turn_is_none() -> None:
    (line,) = [line for line in text(Review(BASE, HEAD, (GOOD,))) if "average_precision" in line]
    assert "no clear difference" in line
    assert "worse" not in line


@pytest.mark.parametrize("models", [1, 30, 400])
@pytest.mark.parametrize("limit", [65_536, 5_000])
def test_a_long_report_is_cut_to_the_limit(models: int, limit: int) -> None:
    review = Review(BASE, HEAD, tuple(replace(GOOD, model=f"model-{number}") for number in range(models)))
    found = markdown(review, limit=limit, whole="https://forge.invalid/run/1")
    assert len(found) <= limit
    whole = markdown(review, whole="https://forge.invalid/run/1")
    if len(whole) > limit:
        assert "https://forge.invalid/run/1" in found
        assert found.index("models pass" if models > 1 else "passes its gates") < 200
    else:
        assert found == whole


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda _: b"[]",
        lambda _: b"[" * 100_000,
        lambda text: text.replace(HEAD.encode(), b"HEAD"),
        lambda text: text.replace(b'"passed"', b'"<b>"', 1),
        lambda text: text.replace(b"credit-risk", b"../../x"),
        lambda text: text.replace(b'"gone"', b'"more"'),
        lambda text: text.replace(b'"headline"', b'"headline": 1, "other"', 1),
        lambda text: text.replace(b"becomes v2", b"x" * 3000),
        lambda text: text + b" " * 5_000_000,
        lambda text: text.replace(b"0.606645", b"9" * 400),
        lambda text: text.replace(b"0.606645", b"1e999"),
        lambda text: text.replace(b"0.606645", b"NaN"),
        lambda text: text.replace(b"3.28", b"-Infinity"),
    ],
)
def test_a_strangers_json_is_checked(spoil: object) -> None:
    assert callable(spoil)
    assert spoil(compact(ALL)) != compact(ALL)
    with pytest.raises(InvalidFile):
        parse_review(spoil(compact(ALL)))


HOSTILE = st.text(min_size=1, max_size=60).filter(str.strip) | st.sampled_from(
    [
        "@everyone",
        "a | b",
        "</details><script>alert(1)</script>",
        "<!-- gitmodel:x -->",
        "![x](https://evil.invalid/x.png)",
        "[click](javascript:alert(1))",
        "`code`",
        "**bold** __x__ ~~y~~",
        "# head",
        "#12 GH-12 org/repo#5",
        "https://evil.invalid www.evil.invalid",
        "line\nbreak\r\nmore\u2028x",
        "\x1b[31mred\x07",
        "```\nend",
        "$\\color{red}x$",
        ":rocket:",
        '"quoted" --> line [9]',
    ]
)


def spoiled(word: str) -> Review:
    """Return a report with a text in every place that takes one."""
    model = ModelReview(
        model="wine",
        why=word,
        verdict="failed",
        headline=word,
        merge=(word,),
        base=word,
        production=word,
        rows=word,
        gates=(GateLine("failed", word),),
        metrics=(Figure(word, 1.0, 2.0, 3.0, "better", 0.5, 1.5),),
        parameters=(Item(word, word, word),),
        data=(Item(word, word, None),),
        shifts=(Shift(word, 0.1, word, word),),
        code=(Code(word, 1, 2),),
        history_metric=word,
        history=(Point(word, 1.0), Point(word, 2.0)),
        notebooks=(word,),
        failure=word,
        log=(word,),
        drawn=(Drawn(word, BASE), Drawn(word, HEAD)),
        plots=(Drawing(word, word, word, (word, word), ((word, word),)), Drawing(word, word)),
    )
    return Review(BASE, HEAD, (model, model), (word,))


@given(HOSTILE)
def test_no_text_becomes_markup(word: str) -> None:
    found = markdown(spoiled(word))
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", found, flags=re.MULTILINE | re.DOTALL)
    outside = re.sub(r"^```mermaid\n.*?^```$", "", outside, flags=re.MULTILINE | re.DOTALL)
    known = r"</?(details|summary|sub)>"
    assert "<" not in re.sub(known, "", outside)
    assert "@" not in outside
    assert "](" not in outside
    assert "://" not in outside
    assert "www." not in outside.lower()
    rows = [line.count("|") for line in outside.splitlines() if line.startswith("|")]
    assert rows == [line.count("|") for line in markdown(spoiled("x")).splitlines() if line.startswith("|")]


@given(HOSTILE)
def test_a_cell_is_one_line_and_says_its_letters(word: str) -> None:
    found = plain(word)
    assert len(found.splitlines()) <= 1
    assert not set("|<>@`*_[]()#!&") & set(re.sub(r"&#\d+;", "", found))


class Page(HTMLParser):
    """Counts what a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@given(HOSTILE)
def test_no_text_becomes_html(word: str) -> None:
    page, wanted = Page(), Page()
    page.feed(write_review(spoiled(word), "html"))
    wanted.feed(write_review(spoiled("x"), "html"))
    assert page.tags == wanted.tags
    assert {name for name, _ in page.attributes} == {name for name, _ in wanted.attributes}
    assert not {"script", "img", "a", "iframe", "link"} & set(page.tags)


@given(HOSTILE)
def test_no_text_becomes_a_chart(word: str) -> None:
    lines = mermaid(spoiled(word).models[0])
    assert len(lines) == 4
    assert lines[1].count('"') == 4
    assert "-->" in lines[2]
    assert lines[2].count("-->") == 1


@given(HOSTILE)
def test_no_text_moves_the_cursor(word: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", "\n".join(text(spoiled(word))))


def test_a_chart_needs_two_versions() -> None:
    assert mermaid(BAD) == []
    assert svg(BAD) == ""
    flat = replace(GOOD, history=(Point("v1", 0.5), Point("v2", 0.5)))
    assert "0.45 --> 0.55" in mermaid(flat)[2]


NUMBERS = st.floats(min_value=-1e300, max_value=1e300)


@given(st.lists(NUMBERS, min_size=2, max_size=5))
def test_a_chart_has_only_numbers_that_mermaid_knows(values: list[float]) -> None:
    model = replace(GOOD, history=tuple(Point(f"v{at}", value) for at, value in enumerate(values)))
    _, _, axis, line = mermaid(model)
    number = r"-?\d+(\.\d+)?"
    assert re.fullmatch(rf' +y-axis "roc_auc" {number} --> {number}', axis)
    assert re.fullmatch(rf" +line \[{number}(, {number})*\]", line)
    assert "nan" not in svg(model)
