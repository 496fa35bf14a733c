"""Model cards: what is on them, in each format, and that hostile text is only ever text."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import METRICS_REF, Dataset, Record, format_record
from gitmodel.registry.desired import Desired, Promoted, format_desired
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, DataRef, Facts, RunRef, Version, format_version
from gitmodel.reports.card import Card, card_document, card_html, read_card, write_card
from gitmodel.reports.card.slices import (
    SLICES_REF,
    SliceFact,
    SliceReport,
    format_slices,
    keep_slices,
    parse_slices,
    read_slices,
)
from tests.cli.conftest import tag
from tests.conftest import commit_all
from tests.registry.test_desired import promote

GOLDEN = Path(__file__).parent / "golden"
MODEL = """\
name: credit-risk
description: Probability that a loan goes bad
owners: [risk@example.org]
intended_use: To order applications for a person to look at
limitations: [Loans of companies were not among the data, It knows nothing of 2027]
license: Apache-2.0
artifact: {path: model.skops, encoding: skops}
data: {train: data/train.csv, test: data/test.parquet, target: Class}
signature: {input: input.json, output: output.json}
evaluate: {kind: classification, positive: bad}
gates: [{metric: roc_auc, min: 0.65}, {metric: roc_auc, versus: production, max_drop: 0.01}]
feedback: {append_to: feedback, holdout: 0.1, silence: {after: 3h, label: predicted}}
"""
INPUT = {
    "type": "object",
    "required": ["amount"],
    "properties": {
        "amount": {"type": "number", "minimum": 0, "maximum": 40000},
        "grade": {"type": ["string", "null"], "examples": ["A", "B", "C"]},
    },
}
OUTPUT = {"type": "object", "required": ["p"], "properties": {"p": {"enum": ["good", "bad"]}}}
FILES = {
    "model.yaml": MODEL,
    "input.json": json.dumps(INPUT),
    "output.json": json.dumps(OUTPUT),
    "data/train.csv": "amount,grade,Class\n" + "100,A,good\n" * 3 + "900,C,bad\n",
}
FACTS = Facts(
    "Updated model with August data",
    "More loans.",
    "skops",
    "DecisionTreeClassifier",
    {"accuracy": 0.85, "roc_auc": 0.9123456789},
    {"max_depth": 4, "train": {"criterion": "gini"}},
    ArtifactRef("model.skops", "aa" * 16, "bb" * 32, 3145),
    {"data/train.csv": DataRef("1f3c" + "0" * 28, 4, 60), "data/test.parquet": DataRef("2f" * 16, 3943)},
    RunRef("c" * 40, "digest"),
)
REPORT = SliceReport(
    "credit-risk",
    "4",
    "data/test.parquet",
    "2f" * 16,
    3943,
    "roc_auc",
    0.6910123,
    90,
    (SliceFact("grade", "is C", 229, 0.4101, 0.354, 0.6136),),
    "2026-11-27T16:00:00Z",
    "ada@example.org",
)


@pytest.fixture
def version(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Version:
    """Return a version that was promoted, measured and sliced; its object ids never change."""
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(name, "2026-11-27T15:40:00+0000")
    commit_all(repo, FILES, "August")
    repo.git("update-ref", "HEAD", repo.git("commit-tree", "-m", "August", "HEAD^{tree}"))
    tag(repo, "credit-risk@v4", format_version("credit-risk", "4", FACTS), "2026-11-27T15:46:31+0000")
    found = Registry(repo).version("credit-risk:4")
    gates = ({"verdict": "passed", "reason": "roc_auc 0.91 on 3943 rows is at least 0.65"},)
    promoted = Promoted("ada@example.org", "2026-11-27T15:50:00Z", "3", gates)
    desired = Desired("credit-risk", "4", "credit-risk@v4", str(found.object), promoted=promoted)
    promote(repo, "production", {"credit-risk.yaml": format_desired(desired)})
    metrics = {"roc_auc": 0.88, "roc_auc.low": 0.8, "roc_auc.high": 0.93}
    live = Record(
        "credit-risk", "live", metrics, "2026-11-28T00:00:00Z", "m", "4", Dataset("production", rows=500)
    )
    older = replace(live, at="2026-11-27T20:00:00Z", metrics={"roc_auc": 0.5})
    append_notes(repo, METRICS_REF, {found.commit: map(format_record, (live, older))})
    keep_slices(repo, found, REPORT)
    return found


@pytest.mark.parametrize(("form", "ending"), [("text", "txt"), ("markdown", "md"), ("html", "html")])
def test_is_as_it_was(repo: Repository, version: Version, form: str, ending: str) -> None:
    """Golden files: to change one on purpose, delete it and run this test twice."""
    golden, found = GOLDEN / f"card.{ending}", write_card(read_card(repo, version), form)
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, "utf-8")
        pytest.fail(f"{golden.name} was missing and is written now")
    assert found == golden.read_text("utf-8")


def test_what_is_not_known_is_left_out_or_told(repo: Repository) -> None:
    commit_all(repo, {"x": "y"})
    tag(repo, "wine@v1", "It works\n", "2026-11-01T00:00:00+0000")
    card = read_card(repo, Registry(repo).version("wine:1"))
    assert card.unknown[-1].startswith("its model.yaml cannot be read: ")
    found = write_card(card, "text")
    assert "It works" in found
    assert "Where it fails" not in found
    assert "Gates" not in found


def test_gates_that_were_never_asked_are_declared(repo: Repository) -> None:
    commit_all(repo, FILES)
    tag(repo, "credit-risk@v1", format_version("credit-risk", "1", FACTS), "2026-11-01T00:00:00+0000")
    card = read_card(repo, Registry(repo).version("credit-risk:1"))
    assert [(gate.verdict, gate.reason) for gate in card.gates] == [
        ("declared", "roc_auc at least 0.65"),
        ("declared", "roc_auc not worse than in production by more than 0.01"),
    ]
    assert card.slices is None


def test_json_holds_all_of_it(repo: Repository, version: Version) -> None:
    card = read_card(repo, version)
    document = json.loads(write_card(card, "json"))
    assert document == json.loads(json.dumps(card_document(card)))
    assert document["version"] == "4"
    assert document["owners"] == ["risk@example.org"]
    assert document["slices"]["slices"][0]["group"] == "is C"
    assert document["data"][0]["target"] == "good 75.0%, bad 25.0%"
    assert document["data"][1]["columns"] is None  # the file is not here, and is not fetched
    assert [record["at"] for record in document["evaluations"]] == ["2026-11-28T00:00:00Z"]


TEXT = st.text(max_size=40)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
FACT = st.builds(SliceFact, TEXT, TEXT, st.integers(), NUMBER, NUMBER, NUMBER)
NOTED = st.builds(
    SliceReport, *[TEXT] * 4, st.integers(), TEXT, NUMBER, st.integers(), st.tuples(FACT, FACT), TEXT, TEXT
)


@given(NOTED)
def test_what_is_kept_is_read_back_the_same(report: SliceReport) -> None:
    line = format_slices(report)
    assert "\n" not in line
    assert parse_slices(line) == report


@pytest.mark.parametrize("line", ["", "{", "[]", '{"model": 1}', '{"slices": [1]}', "[" * 100_000])
def test_notes_of_others_are_passed_over(repo: Repository, version: Version, line: str) -> None:
    with pytest.raises(InvalidFile):
        parse_slices(line)
    other = replace(REPORT, model="other", at="2030-01-01T00:00:00Z")
    newer = replace(REPORT, value=0.7, at="2026-12-01T00:00:00Z")
    append_notes(repo, SLICES_REF, {version.commit: [line, format_slices(other), format_slices(newer)]})
    assert read_slices(repo, version) == newer


HOSTILE = [
    "<script>alert(1)</script>",
    "| a | b |",
    "[x](https://example.org)",
    "@team",
    "\x1b[31m",
    "# x\n\n- y",
]


def spoiled(card: Card, word: str) -> Card:
    """Return a card that says a word in every place that is not gitmodel's own."""
    facts = replace(
        FACTS,
        subject=word,
        body=word,
        algo=word,
        encoding=word,
        metrics={word: 1.0},
        parameters={word: word},
        data={word: DataRef(word, 1, 2)},
    )
    version = replace(card.lineage.version, facts=facts, tagger=word)
    return replace(
        card,
        lineage=replace(card.lineage, version=version, training=replace(card.lineage.training, subject=word)),
        description=word,
        owners=(word,),
        intended_use=word,
        limitations=(word, word),
        license=word,
        inputs=tuple(replace(each, name=word, values=word) for each in card.inputs),
        data=tuple(replace(each, path=word, target=word) for each in card.data),
        gates=tuple(replace(each, env=word, reason=word) for each in card.gates),
        places=tuple(replace(each, url=word, by=word) for each in card.places),
        slices=replace(REPORT, dataset=word, slices=(replace(REPORT.slices[0], column=word, group=word),)),
        unknown=(word,),
    )


class Page(HTMLParser):
    """Counts what a page holds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert {name for name, _ in attrs} <= {"class"}


@pytest.mark.parametrize("word", HOSTILE)
def test_no_text_becomes_markup(repo: Repository, version: Version, word: str) -> None:
    card = read_card(repo, version)
    page, wanted = Page(), Page()
    page.feed(card_html(spoiled(card, word)))
    wanted.feed(card_html(spoiled(card, "x")))
    assert page.tags == wanted.tags
    marked, plain = (write_card(spoiled(card, each), "markdown").splitlines() for each in (word, "x"))
    assert [line.count("|") for line in marked] == [line.count("|") for line in plain]
    assert not any(re.search(r"<|@|\]\(|://", line) for line in marked)
    assert "\x1b" not in write_card(spoiled(card, word), "text")
