"""Who is told of an incident: channels, and an issue where a forge runs the job."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from gitmodel.delivery.promotion import promote
from gitmodel.forges import open_forge
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import utc
from gitmodel.monitoring.conditions import Judged
from gitmodel.monitoring.incidents import Incident, read_incidents
from gitmodel.monitoring.measurement import Measured
from gitmodel.pipelines.alerting import issue_of
from gitmodel.pipelines.healing import Healing
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.watching import Watched
from gitmodel.spec.model import QualityCondition
from tests.conftest import commit_all
from tests.delivery.models import FOLDER, MODEL, SPEC, add_version
from tests.forges.gitlab_server import GitLabState, gitlab
from tests.forges.server import Answer
from tests.monitoring.live import NOW
from tests.monitoring.test_alerts import OPENED, RESOLVED

RECALL = QualityCondition("recall", timedelta(days=7), min=0.6)
QUALITY = "quality:\n  - {metric: recall, window: 7d, min: 0.6}\n"
LINK = "https://gitlab.invalid/acme/models/-/pipelines/7"


@pytest.fixture
def lab() -> Iterator[GitLabState]:
    with gitlab() as played:
        yield played
        assert played.server.problems == []


@pytest.fixture
def served(repo: Repository) -> Repository:
    promote(repo, add_version(repo, 2), "production", by="ada")
    commit_all(repo, {f"{FOLDER}/model.yaml": SPEC + QUALITY})
    return repo


def heal(
    repo: Repository,
    lab: GitLabState | None,
    verdict: str,
    *,
    hours: float = 0,
    secrets: dict[str, str] | None = None,
    conditions: Sequence[QualityCondition] = (RECALL,),
) -> list[str]:
    said: list[str] = []
    forge = open_forge(lab.environ()) if lab else None
    if forge:
        forge = replace(forge, patience=0.5)  # type: ignore[type-var]
    live = Measured(MODEL, "production", "1", NOW - timedelta(days=7), NOW)
    reason = "recall 0.4 @ada is *bad*"
    judged = tuple(Judged(each, verdict, None, 50, reason) for each in conditions)  # type: ignore[arg-type]
    found = Watched(live, (), judged)
    now = NOW + timedelta(hours=hours)
    Healing(Job(repo, None, forge), "production", "ci", said.append, now, secrets or {}, LINK).heal([found])
    return said


def notes(repo: Repository) -> list[tuple[str, str, str]]:
    (incident,) = read_incidents(repo)
    return [
        (step.kind, step.result, step.reason) for step in incident.steps if step.kind in ("told", "untold")
    ]


def test_an_issue_follows_an_incident(served: Repository, lab: GitLabState) -> None:
    said = heal(served, lab, "failed")
    assert said[-1] == "[alert] GitLab: https://gitlab.invalid/acme/models/-/issues/1"
    heal(served, lab, "failed", hours=1)
    issue = lab.issues[1]
    assert issue["title"] == "credit-risk in production: recall at least 0.6 over 7d is not met"
    assert "recall 0.4 &#64;ada is &#42;bad&#42;." in issue["description"]
    assert f"\n\n<{LINK}>" in issue["description"]
    assert (issue["state"], lab.issue_notes) == ("opened", {})
    heal(served, lab, "passed", hours=2)
    (over,) = lab.issue_notes[1]
    assert "is well again" in over["body"]
    assert issue["state"] == "closed"
    asked = len(lab.server.requests)
    heal(served, lab, "passed", hours=3)
    assert len(lab.server.requests) == asked  # everything was told


def test_a_forge_that_refuses_stops_nothing(served: Repository, lab: GitLabState) -> None:
    lab.server.act = lambda _: Answer(403, {"message": "403 Forbidden"})
    said = heal(served, lab, "failed")
    assert "GitLab refused to write an issue (403) (the token needs the scope `api`" in said[-1]
    ((kind, channel, reason),) = notes(served)
    assert (kind, channel) == ("untold", "forge")
    assert reason.startswith(f"opened at {utc(NOW.timestamp())}: GitLab refused")
    lab.server.act = lab.act
    heal(served, lab, "passed", hours=1)  # the next run makes up for it
    assert (len(lab.issues), lab.issues[1]["state"]) == (1, "closed")


def test_a_condition_that_is_taken_away_ends_its_incident(served: Repository, lab: GitLabState) -> None:
    heal(served, lab, "failed")
    commit_all(served, {f"{FOLDER}/model.yaml": SPEC + QUALITY.replace("0.6", "0.5")})
    lower = replace(RECALL, min=0.5)
    heal(served, lab, "failed", hours=1, conditions=[lower])
    new, old = read_incidents(served)
    assert (new.steps[0].condition, new.is_open) == ("recall at least 0.5 over 7d", True)
    assert (old.is_open, old.last.reason) == (False, "model.yaml has no such condition any more")
    (over,) = lab.issue_notes[1]
    assert "recall at least 0.6 over 7d is no longer asked for" in over["body"]
    assert [lab.issues[number]["state"] for number in (1, 2)] == ["closed", "opened"]
    heal(served, lab, "passed", hours=2, conditions=[lower])
    assert [len(each.steps) for each in read_incidents(served)] == [4, len(old.steps)]


@pytest.mark.parametrize(
    ("entry", "count"),
    [
        ("{to: forge, severity: none}", 0),
        ("{to: forge, severity: critical}", 0),
        ("{to: forge, environments: [staging]}", 0),
        ("{to: forge, models: [credit-*]}", 1),
    ],
)
def test_an_entry_says_when_there_is_an_issue(
    served: Repository, lab: GitLabState, entry: str, count: int
) -> None:
    commit_all(served, {"gitmodel.yaml": f"alerts:\n  - {entry}\n"})
    heal(served, lab, "failed")
    assert len(lab.issues) == count


def test_a_condition_without_alert_is_quiet(served: Repository, lab: GitLabState) -> None:
    quiet = "quality:\n  - {metric: recall, window: 7d, min: 0.6, when_broken: [rollback]}\n"
    alerts = "alerts:\n  - {to: forge}\n  - {to: $NOWHERE}\n"
    commit_all(served, {f"{FOLDER}/model.yaml": SPEC + quiet, "gitmodel.yaml": alerts})
    heal(served, lab, "failed")
    assert lab.issues == {}
    assert notes(served) == []


def test_there_is_no_issue_at_a_desk(served: Repository) -> None:
    commit_all(served, {"gitmodel.yaml": "alerts:\n  - {to: forge}\n"})
    heal(served, None, "failed")
    assert notes(served) == []


def test_what_broke_cannot_write_markup() -> None:
    evil = replace(OPENED, condition="a`<b>@x|[y](z)", reason="<!-- --> @all\n# head", version="3*")
    issue = issue_of(Incident((evil, RESOLVED)), "javascript:alert(1)", 10_000)
    assert issue.title == "spam in live: a??b??x??y??z? is not met"
    for text in (issue.text, issue.comments[0][1]):
        assert not set("<>@|[]") & set(text.replace("&#", ""))
    assert "javascript" not in issue.text
    assert issue.is_over
    assert issue.since == "2026-10-31T00:00:00Z"
