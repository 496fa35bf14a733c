"""The difference between two sets of metrics."""

from hypothesis import given
from hypothesis import strategies as st

from gitmodel.reports.diff import Change, diff_document, diff_table, metric_diff

OLD = {"accuracy": 0.85, "log_loss": 0.4, "f1": 0.5, "gone": 1.0}
NEW = {"accuracy": 0.87, "log_loss": 0.45, "f1": 0.5, "added": 2.0}
TABLE = """\
metric    v3    now   change
accuracy  0.85  0.87  +0.02   better
added     -     2             new
f1        0.5   0.5   0       same
gone      1     -             gone
log_loss  0.4   0.45  +0.05   worse"""

METRICS = st.dictionaries(st.text(max_size=4), st.floats(allow_nan=False, allow_infinity=False), max_size=4)


def test_better_and_worse() -> None:
    assert metric_diff(OLD, NEW) == [
        Change("accuracy", 0.85, 0.87, "better"),
        Change("added", None, 2.0, "new"),
        Change("f1", 0.5, 0.5, "same"),
        Change("gone", 1.0, None, "gone"),
        Change("log_loss", 0.4, 0.45, "worse"),
    ]


def test_the_table() -> None:
    assert "\n".join(diff_table(metric_diff(OLD, NEW), "v3", "now")) == TABLE


def test_no_metrics_at_all() -> None:
    assert diff_table(metric_diff({}, {}), "v3", "now") == ["metric  v3  now  change"]


def test_the_caller_may_say_what_is_better() -> None:
    (change,) = metric_diff({"cost": 1}, {"cost": 2}, higher=lambda name: name != "cost")
    assert change.direction == "worse"


@given(METRICS, METRICS)
def test_the_way_back_is_the_opposite(old: dict[str, float], new: dict[str, float]) -> None:
    opposite = {"better": "worse", "worse": "better", "new": "gone", "gone": "new", "same": "same"}
    there, back = metric_diff(old, new), metric_diff(new, old)
    assert [opposite[change.direction] for change in there] == [change.direction for change in back]
    assert {change.metric for change in there} == {*old, *new}


def test_json() -> None:
    assert diff_document(metric_diff({"a": 1}, {"a": 3})) == [
        {"metric": "a", "old": 1, "new": 3, "direction": "better", "delta": 2}
    ]
