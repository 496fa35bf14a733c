"""What services tell Prometheus of what was measured, from a file that may hold anything."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitmodel.delivery.ansible.module_utils.gitmodel_figures import write_figures
from gitmodel.evaluation.intervals import Estimate
from gitmodel.monitoring.conditions import judge
from gitmodel.monitoring.figures import format_figures
from gitmodel.monitoring.measurement import Counts, Measured
from gitmodel.packaging.serving.figures import read_figures
from gitmodel.spec.model import QualityCondition

NOW = datetime(2026, 11, 27, tzinfo=UTC)
DAY = timedelta(days=1)
LIVE = Measured(
    "team/spam",
    "live",
    "3",
    NOW - 7 * DAY,
    NOW,
    Counts(predictions=90, labelled=50, failed=10),
    {
        "recall": Estimate(0.5, 0.4, 0.6),
        "error_rate": Estimate(0.1, 0.05, 0.2),
        "r2": Estimate(0.1, float("-inf"), float("inf")),
    },
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    other = Measured("team/spam", "live", "3", NOW - DAY, NOW, metrics={"recall": Estimate(0.3, 0.2, 0.4)})
    text = format_figures(LIVE, [judge(QualityCondition("recall", DAY, min=0.6), other)])
    assert write_figures(tmp_path, {"team.spam": text})
    assert not write_figures(tmp_path, {"team.spam": text})
    file = tmp_path / "state/live/team.spam.json"
    found = {figure.labels: figure.numbers for figure in read_figures(file, "team/spam", "3")}
    own, at = ("team/spam", "3", "live"), NOW.timestamp()
    assert found == {
        (*own, "recall", "7d"): {"value": 0.5, "low": 0.4, "high": 0.6, "samples": 50, "at": at},
        (*own, "recall", "1d"): {"value": 0.3, "low": 0.2, "high": 0.4, "samples": 0, "at": at},
        (*own, "error_rate", "7d"): {"value": 0.1, "low": 0.05, "high": 0.2, "samples": 100, "at": at},
    }
    assert read_figures(file, "team/spam", "4") == []  # what was measured of another version
    assert read_figures(file, "spam", "3") == []


GOOD: dict[str, Any] = {
    "model": "m",
    "version": "1",
    "environment": "live",
    "at": 1.0,
    "figures": [{"metric": "recall", "window": "1d", "value": 1, "low": 0, "high": 1, "samples": 2}],
}
FIGURE = GOOD["figures"][0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps(GOOD | {"at": "now"}),
        json.dumps(GOOD | {"at": float("nan")}),
        json.dumps(GOOD | {"at": 10**400}),
        json.dumps(GOOD | {"environment": "a\nb"}),
        json.dumps(GOOD | {"figures": {"0": FIGURE}}),
        json.dumps(GOOD | {"figures": [FIGURE | {"value": True}]}),
        json.dumps(GOOD | {"figures": [FIGURE | {"metric": "\ud800"}]}),
        json.dumps(GOOD | {"figures": [FIGURE | {"window": 7}]}),
        json.dumps(GOOD | {"pad": "x" * 300_000}),
    ],
)
def test_what_is_no_figure_is_not_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "m.json"
    file.write_text(json.dumps(GOOD))
    assert len(read_figures(file, "m", "1")) == 1
    file.write_text(text)
    assert read_figures(file, "m", "1") == []


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.json")
    assert read_figures(tmp_path / "m.json", "m", "1") == []
    assert read_figures(tmp_path, "m", "1") == []


def test_nothing_is_written_where_nothing_runs(tmp_path: Path) -> None:
    assert not write_figures(tmp_path / "nowhere", {"m": "{}"})
    assert not (tmp_path / "nowhere").exists()
    with pytest.raises(ValueError, match="no key"):
        write_figures(tmp_path, {"../m": "{}"})
