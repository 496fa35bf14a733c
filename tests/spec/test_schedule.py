"""Schedules in plain words."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.spec import parse_model
from gitmodel.spec.cron import cron_mistake, due_at, explained, next_at
from gitmodel.spec.schedule import OddSchedule, to_cron

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "cron"),
    [
        ("every day at 10:00", "0 10 * * *"),
        ("every monday at 3:00", "0 3 * * 1"),
        ("weekdays at 9:30", "30 9 * * 1-5"),
        ("every weekday at 8 and 20", "0 8,20 * * 1-5"),
        ("Weekends at 9:30 PM", "30 21 * * 0,6"),
        ("every hour", "0 * * * *"),
        ("hourly", "0 * * * *"),
        ("every hour at 15", "15 * * * *"),
        ("every 2 hours at :30", "30 */2 * * *"),
        ("every 15 minutes", "*/15 * * * *"),
        ("every minute", "* * * * *"),
        ("every month on the 1st at 04:00", "0 4 1 * *"),
        ("on the 1st and 15th of every month at 6pm", "0 18 1,15 * *"),
        ("every month", "0 0 1 * *"),
        ("every sunday and wednesday at noon", "0 12 * * 0,3"),
        ("monday to friday at 12 am", "0 0 * * 1-5"),
        ("friday to monday at 12:05 pm", "5 12 * * 0,1,5,6"),
        ("mon-fri at 9:00", "0 9 * * 1-5"),
        ("tuesdays, thursdays at midnight UTC", "0 0 * * 2,4"),
        ("at 10:00 every day", "0 10 * * *"),
        ("daily", "0 0 * * *"),
        ("noon", "0 12 * * *"),
        ("every day at 9:00 and 17:00", "0 9,17 * * *"),
        ("0 3  * * 7", "0 3 * * 0"),
        ("*/15 0-6 1,15 jan-mar MON-FRI", "*/15 0-6 1,15 jan-mar MON-FRI"),
    ],
)
def test_words_are_cron(words: str, cron: str) -> None:
    assert to_cron(words) == cron
    assert cron_mistake(to_cron(words)) is None


@pytest.mark.parametrize(
    ("words", "found", "hint"),
    [
        ("evry day at 10:00", '"evry"', 'did you mean "every"?'),
        ("every mondey at 3:00", '"mondey"', 'did you mean "monday"?'),
        ("every 7 minutes", '"7 minutes"', ""),
        ("every 0 hours", '"0 hours"', ""),
        ("every day at 25:00", '"25:00"', ""),
        ("every day at 13pm", '"13pm"', ""),
        ("every day at 0am", '"0am"', ""),
        ("every hour at 75", '"75"', ""),
        ("every day at", "no time", ""),
        ("every week", '"week"', 'name the day: "every monday"; a year needs a cron expression'),
        ("every day at 9:00 and 17:30", "times of different minutes", ""),
        ("every day monday", '"day" beside other days', ""),
        ("day to monday at 1:00", '"day to monday"', ""),
        ("on the 32nd", '"32nd"', ""),
        ("on the last of every month", '"last"', ""),
        ("every", "no more words", ""),
        ("every day at 10:00 tomorrow", '"tomorrow"', ""),
        ("every day at 10:00; rm", '"rm"', ""),
        ("every day at 10:00 monday", '"monday"', ""),
        ("every day at \u0661\u0660:00", "other letters than a to z", ""),
        ("@daily", '"@daily"', ""),
        ("0 3 * *", "4 fields", 'words do as well: "every day at 10:00"'),
    ],
)
def test_what_is_odd_is_named(words: str, found: str, hint: str) -> None:
    with pytest.raises(OddSchedule) as caught:
        to_cron(words)
    assert caught.value.found.partition(" in ")[0] == found
    assert caught.value.hint == hint
    assert caught.value.expected


@given(
    st.lists(
        st.sampled_from(["every", "day", "at", "10:00", "monday", "and", "1st", "5", "-", ","]), max_size=8
    )
)
def test_any_words_are_a_cron_expression_or_odd(words: list[str]) -> None:
    with suppress(OddSchedule):
        assert cron_mistake(to_cron(" ".join(words))) is None


@given(st.text(max_size=40))
def test_any_text_is_a_cron_expression_or_odd(text: str) -> None:
    with suppress(OddSchedule):
        assert cron_mistake(to_cron(text)) is None


def test_models_keep_what_was_written() -> None:
    text = "name: a\nretrain: {schedule: every day at 10:00}\nmonitor: {schedule: 5 * * * 7}\n"
    spec = parse_model(text, "model.yaml")
    assert (spec.retrain.schedule, spec.retrain.cron) == ("every day at 10:00", "0 10 * * *")
    assert (spec.monitor.schedule, spec.monitor.cron) == ("5 * * * 7", "5 * * * 0")
    assert parse_model("name: a\n", "model.yaml").monitor.cron is None


def test_what_is_due_and_what_is_next() -> None:
    cron = "30 14 * * *"
    assert due_at(cron, NOW) == NOW
    assert due_at(cron, NOW + timedelta(seconds=59)) == NOW
    assert due_at(cron, NOW - timedelta(seconds=1)) == NOW - timedelta(days=1)
    assert next_at(cron, NOW) == NOW + timedelta(days=1)
    assert (due_at("0 0 30 2 *", NOW), next_at("0 0 30 2 *", NOW)) == (None, None)
    assert explained("0 3 * * 1") == "At 03:00 on Monday"
    assert explained("0 0 30 2 *") == "never"
