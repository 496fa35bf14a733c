"""Cron expressions, lengths of time, globs, paths, names of metrics."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.errors import InvalidFile
from gitmodel.spec.cron import cron_mistake, plain_cron
from gitmodel.spec.durations import format_duration, parse_duration
from gitmodel.spec.metric_names import LOWER_IS_BETTER, higher_is_better
from gitmodel.spec.paths import matching, within


@pytest.mark.parametrize(
    "expression",
    [
        "* * * * *",
        "0 3 * * 1",
        "*/15 0-6 1,15 jan-mar MON-FRI",
        "59 23 31 12 7",
        "0 0 * * sun,sat",
        "5-55/10 * * * *",
    ],
)
def test_cron_expressions(expression: str) -> None:
    assert cron_mistake(expression) is None


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("60 * * * *", '"60" as minute'),
        ("* 24 * * *", '"24" as hour'),
        ("* * 0 * *", '"0" as day of month'),
        ("* * * 13 *", '"13" as month'),
        ("* * * * 8", '"8" as day of week'),
        ("* * * mon *", '"mon" as month'),
        ("*/0 * * * *", '"*/0" as minute'),
        ("9-3 * * * *", '"9-3" as minute'),
        ("1, * * * *", '"1," as minute'),
        ("@daily", "1 fields"),
        ("* * * * * *", "6 fields"),
        ("\u0661 * * * *", '"\u0661" as minute'),
    ],
)
def test_cron_mistakes(expression: str, found: str) -> None:
    mistake = cron_mistake(expression)
    assert mistake is not None
    assert mistake[0] == found


@pytest.mark.parametrize(
    ("expression", "plain"),
    [
        ("0 3  * * 1", "0 3 * * 1"),
        ("*/7 7 7 7 mon-fri/2", "*/7 7 7 7 mon-fri/2"),
        ("0 3 * * 7", "0 3 * * 0"),
        ("0 3 * * 0,5-7,7", "0 3 * * 0,5,6"),
        ("0 3 * * FRI-7/2", "0 3 * * 5,0"),
    ],
)
def test_sunday_is_written_so_that_every_forge_knows_it(expression: str, plain: str) -> None:
    assert cron_mistake(expression) is None
    assert plain_cron(expression) == plain
    assert plain_cron(plain) == plain
    assert cron_mistake(plain) is None


@given(st.text(alphabet="0123456789*/-, sunja", max_size=30))
def test_cron_takes_any_text(expression: str) -> None:
    cron_mistake(expression)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("30s", 30), ("10m", 600), ("12h", 43_200), ("7d", 604_800), ("2w", 1_209_600)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@given(st.integers(0, 10**9))
def test_lengths_of_time_are_read_back(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert parse_duration(format_duration(length)) == length


@pytest.mark.parametrize("text", ["", "s", "10", "-1s", "1.5h", "1 h", "1y", "1h30m", "²s"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="not a length of time"):
        parse_duration(text)


FILES = [
    "model.yaml",
    "models/a/model.yaml",
    "models/a/b/model.yaml",
    "models/amodel.yaml",
    "x/y/z/model.yaml",
    "modelxyaml",
]


@pytest.mark.parametrize(
    ("globs", "found"),
    [
        (["models/*/model.yaml", "model.yaml"], ["model.yaml", "models/a/model.yaml"]),
        (["./model.yaml"], ["model.yaml"]),
        (
            ["**/model.yaml"],
            ["model.yaml", "models/a/b/model.yaml", "models/a/model.yaml", "x/y/z/model.yaml"],
        ),
        (["models/**"], ["models/a/b/model.yaml", "models/a/model.yaml", "models/amodel.yaml"]),
        (["models/?/*.yaml"], ["models/a/model.yaml"]),
        (["models/[a]/model.yaml"], []),
        ([], []),
    ],
)
def test_globs(globs: list[str], found: list[str]) -> None:
    assert matching(FILES, globs) == found


@pytest.mark.parametrize(
    ("folder", "path", "whole"),
    [
        ("", "a", "a"),
        ("m/x", "a/b", "m/x/a/b"),
        ("m", "./a//b/.", "m/a/b"),
        ("m", "a/../b", "m/b"),
        ("m", ".", "m"),
    ],
)
def test_paths_within(folder: str, path: str, whole: str) -> None:
    assert within(folder, path) == whole


@pytest.mark.parametrize("path", ["", "..", "../m", "a/../../m", "/a", "~/a", "a\0", "..\\a"])
def test_paths_that_leave(path: str) -> None:
    with pytest.raises(InvalidFile, match="is not inside the folder 'm'"):
        within("m", path)


@given(st.lists(st.sampled_from(["..", ".", "a", "b", ""]), max_size=8))
def test_paths_never_leave(parts: list[str]) -> None:
    try:
        whole = within("m/n", "/".join(parts))
    except InvalidFile:
        return
    assert whole == "m/n" or whole.startswith("m/n/")


@pytest.mark.parametrize(
    "metric",
    [
        "rmse",
        "RMSE",
        "test_rmse",
        "val/log_loss",
        "eval.mean_squared_error",
        "log-loss",
        "loss",
        "brier",
        *LOWER_IS_BETTER,
    ],
)
def test_errors_are_better_when_lower(metric: str) -> None:
    assert not higher_is_better(metric)


@pytest.mark.parametrize(
    "metric",
    [
        "accuracy",
        "roc_auc",
        "f1",
        "r2",
        "neg_log_loss",
        "neg_mean_squared_error",
        "glossary",
        "mapes_of_wrath",
        "",
    ],
)
def test_others_are_better_when_higher(metric: str) -> None:
    assert higher_is_better(metric)
