"""Plots in a terminal, as people see them."""

from pathlib import Path

import pytest

from gitmodel.reports.plots import Plot
from gitmodel.reports.plots.plot import Image
from gitmodel.reports.plots.terminal import plots_text

GOLDEN = Path(__file__).parent / "golden"
ROC = Plot(
    "roc.csv",
    "ROC",
    "linear",
    {},
    ("v1", "v2"),
    [
        {"rev": name, "fpr": str(at / 20), "tpr": (at / 20) ** power}
        for name, power in (("v1", 0.6), ("v2", 0.25))
        for at in range(21)
    ],
    "fpr",
    "tpr",
    notes=("1000 of 5000 points are drawn",),
)
CONFUSION = Plot(
    "plots/confusion.csv",
    "Confusion",
    "confusion_normalized",
    {},
    ("v1",),
    [
        {"rev": "v1", "actual": a, "predicted": p}
        for a, p in [("bad", "bad"), ("good", "bad"), ("good", "good")]
    ],
    "actual",
    "predicted",
)
BARS = Plot(
    "importance.csv",
    "importance.csv",
    "bar_horizontal",
    {},
    ("v1", "v2"),
    [
        {"rev": "v1", "name": "age", "gain": "0.25"},
        {"rev": "v2", "name": "age", "gain": "0.5"},
        {"rev": "v2", "name": "income", "gain": 7},
    ],
    "gain",
    "name",
)
IMAGE = Plot("tree.png", "tree.png", revisions=("v1",), images=(Image("v1", "image/png", b"x"),))
CUSTOM = Plot("c.csv", "c.csv", "mine", {}, ("v1", "v2"))
LOST = Plot("lost.csv", "lost.csv", notes=("v1: lost.csv is not on the DVC remote",))


@pytest.mark.parametrize("width", [40, 100])
def test_is_as_it_was(width: int) -> None:
    """Golden files: to change one on purpose, delete it and run this test twice."""
    golden = GOLDEN / f"plots-{width}.txt"
    found = "\n".join(
        plots_text([ROC, CONFUSION, BARS, IMAGE, CUSTOM, LOST], width, {"roc.csv": "out/roc.svg"})
    )
    if not golden.exists():
        golden.write_text(found + "\n", "utf-8")
        pytest.fail(f"{golden.name} was missing and is written now")
    assert found + "\n" == golden.read_text("utf-8")


@pytest.mark.parametrize("width", [1, 20, 79, 300])
def test_a_chart_fits_the_terminal(width: int) -> None:
    assert max(map(len, plots_text([ROC], width))) <= max(width, 11 + 20)


def test_lines_that_are_no_numbers_and_hostile_texts_do_no_harm() -> None:
    rows = [
        {"rev": "v\x1b[31m1", "x": x, "y": y} for x, y in [("a", 1), ("nan", 2), ("3", None), ("4", "inf")]
    ]
    words = Plot("w\x1b]0;x\x07.csv", "w", "linear", {}, ("v\x1b[31m1",), rows, "x", "y")
    flat = Plot("f.csv", "f", "linear", {}, ("v1",), [{"rev": "v1", "x": 1, "y": 1}] * 3, "x", "y")
    lines = plots_text([words, flat])
    assert not any("\x1b" in line or "\x07" in line for line in lines)
    assert any("--svg DIR writes it to a file" in line for line in lines)


def test_more_lines_than_marks_are_left_to_pictures() -> None:
    rows = [{"rev": f"v{number}", "x": x, "y": number} for number in range(6) for x in (1, 2)]
    many = Plot("m.csv", "m", "linear", {}, tuple(f"v{number}" for number in range(6)), rows, "x", "y")
    assert "template linear" in plots_text([many])[-1]
