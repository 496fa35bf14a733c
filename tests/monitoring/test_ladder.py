"""What follows from a verdict, step by step, on a clock of the test's own."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from gitmodel.monitoring.incidents import Incident, Kind, Step
from gitmodel.monitoring.ladder import Next, decide
from gitmodel.spec.model import Action, QualityCondition

LADDER: tuple[Action, ...] = ("alert", "retrain", "rollback")


def condition(*actions: Action, attempts: int = 2) -> QualityCondition:
    return QualityCondition(
        "recall",
        timedelta(days=7),
        min=0.6,
        when_broken=actions or LADDER,
        cool_down=timedelta(hours=1),
        max_attempts=attempts,
    )


@dataclass
class Story:
    """An incident that is told while it goes on."""

    condition: QualityCondition = field(default_factory=condition)
    now: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    steps: list[Step] = field(default_factory=list)

    def tell(self, kind: Kind, verdict: str = "failed", result: str = "") -> None:
        at = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.steps.append(
            Step("i1", kind, "m", "live", "1", "recall", verdict, "warning", "why", at, "ci", result)
        )

    def ask(self, verdict: str = "failed", held: str = "", *, is_young: bool = False) -> Next | None:
        incident = Incident(tuple(self.steps)) if self.steps else None
        return decide(self.condition, verdict, incident, now=self.now, held=held, is_young=is_young)

    def act(self, verdict: str = "failed", held: str = "") -> str:
        found = self.ask(verdict, held)
        return found.act if found else ""

    def wait(self, **length: float) -> None:
        self.now += timedelta(**length)


def test_what_is_well_needs_nothing() -> None:
    assert Story().act("passed") == ""


def test_a_retrained_version_that_helps_ends_it() -> None:
    story = Story()
    assert story.act() == "open"
    story.tell("opened")
    assert story.act() == "retrain"
    story.tell("retrain")
    story.tell("retrained", result="2")
    story.tell("promoted", result="2")
    assert story.act("inconclusive") == ""
    story.wait(minutes=59)
    assert story.act() == "", "it rests after what it has changed"
    story.wait(days=1)
    assert story.act("passed") == "resolve"


def test_a_training_that_does_not_help_is_followed_by_a_rollback_and_then_by_a_louder_alert() -> None:
    story = Story()
    story.tell("opened")
    story.tell("retrain")
    story.tell("retrained")  # it does not pass its gates
    assert story.ask() == Next("rollback", "warning", "training anew did not help")
    story.tell("rollback")
    story.tell("rolled_back", result="0")
    assert story.act() == ""
    story.wait(hours=2)
    assert story.act() == "retrain", "one attempt is left"
    story.tell("retrain")
    story.tell("retrained")
    found = story.ask()
    assert found is not None
    assert (found.act, found.severity) == ("stuck", "critical")
    story.tell("stuck")
    for _ in range(3):
        assert story.act() == ""
        story.wait(days=30)
    assert story.act() == "", "nothing goes round in circles"
    assert story.act("passed") == "resolve"


def test_what_did_not_help_is_tried_again_after_a_pause() -> None:
    story = Story(condition("alert", "retrain"))
    story.tell("opened")
    story.tell("retrain")
    story.tell("retrained")
    assert story.act() == "stuck"
    story.tell("stuck")
    assert story.act() == "", "there is nothing new to learn from yet"
    story.wait(hours=2)
    assert story.ask() == Next("retrain", "warning", "attempt 2 of 2")
    story.tell("retrain")
    story.tell("retrained")
    assert story.act() == "stuck", "it is told again: this was the last attempt"
    story.tell("stuck")
    story.wait(hours=2)
    assert story.act() == ""


@pytest.mark.parametrize("attempts", [1, 3])
def test_attempts_are_bounded(attempts: int) -> None:
    story = Story(condition("alert", "retrain", attempts=attempts))
    story.tell("opened")
    for number in range(attempts):
        assert story.act() == "retrain"
        story.tell("retrain")
        story.tell("retrained", result=str(number))
        story.tell("promoted", result=str(number))
        story.wait(hours=2)
    assert story.act() == "stuck"


def test_what_a_killed_run_has_begun_counts() -> None:
    story = Story()
    story.tell("opened")
    story.tell("retrain")
    assert story.ask() == Next("retrain", "warning", "attempt 2 of 2")
    story.tell("retrain")
    assert story.act() == "rollback"
    story.tell("rollback")
    assert story.act() == "rollback"
    story.tell("rollback")
    assert story.act() == "stuck"


@pytest.mark.parametrize(("verdict", "severity"), [("error", "warning"), ("inconclusive", "info")])
def test_what_is_not_known_is_told_once_and_heals_nothing(verdict: str, severity: str) -> None:
    story = Story()
    found = story.ask(verdict)
    assert found is not None
    assert (found.act, found.severity) == ("open", severity)
    story.tell("opened", verdict)
    assert story.act(verdict) == ""
    assert story.act("failed") == "worsen"
    story.tell("worse")
    assert story.act("failed") == "retrain"


def test_too_few_rows_of_a_young_version_are_nothing_to_tell() -> None:
    story = Story()
    assert story.ask("inconclusive", is_young=True) is None
    assert story.ask("inconclusive") == Next("open", "info", "the verdict is inconclusive")
    assert story.ask("error", is_young=True) == Next("open", "warning", "the verdict is error")
    story.tell("opened", "inconclusive")
    assert story.ask("inconclusive", is_young=True) is None


def test_a_condition_that_only_alerts() -> None:
    story = Story(condition("alert"))
    story.tell("opened")
    assert story.act() == ""
    story.wait(days=9)
    assert story.act() == ""
    assert story.act("passed") == "resolve"


def test_a_rollback_may_come_first() -> None:
    story = Story(condition("rollback", "retrain"))
    story.tell("opened")
    assert story.ask() == Next("rollback", "warning", "the condition is broken")


def test_a_hold_pauses_it() -> None:
    story = Story()
    assert story.act(held="frozen until Monday") == "open", "people are told in any case"
    story.tell("opened")
    assert story.ask(held="frozen until Monday") == Next("held", "warning", "frozen until Monday")
    story.tell("held")
    assert story.act(held="frozen until Monday") == ""
    assert story.act() == "retrain"
