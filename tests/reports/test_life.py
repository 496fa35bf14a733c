"""The life of a model as text and as a picture; the picture of this one is the one of the documentation."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from gitmodel.metrics.records import Dataset, Record
from gitmodel.reports.life import Curve, Life, Mark, Point, curve, metric_names, place_of
from gitmodel.reports.life_svg import life_svg
from gitmodel.reports.life_text import WIDTH, life_text

PICTURE = Path(__file__).parents[2] / "docs/images/life.svg"
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def version(day: int) -> str:
    return "3" if day < 21 or 40 <= day < 44 else "4" if day < 40 else "5"


def points(value: Callable[[int], float], width: float) -> tuple[Point, ...]:
    """Return sixty days of a metric that moves a little by itself."""
    found = []
    for day in range(60):
        figure = round(value(day) + math.sin(day * 1.7) * width / 4, 4)
        found.append(Point(BEGIN + day * DAY, version(day), figure, figure - width, figure + width))
    return tuple(found)


def recall(day: int) -> float:
    if day < 21:
        return 0.72 - 0.012 * max(0, day - 9)
    if day < 40:
        return 0.75 - 0.02 * max(0, day - 31)
    return 0.66 if day < 44 else 0.78


CONDITION = "recall at least 0.6 over 7d"
LIFE = Life(
    "spam-filter",
    "production",
    (
        Curve("recall", points(recall, 0.04), (0.6,)),
        Curve("roc_auc", points(lambda day: 0.6 + recall(day) / 3, 0.02)),
        Curve("latency_p95", points(lambda day: 12 + day / 30, 0.8), (200.0,)),
    ),
    (
        Mark(BEGIN, "promoted", "v3, before it v2, by ada", "3"),
        Mark(BEGIN + 20 * DAY, "opened", f"{CONDITION}: recall 0.5 is below 0.6", "3", "a"),
        Mark(BEGIN + 21 * DAY, "promoted", "v4, before it v3, by ci", "4"),
        Mark(BEGIN + 22 * DAY, "resolved", f"{CONDITION}: recall 0.74", "4", "a"),
        Mark(BEGIN + 39 * DAY, "opened", f"{CONDITION}: recall 0.55 is below 0.6", "4", "b"),
        Mark(BEGIN + 40 * DAY, "rolled_back", "to v3, before it v4, by ci", "3"),
        Mark(BEGIN + 44 * DAY, "promoted", "v5, before it v3, by ci", "5"),
    ),
)


def texts(picture: str) -> list[str]:
    """Return all texts of a picture, which must be XML and ask for nothing from outside."""
    assert "http" not in picture.replace('xmlns="http://www.w3.org/2000/svg"', "")
    root = ET.fromstring(picture)
    assert {element.tag.partition("}")[2] for element in root.iter()} <= {
        *("svg", "style", "g", "text", "line", "path", "circle", "rect", "title")
    }
    return ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")]


def test_the_picture_of_the_documentation() -> None:
    picture = life_svg([LIFE])
    assert picture == PICTURE.read_text("utf-8")
    shown = texts(picture)
    assert {"recall (bound 0.6)", "roc_auc", "latency_p95 (bound 200)", "▲ v4", "▼ v3"} <= set(shown)
    assert picture.count('class="bound"') == 1  # one far away would make its curve flat
    assert picture.count('class="bad"') == 2
    assert "prefers-color-scheme:dark" in picture


def test_the_text() -> None:
    lines = life_text(LIFE)
    assert lines[0].startswith("spam-filter in production: ")
    recall_chart = lines[lines.index("recall (bound 0.6)") + 1 :][:7]
    assert sum(line.count("●") for line in recall_chart) >= 50
    assert any(line.endswith("┄┄┄┄") for line in recall_chart)
    assert max(map(len, recall_chart)) <= 11 + WIDTH
    signs = lines[-len(LIFE.marks) - 2]
    assert signs.split() == ["▲", "!▲✓", "!▼", "▲"]
    assert lines[-1] == "▲ 2026-10-15 00:00  promoted     v5, before it v3, by ci"


def test_texts_of_others_are_texts() -> None:
    evil = '</title><script>alert(1)</script>&"\x1b[2J'
    mark = Mark(BEGIN, "opened", evil, evil, "a")
    marks = (mark, replace(mark, kind="promoted"), replace(mark, kind="stuck"))
    life = Life(evil, evil, (Curve(evil, (Point(BEGIN, evil, 1, 0, 2),)),), marks)
    texts(life_svg([life, life]))
    assert not any("\x1b" in line for line in life_text(life))


@pytest.mark.parametrize("count", [1, 2, 500])
def test_few_and_many_points(count: int) -> None:
    flat = tuple(Point(BEGIN + hour * timedelta(hours=1), "1", 0.0, 0.0, 0.0) for hour in range(count))
    life = Life("m", "live", (Curve("error_rate", flat, (0.01,)),))
    picture = life_svg([life])
    texts(picture)
    assert "nan" not in picture
    assert picture.count("<circle") == (count if count < 150 else 0)
    assert any("●" in line for line in life_text(life))


def test_records_become_curves() -> None:
    def record(day: int, **metrics: float) -> Record:
        at = (BEGIN + day * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Record("m", "live", {"predictions": 5, **metrics}, at, "ada", "1", Dataset("live/here"))

    records = [record(1, **{"r2": 0.5, "r2.low": 0.4, "r2.high": 0.6}), record(0, r2=0.3), record(2, mae=1)]
    assert metric_names(records) == ["mae", "r2"]
    assert place_of(records[0]) == "here"
    assert curve("r2", records, [0.2]) == Curve(
        "r2", (Point(BEGIN, "1", 0.3, 0.3, 0.3), Point(BEGIN + DAY, "1", 0.5, 0.4, 0.6)), (0.2,)
    )
