"""What is due by the clock: decided from explicit times, carried out by real workers."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.pipelines.runs import Run, Runs, Task, format_run, parse_run
from gitmodel.pipelines.scheduled import schedule_documents, schedule_rows
from gitmodel.pipelines.setup import init_server
from gitmodel.pipelines.tasks import read_variables
from gitmodel.pipelines.ticking import run_due, starts_file
from gitmodel.pipelines.timetable import (
    Scheduled,
    Starts,
    Timetable,
    choose,
    read_starts,
    read_timetable,
    started,
    write_starts,
)
from tests.conftest import clone, commit_all, make_repository
from tests.pipelines.test_runs import until

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAILY = Scheduled("retrain", "wine", "every day at 10:00", "0 10 * * *")
OFTEN = Scheduled("monitor", "wine", "every 15 minutes", "*/15 * * * *")
TABLE = Timetable((DAILY, OFTEN))
# Takes the place of what a task does; Python imports this at its start.
STAND_IN = """\
import sys, types

def perform(repo, task, say):
    import time
    say(f"{task.name} at {task.at or 'its turn'}")
    while (repo.git_dir / "hold").exists():
        time.sleep(0.02)
    with (repo.git_dir / "done").open("a") as done:
        done.write(task.name + "\\n")
    return 3 if (repo.git_dir / ("fail-" + task.model)).exists() else 0

stand_in = types.ModuleType("gitmodel.pipelines.tasks")
stand_in.perform = perform
sys.modules["gitmodel.pipelines.tasks"] = stand_in
"""


def due(last: dict[str, datetime], now: datetime, busy: set[str] | None = None) -> list[str]:
    return [each.key for each in choose(TABLE, last, busy or set(), now)[0]]


def test_a_schedule_begins_when_it_is_first_seen() -> None:
    chosen, last = choose(TABLE, {}, set(), NOON)
    assert chosen == []
    assert last == {"retrain wine": NOON, "monitor wine": NOON}
    assert due(last, NOON + timedelta(minutes=14)) == []
    assert due(last, NOON + timedelta(minutes=15)) == ["monitor wine"]


def test_of_missed_turns_one_is_made_up_for() -> None:
    last = {"retrain wine": NOON - 10 * DAY, "monitor wine": NOON - 10 * DAY}
    chosen, after = choose(TABLE, last, set(), NOON)
    assert chosen == [OFTEN, DAILY]
    assert choose(TABLE, after, set(), NOON)[0] == []
    assert due(after, NOON + 22 * HOUR) == ["monitor wine", "retrain wine"]


def test_a_clock_that_jumped_back_starts_nothing_twice() -> None:
    last = {"retrain wine": NOON, "monitor wine": NOON}
    for minutes in range(0, 23 * 60, 5):
        assert due(last, NOON - 23 * HOUR + timedelta(minutes=minutes)) == []
    assert due(last, NOON + timedelta(minutes=15)) == ["monitor wine"]


def test_a_clock_that_was_years_ahead_stops_nothing_for_years() -> None:
    last = {"retrain wine": NOON + 900 * DAY, "monitor wine": NOON + 900 * DAY}
    chosen, after = choose(TABLE, last, set(), NOON)
    assert chosen == []
    assert due(after, NOON + timedelta(minutes=15)) == ["monitor wine"]


def test_what_is_at_work_comes_again_afterwards() -> None:
    last = {"retrain wine": NOON - DAY, "monitor wine": NOON - DAY}
    chosen, after = choose(TABLE, last, {"retrain wine"}, NOON)
    assert chosen == [OFTEN]
    assert after["retrain wine"] == NOON - DAY
    assert due(after, NOON) == ["retrain wine"]


def test_a_schedule_that_comes_back_is_new_and_one_of_a_broken_model_waits() -> None:
    last = {"retrain gone": NOON - DAY, "monitor odd": NOON - DAY, "retrain wine": NOON}
    _, after = choose(replace(TABLE, broken={"odd": None}), last, set(), NOON)  # type: ignore[dict-item]
    assert set(after) == {"monitor odd", "retrain wine", "monitor wine"}


def test_starts_are_kept_and_what_is_damaged_is_new(tmp_path: Path) -> None:
    file = tmp_path / "state" / "schedule.json"
    starts = Starts({"retrain wine": NOON}, NOON - DAY)
    write_starts(file, starts)
    assert read_starts(file) == starts
    for text in ("", "{", "[]", '{"last": []}', '{"last": {"a": 1}, "fetched": null}'):
        file.write_text(text)
        assert read_starts(file) == Starts()


def test_a_run_that_was_queued_before_we_were_killed_is_no_second_time() -> None:
    task = Task("retrain", "wine", due=NOON.isoformat())
    run = Run("1", "done", (), "schedule", "2026-11-25T12:00:00.000Z", task=task)
    asked = replace(run, task=Task("retrain", "wine"))
    assert started(Starts({"retrain wine": NOON - DAY}), [run, asked]) == {"retrain wine": NOON}
    assert started(Starts({"retrain wine": NOON + DAY}), [run]) == {"retrain wine": NOON + DAY}


def test_runs_of_tasks_are_written_and_read_back() -> None:
    run = Run("1", "queued", (), "ada", "x", task=Task("monitor", "team/wine", "staging", "d", "a"))
    assert parse_run(format_run(run)) == run
    assert run.words == "monitor team/wine in staging"
    old = json.loads(format_run(replace(run, task=None)))
    del old["task"]
    assert parse_run(json.dumps(old)).task is None


def files(name: str, schedule: str) -> dict[str, str]:
    return {f"models/{name}/model.yaml": f"name: {name}\n{schedule}"}


@pytest.fixture(params=["clone", "server"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Repository]:
    """Return a clone, or a server, whose models have schedules."""
    models = {
        **files("wine", "retrain: {schedule: every day at 10:00}\nmonitor: {schedule: every hour}\n"),
        **files("beer", "retrain: {schedule: 0 11 * * *}\n"),
        **files("odd", "retrain: {schedule: every dya}\n"),
    }
    work = make_repository(tmp_path / "work")
    commit_all(work, models, "Models")
    server = init_server(tmp_path / "server.git", port=8598)
    server.git("fetch", "-q", str(work.root), "main:main")
    folder = tmp_path / "stand-in"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    made = server if request.param == "server" else clone(server, tmp_path / "clone")
    yield made
    (made.git_dir / "hold").unlink(missing_ok=True)
    until(lambda: all(run.state_now in ("done", "failed") for run in Runs(made).all()))


def tick(repo: Repository, now: datetime, said: list[str] | None = None) -> int:
    return run_due(repo, now, (said if said is not None else []).append, pretend=True)


def done(repo: Repository) -> list[str]:
    file = repo.git_dir / "done"
    return file.read_text().splitlines() if file.exists() else []


def test_what_is_due_is_done_once_and_a_failure_stops_no_other(place: Repository) -> None:
    said: list[str] = []
    assert tick(place, NOON - DAY, said) == 0
    assert said[-1] == "[schedule] nothing is due"
    (place.git_dir / "fail-beer").touch()
    assert tick(place, NOON, said) == 3
    assert done(place) == ["monitor wine", "retrain beer", "retrain wine"]
    text = "\n".join(said)
    assert "[schedule] odd is not looked at:" in text
    assert 'did you mean "day"?' in text
    assert f"retrain beer at {NOON.isoformat()}" in text
    assert tick(place, NOON + timedelta(minutes=59)) == 0
    assert tick(place, NOON + HOUR) == 0
    assert done(place)[3:] == ["monitor wine"]
    found = {(each["what"], each["model"]): each for each in schedule_documents(place, NOON + HOUR)}
    assert set(found) == {("retrain", "beer"), ("retrain", "wine"), ("monitor", "wine")}
    beer = found["retrain", "beer"]
    assert (beer["outcome"], beer["code"], beer["words"]) == ("failed", 3, "At 11:00 every day")
    wine = found["monitor", "wine"]
    assert (wine["outcome"], wine["words"], wine["next"]) == ("done", "every hour", "2026-11-25T14:00:00Z")
    head, first, *_ = schedule_rows(list(found.values()))
    assert head[0] == "MODEL"
    assert first[:4] == ["beer", "retrain", "At 11:00 every day", "0 11 * * *"]
    assert "failed (3)" in first[4]


@pytest.mark.system  # whoever watches has patience with a killed worker
def test_two_at_once_and_a_kill(place: Repository) -> None:
    tick(place, NOON - DAY)
    hold = place.git_dir / "hold"
    hold.touch()
    at = NOON.replace(tzinfo=None).isoformat()
    argv = [sys.executable, "-m", "gitmodel", "-C", str(place.workdir), "schedule", "run", "--at", at]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    until(lambda: [run.state_now for run in Runs(place).all()] == ["running", "queued", "queued"])
    (run, *_) = Runs(place).all()
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: Runs(place).all()[0].state_now == "interrupted")
    hold.unlink()
    for each in both:
        each.communicate(timeout=60)
    process.run(argv, check=False)  # begins again what was killed, unless the second has
    until(lambda: all(run.state == "done" for run in Runs(place).all()))
    assert done(place) == ["monitor wine", "retrain beer", "retrain wine"]
    assert Runs(place).all()[0].attempts == 2


def test_a_run_of_a_schedule_is_listed_and_logged(place: Repository) -> None:
    tick(place, NOON - DAY)
    tick(place, NOON)

    def gitmodel(*words: str) -> str:
        return process.run([sys.executable, "-m", "gitmodel", "-C", str(place.workdir), *words]).text

    if place.is_bare:
        assert "retrain beer" in gitmodel("runs")
        assert gitmodel("logs").startswith("retrain wine at ")
    listed = gitmodel("schedule", "list", "--json")
    assert {each["outcome"] for each in json.loads(listed)} == {"done"}
    assert "every day at 10:00" in gitmodel("schedule", "list")


def test_a_new_schedule_at_the_remote_is_seen(tmp_path: Path, bare: Repository) -> None:
    work = make_repository(tmp_path / "work")
    work.git("remote", "add", "origin", str(bare.git_dir))
    work.git("push", "-q", "origin", "main")
    here = clone(bare, tmp_path / "here")
    assert tick(here, NOON) == 0
    commit_all(work, files("wine", "retrain: {schedule: every day at 10:00}\n"))
    work.git("push", "-q", "origin", "main")
    assert tick(here, NOON + timedelta(minutes=14)) == 0
    assert read_timetable(here).scheduled == ()
    assert tick(here, NOON + timedelta(minutes=15)) == 0
    assert list(read_starts(starts_file(here)).last) == ["retrain wine"]
    work.git("remote", "remove", "origin")
    here.git("remote", "set-url", "origin", str(tmp_path / "gone"))
    said: list[str] = []
    assert tick(here, NOON + HOUR, said) == 0
    assert said[0] == "error: could not fetch from origin"


def test_variables_are_for_their_owner_alone(repo: Repository) -> None:
    assert read_variables(repo) == {}
    repo.state.mkdir(parents=True)
    file = repo.state / "environment"
    file.write_text("# for alerts\nSLACK_URL = slack://a=b\n\nEMPTY=\n")
    file.chmod(0o640)
    with pytest.raises(UsageError, match="others can read"):
        read_variables(repo)
    file.chmod(0o600)
    assert read_variables(repo) == {"SLACK_URL": "slack://a=b", "EMPTY": ""}


def test_an_environment_is_reconciled_by_the_clock(repo: Repository) -> None:
    file = "environments/live.yaml"
    commit_all(repo, {file: "name: live\nreconcile: {schedule: every 10 minutes}\n"}, "Watch it")
    (each,) = read_timetable(repo).scheduled
    assert (each.key, each.cron) == ("reconcile live", "*/10 * * * *")
    assert Task(each.what, each.model, each.environment).name == each.key
    (document,) = schedule_documents(repo, NOON)
    assert schedule_rows([document])[1][:3] == ["-", "reconcile live", "every 10 minutes"]
    table = read_timetable(repo)
    assert [key.key for key in choose(table, {each.key: NOON - HOUR}, (), NOON)[0]] == ["reconcile live"]
    commit_all(repo, {file: "name: live\nreconcile: {schedule: now and then}\n"}, "Break it")
    broken = read_timetable(repo)
    assert not broken.scheduled
    _, last = choose(broken, {each.key: NOON - HOUR}, (), NOON)
    assert last == {each.key: NOON - HOUR}  # it goes on where it was once it is mended
