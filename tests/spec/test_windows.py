"""Times in which nothing may be rolled out, in their time zone."""

from datetime import UTC, datetime

import pytest

from gitmodel.delivery.freezing import freeze_now
from gitmodel.spec.environment import EnvironmentSpec
from gitmodel.spec.parsing import parse_environment
from gitmodel.spec.problems import InvalidSpec

FILE = """\
name: p
windows:
  timezone: Europe/Berlin
  freeze:
    - fridays 16:00 to mondays 08:00
    - {when: every day 22:00 to 6:00, reason: nobody is there}
    - {from: 2026-12-20, to: 2027-01-03, reason: holidays}
    - {from: 2026-11-11T11:11, to: 2026-11-11T12:00}
"""


def spec(text: str = FILE) -> EnvironmentSpec:
    return parse_environment(text, "environments/p.yaml")


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-12-04T14:59", ""),
        ("2026-12-04T15:00", "2026-12-07 08:00 CET"),
        ("2026-12-07T06:59", "2026-12-07 08:00 CET"),
        ("2026-12-07T07:00", ""),
        ("2026-12-01T20:59", ""),
        ("2026-12-01T21:00", "2026-12-02 06:00 CET"),
        ("2026-12-02T05:00", ""),
        ("2026-07-01T20:00", "2026-07-02 06:00 CEST"),
        ("2026-12-22T12:00", "2027-01-04 08:00 CET"),  # the last day, its night, and the weekend before it
        ("2026-11-11T10:11", "2026-11-11 12:00 CET"),
        ("2026-11-11T11:00", ""),
        ("2026-03-29T00:30", "2026-03-30 08:00 CEST"),  # the night that lacks an hour
    ],
)
def test_until_when(moment: str, until: str) -> None:
    found = freeze_now(spec(), datetime.fromisoformat(moment).replace(tzinfo=UTC))
    assert (f"{found.until:%Y-%m-%d %H:%M %Z}" if found else "") == until


def test_the_words_say_what_to_do() -> None:
    found = freeze_now(spec(), datetime(2026, 12, 1, 21, tzinfo=UTC))
    assert found is not None
    assert found.words == (
        "nothing may be rolled out in p until 2026-12-02 06:00 CET "
        "(every day 22:00 to 6:00: nobody is there); "
        "`gitmodel deploy p` does it then, `--override REASON` now"
    )
    assert freeze_now(spec("name: p\n"), datetime(2026, 12, 1, 21, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("timezone: Europe/Berln", 'found "Europe/Berln"; expected a time zone'),
        ("freeze: [fridays 16:00]", "expected two moments"),
        ("freeze: [fridays 16:00 to mondas 8:00]", 'mean "monday'),
        ("freeze: [{from: 2026-12-20, to: 2026-12-19}]", "an end after the beginning"),
        ("freeze: [{from: 2026-12-20}]", "found from; expected two moments"),
        ("freeze: [{from: 2026-13-20, to: 2027-01-01}]", "a date such as"),
        ("freeze: [{until: 2026-12-20}]", "until"),
        ("freeze: [7]", "7"),
    ],
)
def test_mistakes(line: str, words: str) -> None:
    with pytest.raises(InvalidSpec) as raised:
        spec(f"name: p\nwindows:\n  {line}\n")
    assert words in f"{raised.value.message}{raised.value.detail}"


def test_a_schedule_of_an_environment() -> None:
    assert spec("name: p\nreconcile: {schedule: every 10 minutes}\n").reconcile.cron == "*/10 * * * *"
    with pytest.raises(InvalidSpec, match=r"reconcile\.schedule: found"):
        spec("name: p\nreconcile: {schedule: every 11 minutes}\n")
