"""Several monitors at once: what one has decided, the others know."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from gitmodel.delivery.promotion import promote
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from gitmodel.monitoring.conditions import Judged
from gitmodel.monitoring.incidents import read_incidents
from gitmodel.monitoring.measurement import Measured
from gitmodel.pipelines.healing import Healing
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.watching import Watched
from gitmodel.spec.model import QualityCondition
from tests.conftest import clone
from tests.delivery.models import MODEL, add_version
from tests.monitoring.live import NOW

MONITORS = 4
RECALL = QualityCondition("recall", timedelta(days=7), min=0.6)
ERRORS = QualityCondition("error_rate", timedelta(days=1), max=0.1)


def watched(*judged: tuple[QualityCondition, str]) -> Watched:
    live = Measured(MODEL, "production", "1", NOW - timedelta(days=7), NOW)
    found = [Judged(condition, verdict, None, 50, "as it was") for condition, verdict in judged]  # type: ignore[arg-type]
    return Watched(live, (), tuple(found))


def heal(repo: Repository, *judged: tuple[QualityCondition, str], hours: float = 0) -> list[str]:
    said: list[str] = []
    now = NOW + timedelta(hours=hours)
    Healing(Job(repo), "production", "ci", said.append, now, {}).heal([watched(*judged)])
    return said


def test_four_monitors_open_one_incident_and_close_it_once(bare: Repository, tmp_path: Path) -> None:
    desk = clone(bare, tmp_path / "desk")
    promote(desk, add_version(desk, 2), "production", by="ada")
    desk.git("push", "-q", "origin", "HEAD:refs/heads/main")
    clones = [clone(bare, tmp_path / f"clone-{number}") for number in range(MONITORS)]
    for repo in clones:
        fetch(repo)
    for hours, verdict, kinds in ((0, "failed", ["opened"]), (1, "passed", ["opened", "resolved"])):
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda repo: heal(repo, (RECALL, verdict), hours=hours), clones))  # noqa: B023
        fetch(desk)
        (incident,) = read_incidents(desk)
        assert [step.kind for step in incident.steps] == kinds


def test_each_condition_has_a_story_of_its_own(bare: Repository, tmp_path: Path) -> None:
    desk = clone(bare, tmp_path / "desk")
    promote(desk, add_version(desk, 2), "production", by="ada")
    heal(desk, (RECALL, "failed"), (ERRORS, "error"))
    heal(desk, (RECALL, "failed"), (ERRORS, "passed"), hours=1)
    found = {incident.steps[0].condition: incident for incident in read_incidents(desk)}
    assert {words: incident.is_open for words, incident in found.items()} == {
        "recall at least 0.6 over 7d": True,
        "error_rate at most 0.1 over 1d": False,
    }
