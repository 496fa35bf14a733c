"""Alerts, sent by Apprise to a server on loopback."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gitmodel.monitoring.alerts import due, mark_of, send, title_of
from gitmodel.monitoring.incidents import Incident, Step
from gitmodel.spec.repository import AlertSpec
from tests.forges.server import Answer, Server, serving

OPENED = Step(
    incident="1f",
    kind="opened",
    model="spam",
    env="live",
    version="3",
    condition="recall at least 0.6",
    verdict="failed",
    severity="warning",
    reason="recall 0.4 is below 0.6",
    at="2026-11-01T00:00:00Z",
    by="ci",
)
PROMOTED = replace(OPENED, kind="promoted", result="4", reason="it passes", at="2026-11-01T01:00:00Z")
RESOLVED = replace(
    OPENED,
    kind="resolved",
    verdict="passed",
    version="4",
    severity="info",
    reason="recall 0.7",
    at="2026-11-02T00:00:00Z",
)
DESK = AlertSpec("json://desk")


def told(step: Step, to: str) -> Step:
    return replace(step, kind="told", result=to, reason=mark_of(step))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server(lambda _: Answer(200, {}))) as made:
        yield made


def address(server: Server) -> str:
    return server.url.replace("http://", "json://")


def test_each_step_is_told_once_a_channel() -> None:
    other = AlertSpec("json://other")
    assert [each.to for each in due(Incident((OPENED,)), [DESK, other])] == [DESK.to, other.to]
    steps = (OPENED, told(OPENED, DESK.to))
    assert [each.to for each in due(Incident(steps), [DESK, other])] == [other.to]
    (message,) = due(Incident((*steps, PROMOTED, RESOLVED)), [DESK])
    assert message.title == "spam in live: recall at least 0.6 is well again"
    assert message.text == (
        "spam v4 in live: recall 0.7\n"
        "Since 2026-11-01T00:00:00Z.\n\n"
        "2026-11-01T00:00:00Z  is not met: recall 0.4 is below 0.6\n"
        "2026-11-01T01:00:00Z  was promoted v4: it passes\n"
        "2026-11-02T00:00:00Z  is well again: recall 0.7"
    )
    assert due(Incident((*steps, PROMOTED, RESOLVED, told(RESOLVED, DESK.to))), [DESK]) == []


def test_without_alert_people_hear_of_what_changed_and_what_is_stuck() -> None:
    stuck = replace(OPENED, kind="stuck", severity="critical", at="2026-11-01T02:00:00Z")

    def kinds(*steps: Step) -> list[str]:
        return [each.step.kind for each in due(Incident(steps), [DESK], quiet=True)]

    assert kinds(OPENED) == []
    assert kinds(OPENED, RESOLVED) == []  # nobody knew that it began
    assert kinds(replace(OPENED, verdict="error")) == ["opened"]  # nothing else follows from it
    assert kinds(OPENED, PROMOTED, stuck, RESOLVED) == ["promoted", "stuck", "resolved"]
    again = replace(PROMOTED, at="2026-11-01T03:00:00Z", result="5")
    assert kinds(OPENED, PROMOTED, told(PROMOTED, DESK.to), again) == ["promoted"]
    assert kinds(OPENED, PROMOTED, told(PROMOTED, DESK.to), again, told(again, DESK.to)) == []


def test_what_is_stuck_again_is_told_again_and_each_once() -> None:
    first = replace(OPENED, kind="stuck", severity="critical", at="2026-11-01T02:00:00Z")
    again = replace(first, at="2026-11-01T04:00:00Z")
    steps = (OPENED, told(OPENED, DESK.to), first, again)
    assert [each.step for each in due(Incident(steps), [DESK])] == [first, again]
    # A channel that was down is told of both at once: notes of the same second.
    both = {*steps, told(first, DESK.to), replace(told(again, DESK.to), at=first.at)}
    assert len(both) == len(steps) + 2
    assert due(Incident((OPENED, *both)), [DESK]) == []


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("failed", "is not met"),
        ("error", "could not be measured"),
        ("inconclusive", "may not be met"),
    ],
)
def test_only_what_is_broken_is_called_so(verdict: str, words: str) -> None:
    assert title_of(replace(OPENED, verdict=verdict)).endswith(f"0.6 {words}")


def test_who_was_told_hears_that_a_condition_is_gone() -> None:
    gone = replace(RESOLVED, verdict="failed")
    assert due(Incident((OPENED, gone)), [DESK], quiet=True) == []
    (message,) = due(Incident((OPENED, told(OPENED, DESK.to), gone)), [DESK], quiet=True)
    assert message.title == "spam in live: recall at least 0.6 is no longer asked for"


@pytest.mark.parametrize(
    ("channel", "count"),
    [
        (AlertSpec("json://x", models=("ham", "s*")), 2),
        (AlertSpec("json://x", models=("ham",)), 0),
        (AlertSpec("json://x", environments=("staging",)), 0),
        (AlertSpec("json://x", severity="critical"), 0),
        (AlertSpec("json://x", severity="info"), 2),
        (AlertSpec("json://x", severity="none"), 0),
    ],
)
def test_a_channel_hears_what_it_asked_for(channel: AlertSpec, count: int) -> None:
    assert len(due(Incident((OPENED, RESOLVED)), [channel])) == count


def test_a_message_arrives(server: Server) -> None:
    (message,) = due(Incident((OPENED,)), [AlertSpec("$DESK")], link="https://example.org/run")
    assert send(message, {"DESK": address(server)}) == ""
    (request,) = server.requests
    assert request.body["title"] == "spam in live: recall at least 0.6 is not met"
    assert request.body["message"].startswith("spam v3 in live: recall 0.4 is below 0.6\n")
    assert request.body["message"].endswith("https://example.org/run")
    assert request.body["type"] == "warning"


def test_a_channel_that_is_down_is_asked_again_and_told_of(server: Server) -> None:
    message = due(Incident((OPENED,)), [AlertSpec(address(server))])[0]
    server.next += [Answer(503), Answer(503), None]
    waits: list[float] = []
    assert send(message, {}, sleep=waits.append) == ""
    assert waits == [2, 4]
    server.next += [Answer(500)] * 3
    assert send(message, {}, sleep=waits.append) == "it did not take the message, 3 times"
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("to", "problem"),
    [("$NOWHERE", "the variable NOWHERE is not set"), ("foo://x", "Apprise does not know such an address")],
)
def test_an_address_that_is_none(to: str, problem: str) -> None:
    (message,) = due(Incident((OPENED,)), [AlertSpec(to)])
    assert send(message, {}) == problem
