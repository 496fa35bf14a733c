"""Segments as services, clocks, disks and strangers leave them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitmodel.evaluation.metrics import RANKING_METRICS
from gitmodel.evaluation.outcome import Outcome
from gitmodel.monitoring.frames import Frames, read_frames
from gitmodel.monitoring.live import measure, replayed
from gitmodel.monitoring.measurement import Counts, Measured
from gitmodel.monitoring.segments import as_text, microseconds, read_labels, read_predictions
from gitmodel.monitoring.subject import Subject
from gitmodel.spec.model import FeedbackSpec, SilenceSpec
from tests.monitoring.live import NOW, label, prediction, write
from tests.monitoring.live import label as said

SUBJECT = Subject("credit-risk", "production", "1", "classification")


def measured(folder: Path, *, hours: float = 24, subject: Subject = SUBJECT) -> Measured:
    return measure(read_frames(folder, "credit-risk", NOW), subject, NOW - timedelta(hours=hours), NOW)


def counts(folder: Path, **more: float) -> Counts:
    return measured(folder, **more).counts  # type: ignore[arg-type]


def test_nothing_is_there(tmp_path: Path) -> None:
    found = measured(tmp_path)
    assert found.counts == Counts()
    assert (dict(found.metrics), found.problem) == ({}, "no prediction has a label yet")


def test_labels_of_all_kinds_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "predictions", [prediction(n, "good") for n in range(5)])
    write(tmp_path, "predictions", [prediction(9, "good", hours=40)], host="host-2")
    write(tmp_path, "predictions", [prediction(20, "good")], model="spam-filter")
    labels = [
        label(0, "good", hours=0.9),
        label(1, "good", hours=0.9),
        label(1, "good", hours=0.8),  # repeated
        label(2, "good", hours=0.7),
        label(2, "bad", hours=0.8),  # came later, but is older: contradicted by the one above
        label(9, "good"),  # late
        label(15, "good"),  # unknown
        label(20, "good"),  # of the other model
        label(3, "good", hours=-1),  # of the future
        {"prediction": "x"},
        "{",
    ]
    write(tmp_path, "feedback", labels, host="host-2")
    found = read_frames(tmp_path, "credit-risk", NOW)
    assert counts(tmp_path) == Counts(
        predictions=5,
        labelled=3,
        late=1,
        repeated=1,
        contradicting=1,
        unknown=1,
        foreign=1,
        broken=2,
        future=1,
    )
    assert found.label.to_pylist()[:5] == ["good", "good", "good", None, None]
    first = read_frames(tmp_path, "credit-risk", NOW, FeedbackSpec("rows", label="first"))
    assert first.label.to_pylist()[2] == "bad"


def test_the_same_lines_twice_count_once(tmp_path: Path) -> None:
    lines = [prediction(n, "good", input={"x": n}) for n in range(20)]
    write(tmp_path, "predictions", lines)
    write(tmp_path, "predictions", lines[5:15], number=1)
    found = read_frames(tmp_path, "credit-risk", NOW)
    assert len(found.predictions) == 20
    assert rows(found) == [{"x": n} for n in range(20)]


def rows(found: Frames) -> list[dict[str, Any]]:
    return found.sample_inputs(np.arange(len(found.predictions)))


def test_a_half_line_is_not_there_yet(tmp_path: Path) -> None:
    file = write(tmp_path, "predictions", [prediction(0, "good"), '{"id": "00'], end="")
    assert (len(read_predictions(file).table), read_predictions(file).broken) == (1, 0)


BROKEN = [
    "{",
    "[1]",
    "null",
    "5",
    '"text"',
    "{}",
    '{"id": 1}',
    '{"id": "x", "at": "yesterday", "output": {"prediction": 1}}',
    '{"id": "x", "at": "2026-11-27T11:00:00Z"}',
    '{"id": "x", "at": "2026-11-27T11:00:00Z", "output": null}',
    '{"id": "x", "at": "2026-11-27T11:00:00Z", "output": {"prediction": null}}',
    '{"id": "x", "at": "2026-11-27T11:00:00Z", "output": [1]}',
    '{"id": "x", "at": "2026-11-27T11:00:00Z", "output": {"prediction": 1, "probabilities": {"a": "b"}}}',
    '{"id": "\\ud800", "at": "2026-11-27T11:00:00Z", "output": {"prediction": 1}}',
    '{"id": "x", "at": "2026-11-27T11:00:00Z", "status": "oops"}',
    "\udcff\udcfe",
    "[" * 100_000,
]


@pytest.mark.parametrize("line", BROKEN)
def test_a_broken_line_costs_itself_alone(tmp_path: Path, line: str) -> None:
    file = write(tmp_path, "predictions", [prediction(0, 1), line, prediction(1, 0)])
    found = read_predictions(file)
    assert found.table["prediction"].to_pylist() == ["1", "0"]
    assert found.broken == 1
    write(tmp_path, "feedback", [label(0, 1), line, label(1, 1)])
    assert counts(tmp_path).labelled == 2


def test_a_column_whose_type_changes(tmp_path: Path) -> None:
    values = [1, 2.5, "x", True, {"a": 1}, "2026-11-27", 1.0]
    file = write(tmp_path, "feedback", [label(n, value) for n, value in enumerate(values)])
    expected = ["1", "2.5", "x", "true", '{"a": 1}', "2026-11-27", "1"]
    assert read_labels(file).table["label"].to_pylist() == expected
    days = write(tmp_path, "feedback", [label(0, "2026-11-27")], number=1)
    assert read_labels(days).table["label"].to_pylist() == ["2026-11-27"]
    values = [value for value in values if not isinstance(value, dict)]
    mixed = [prediction(n, value, input={"x": value}) for n, value in enumerate(values)]
    write(tmp_path, "predictions", mixed)
    assert rows(read_frames(tmp_path, "credit-risk", NOW)) == [{"x": value} for value in values]


@given(st.lists(st.one_of(st.integers(-(2**40), 2**40), st.floats(-1e12, 1e12), st.booleans()), min_size=1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_of_reading_give_the_same(tmp_path: Path, values: list[Any]) -> None:
    for value in values:
        file = write(tmp_path, "feedback", [label(0, value)])
        slow = write(tmp_path, "feedback", [label(0, value), "{"], number=1)
        fast_text, slow_text = (read_labels(each).table["label"].to_pylist() for each in (file, slow))
        assert slow_text == [as_text(value)]
        assert json.loads(fast_text[0]) == json.loads(slow_text[0])


def test_what_the_service_lost(tmp_path: Path) -> None:
    notes = [
        {
            "at": "2026-11-27T11:00:00Z",
            "model": "credit-risk",
            "version": "1",
            "dropped": 7,
            "reason": "disk",
        },
        {"at": "2026-11-27T11:00:00Z", "segment": "20261127T100000-1-001.jsonl", "pruned": 9},
        {"at": "2026-11-27T11:00:00Z", "segment": "20261126T100000-1-001.jsonl", "pruned": 4},
    ]
    write(tmp_path, "predictions", [prediction(0, "good"), *notes])
    write(tmp_path, "predictions", [prediction(1, "good")], number=1)  # deleted there, but collected before
    assert (counts(tmp_path).dropped, counts(tmp_path).broken, counts(tmp_path).predictions) == (11, 0, 2)
    write(tmp_path, "predictions", [prediction(0, "good"), *notes, "{"])
    assert (counts(tmp_path).dropped, counts(tmp_path).broken, counts(tmp_path).predictions) == (11, 1, 2)


def test_versions_and_windows_are_kept_apart(tmp_path: Path) -> None:
    lines = [prediction(n, "good", hours=n) for n in range(10)]
    other = [prediction(n, "bad", version="2") for n in range(10, 15)]
    failed = [{**prediction(n, 0), "id": f"{n:016x}", "status": 500} for n in range(30, 32)]
    write(tmp_path, "predictions", [*lines, *other, *failed])
    write(tmp_path, "feedback", [label(n, "good") for n in range(15)])
    assert counts(tmp_path, hours=4.5).labelled == 5
    assert counts(tmp_path, hours=4.5).late == 5
    assert counts(tmp_path, hours=24) == Counts(predictions=10, labelled=10, failed=2)
    assert measured(tmp_path).metrics["accuracy"].value == 1
    assert (
        measured(tmp_path, subject=Subject("credit-risk", "production", "2")).metrics["accuracy"].value == 0
    )


def test_numbers_are_measured_as_numbers(tmp_path: Path) -> None:
    write(tmp_path, "predictions", [prediction(n, n / 2) for n in range(50)])
    write(tmp_path, "feedback", [label(n, n / 2 + 1) for n in range(50)])
    found = measured(tmp_path, subject=Subject("credit-risk", "production", "1"))
    assert found.metrics["mae"].value == pytest.approx(1)
    write(tmp_path, "feedback", [label(n, n / 2 + 1 if n % 2 else "hostile") for n in range(50)])
    found = measured(tmp_path, subject=Subject("credit-risk", "production", "1"))
    assert found.metrics["mae"].value == pytest.approx(1)
    assert (found.counts.labelled, found.counts.broken) == (25, 25)


def sure(number: int, value: Any, names: tuple[str, str]) -> dict[str, Any]:
    chances = {names[0]: 0.1, names[1]: 0.9} if number % 2 else {names[0]: 0.8, names[1]: 0.2}
    return prediction(number, {"prediction": value, "probabilities": chances})


@pytest.mark.parametrize("names", [("0", "1"), ("0.0", "1.0"), ("false", "true")])
@pytest.mark.parametrize("signal", [(0, 1), (False, True), (0.0, 1.0)])
def test_labels_find_their_classes(tmp_path: Path, names: tuple[str, str], signal: tuple[Any, Any]) -> None:
    values = [json.loads(name) for name in names]
    write(tmp_path, "predictions", [sure(n, values[n % 2], names) for n in range(40)])
    hostile = [label(40 - n, value) for n, value in enumerate(["x", "", "1; DROP", None, 7], 1)]
    write(tmp_path, "feedback", [*(label(n, signal[n % 2]) for n in range(30)), *hostile])
    found = measured(tmp_path)
    assert (found.problem, found.counts.labelled, found.counts.broken) == ("", 30, 5)
    assert found.metrics["accuracy"].value == 1
    assert found.metrics["roc_auc"].value == 1
    assert found.metrics["brier"].value == pytest.approx((0.1**2 + 0.2**2) / 2)


def test_times_are_exact() -> None:
    assert microseconds(NOW) == 1795780800000000


def test_the_interval_of_very_many_rows_is_about_the_bootstrap_of_all(tmp_path: Path) -> None:
    names = ("bad", "good")
    write(tmp_path, "predictions", [sure(n, names[n % 2], names) for n in range(20_000)])
    write(tmp_path, "feedback", [label(n, names[(n + (n % 5 == 0)) % 2]) for n in range(20_000)])
    found = measured(tmp_path).metrics["accuracy"]
    expected = 1.96 * (0.8 * 0.2 / 20_000) ** 0.5
    assert found.value == pytest.approx(0.8)
    assert (found.high - found.low) / 2 == pytest.approx(expected, rel=0.1)


def test_inputs_of_a_sample_are_those_of_its_rows(tmp_path: Path) -> None:
    import numpy as np

    write(tmp_path, "predictions", [prediction(n, 1, input={"x": n}) for n in range(10)])
    write(tmp_path, "predictions", [prediction(n, 1, input={"x": n}) for n in range(10, 20)], host="host-2")
    found = read_frames(tmp_path, "credit-risk", NOW)
    assert found.sample_inputs(np.array([0, 9, 10, 15])) == [{"x": n} for n in (0, 9, 10, 15)]


@pytest.mark.parametrize(
    ("label", "wanted"), [("predicted", ["1", "0", "1", None]), (0, ["0", "0", "1", None])]
)
def test_silence_is_a_label(tmp_path: Path, label: str | int, wanted: list[str | None]) -> None:
    """Two of which nothing was said within a day, one that was corrected later, two that are too young."""
    day = timedelta(hours=24)
    older = [prediction(n, output, hours=30) for n, output in enumerate((1, 0, 0))]
    failed = {**prediction(8, 0, hours=30), "status": 400}
    del failed["output"]
    write(tmp_path, "predictions", [*older, prediction(3, 1, hours=23.99), failed, prediction(4, 1)])
    write(tmp_path, "feedback", [said(2, 1, hours=1), said(3, 1, hours=-1), said(4, 0)])
    feedback = FeedbackSpec("rows", silence=SilenceSpec(day, label))
    found = read_frames(tmp_path, "credit-risk", NOW, feedback, NOW)
    assert found.label.to_pylist()[:4] == wanted
    assert found.silent.tolist() == [True, True, False, False, False, False]
    assert found.waiting.tolist() == [False, False, False, False, False, True]
    counted = measure(found, SUBJECT, NOW - 2 * day, NOW).counts
    assert (counted.labelled, counted.silent, counted.failed, counted.waiting) == (3, 2, 1, 1)


@pytest.mark.parametrize(
    ("complete", "silent"),
    [(None, False), (timedelta(0), True), (timedelta(hours=-1), False), (timedelta(hours=1), True)],
)
@pytest.mark.parametrize(("late", "due"), [(0, True), (1, False)])
def test_silence_begins_where_all_is_known(
    tmp_path: Path, complete: timedelta | None, late: int, *, silent: bool, due: bool
) -> None:
    """At the very moment it counts, where a collection has brought all; a clock ahead makes nothing due."""
    write(tmp_path, "predictions", [prediction(0, 1, hours=24 - late / 3_600_000)])
    feedback = FeedbackSpec("rows", silence=SilenceSpec(timedelta(days=1), 0))
    known = None if complete is None else NOW + complete
    found = read_frames(tmp_path, "credit-risk", NOW, feedback, known)
    assert found.silent.tolist() == [silent and due]


def test_signals_mean_labels(tmp_path: Path) -> None:
    write(tmp_path, "predictions", [prediction(n, 0.5) for n in range(5)])
    lines = [
        said(0, value=True, signal="click"),
        said(1, 4.5, signal="rating"),
        said(2, value=True, signal="like"),  # not named: no label
        said(3, 2),
    ]
    write(tmp_path, "feedback", lines)
    feedback = FeedbackSpec("rows", signals={"click": 1, "rating": "value"})
    assert read_frames(tmp_path, "credit-risk", NOW, feedback).label.to_pylist() == [
        "1",
        "4.5",
        None,
        "2",
        None,
    ]
    assert read_frames(tmp_path, "credit-risk", NOW).label.to_pylist() == ["true", "4.5", "true", "2", None]


RANKING = Subject("credit-risk", "production", "1", "ranking", group="user", k=2)


def candidate(number: int, user: Any, output: Any, **more: Any) -> dict[str, Any]:
    return prediction(number, output, input={"user": user, "x": 1.5}, **more)


@pytest.mark.parametrize("uneven", [False, True])  # one line at a time where users are numbers and words
def test_a_ranking_by_its_groups(tmp_path: Path, *, uneven: bool) -> None:
    """Of two users one has clicked, on one of three; a candidate without a user is left out."""
    scores = {0: (1, 0.9), 1: (1, 0.8), 2: (1, 0.1), 3: (2, 0.5), 4: (2, 0.4)}
    lines = [candidate(n, user, score) for n, (user, score) in scores.items()]
    last = [candidate(7, "three" if uneven else None, 0.3), candidate(8, None, 0.3)]
    write(tmp_path, "predictions", [*lines, *last])
    clicks = [said(1, value=True, signal="click"), said(8, value=True, signal="click"), said(0, "words")]
    write(tmp_path, "feedback", clicks)
    feedback = FeedbackSpec("rows", silence=SilenceSpec(timedelta(minutes=30), 0))
    found = measure(
        read_frames(tmp_path, "credit-risk", NOW, feedback, NOW), RANKING, NOW - timedelta(1), NOW
    )
    # User 1 has candidates 1 and 2 (words are no relevance), with the click on the first.
    assert found.problem == ""
    users = 3 if uneven else 2
    assert found.metrics["ndcg"].value == 1
    assert found.metrics["hit_rate"].value == pytest.approx(1 / users)
    assert found.counts.labelled == (5 if uneven else 4)
    assert found.counts.broken == (2 if uneven else 3)


def test_a_ranking_by_probabilities(tmp_path: Path) -> None:
    def sure(chance: float) -> dict[str, Any]:
        return {"prediction": int(chance > 0.5), "probabilities": {"0": 1 - chance, "1": chance}}

    write(tmp_path, "predictions", [candidate(n, "ada", sure(n / 10)) for n in range(5)])
    write(tmp_path, "feedback", [said(n, int(n == 2)) for n in range(5)])
    found = measured(tmp_path, subject=RANKING).metrics
    assert found["mrr"].value == pytest.approx(1 / 3)
    assert found["hit_rate"].value == 0


class Newest:
    """A model that ranks by a column."""

    algo, classes, features = "", None, ("x",)
    parameters: dict[str, Any] = {}  # noqa: RUF012 - read only

    def predict(self, frame: pd.DataFrame) -> Any:
        return frame["x"].to_numpy()

    def probabilities(self, frame: pd.DataFrame) -> None:  # noqa: ARG002 - it has none
        return None

    def answer(self, frame: pd.DataFrame) -> Any:
        return self.predict(frame), None


def test_another_version_ranks_what_was_asked(tmp_path: Path) -> None:
    write(
        tmp_path,
        "predictions",
        [prediction(n, -n, input={"user": n % 4, "x": float(n)}) for n in range(40)],
    )
    write(tmp_path, "feedback", [said(n, value=True, signal="click") for n in range(36, 40)])
    feedback = FeedbackSpec("rows", silence=SilenceSpec(timedelta(minutes=10), 0))
    frames = read_frames(tmp_path, "credit-risk", NOW, feedback, NOW)
    live = measure(frames, RANKING, NOW - timedelta(days=1), NOW)
    count, other = replayed(frames, RANKING, Newest(), NOW - timedelta(days=1), NOW)
    assert (count, live.counts.silent) == (40, 36)
    assert (live.metrics["mrr"].value, other["mrr"].value) == (1 / 10, 1)


def test_a_ranking_whose_groups_were_not_kept(tmp_path: Path) -> None:
    write(tmp_path, "predictions", [prediction(n, n / 10, input={"x": n}) for n in range(5)])
    write(tmp_path, "feedback", [said(n, 1) for n in range(5)])
    assert measured(tmp_path, subject=RANKING).problem == (
        "the inputs that were kept have no 'user', which rows are ranked by"
    )


def test_the_same_ranking_offline_and_live(tmp_path: Path) -> None:
    """Many groups, of which the interval is that of a sample: the figures are those of the evaluation."""
    random = np.random.default_rng(0)
    users, scores = np.repeat(np.arange(6000), 3), random.random(18_000)
    clicked = random.random(18_000) < scores
    write(
        tmp_path,
        "predictions",
        [candidate(n, int(u), s) for n, (u, s) in enumerate(zip(users, scores, strict=True))],
    )
    write(tmp_path, "feedback", [said(n, bool(c)) for n, c in enumerate(clicked)])
    found = measured(tmp_path, subject=RANKING).metrics
    outcome = Outcome(clicked.astype(float), scores, groups=users, k=2)
    assert set(found) - {"error_rate", "latency_p50", "latency_p95"} == set(RANKING_METRICS)
    for name, metric in RANKING_METRICS.items():
        assert found[name].value == pytest.approx(metric(outcome, np.ones((1, 6000)))[0])
        assert found[name].low < found[name].value < found[name].high < found[name].low + 0.05


def test_numbers_are_measured_live(tmp_path: Path) -> None:
    write(tmp_path, "predictions", [prediction(n, n + 0.5) for n in range(10)])
    write(tmp_path, "feedback", [said(n, n, signal="rating") for n in range(9)] + [said(9, "ten")])
    found = measured(tmp_path, subject=Subject("credit-risk", "production", "1", "regression"))
    assert (found.metrics["rmse"].value, found.metrics["mae"].value) == (0.5, 0.5)
    assert (found.counts.labelled, found.counts.broken) == (9, 1)


def test_a_like_contradicts_no_click(tmp_path: Path) -> None:
    write(tmp_path, "predictions", [prediction(n, 0.5) for n in range(3)])
    both = [said(0, value=True, signal="like"), said(0, value=True, signal="click")]  # at one time
    changed = [said(1, 5, signal="rating", hours=0.4), said(1, 3, signal="rating", hours=0.3)]
    corrected = [said(2, value=True, signal="click", hours=0.4), said(2, 0, hours=0.3)]
    write(tmp_path, "feedback", [*both, *changed, *corrected])
    feedback = FeedbackSpec("rows", signals={"click": 1, "like": 3, "rating": "value"})
    found = read_frames(tmp_path, "credit-risk", NOW, feedback)
    assert found.label.to_pylist() == ["3", "3", "0"]
    counted = measure(found, SUBJECT, NOW - timedelta(days=1), NOW).counts
    assert (counted.contradicting, counted.repeated) == (2, 0)
