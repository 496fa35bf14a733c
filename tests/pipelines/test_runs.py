"""Runs by real pushes and real processes; what a run does is a stand-in that tests hold, fail or crash."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import Refused, UsageError
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines import runs as records
from gitmodel.pipelines.listing import run_document, runs_table
from gitmodel.pipelines.pushed import Pushed, describe, parse_pushed
from gitmodel.pipelines.receive import server_of
from gitmodel.pipelines.runs import Run, Runs, format_run, parse_run
from gitmodel.pipelines.setup import init_server
from gitmodel.pipelines.worker import MAX_ATTEMPTS, next_run, work
from tests.conftest import clone, commit_all, make_repository

A, B = Oid("a" * 40), Oid("b" * 40)
# Python imports this at its start from PYTHONPATH: the worker finds it in the place of the engine.
STAND_IN = """\
import sys, types

def execute(repo, pushed, say):
    import os, subprocess, time
    say("begin " + pushed[0].name)
    print("printed", flush=True)
    subprocess.run(["sh", "-c", "echo from a child; echo \\"git: $GIT_DIR\\" >&2"])
    child = subprocess.Popen(["sleep", "300"]) if (repo.git_dir / "leave").exists() else None
    if child:
        say(f"child {child.pid}")
    while (repo.git_dir / "hold").exists():
        time.sleep(0.02)
    if child:
        child.kill()
        child.wait()
    if (repo.git_dir / "crash").exists():
        raise KeyError("crashed")
    with (repo.git_dir / "order").open("a") as order:
        order.write(pushed[0].name + "\\n")
    say("end")
    return 1 if (repo.git_dir / "fail").exists() else 0

stand_in = types.ModuleType("gitmodel.pipelines.engine")
stand_in.execute = execute
sys.modules["gitmodel.pipelines.engine"] = stand_in
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    folder = tmp_path / "stand-in"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(STAND_IN)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return init_server(tmp_path / "s.git", port=8599)


@pytest.fixture
def work_tree(server: Repository, tmp_path: Path) -> Repository:
    made = make_repository(tmp_path / "work")
    made.git("remote", "add", "origin", str(server.git_dir))
    return made


def start_push(repo: Repository, *arguments: str) -> "subprocess.Popen[str]":
    argv = ["git", "push", *(arguments or ("origin", "main"))]
    return subprocess.Popen(argv, cwd=repo.root, stderr=subprocess.PIPE, text=True)


def push(repo: Repository, *arguments: str) -> str:
    """Push and return what the pusher saw."""
    with start_push(repo, *arguments) as running:
        _, said = running.communicate(timeout=30)
    assert running.returncode == 0, said
    return "\n".join(line.removeprefix("remote: ").rstrip() for line in said.splitlines())


def gitmodel(repo: Repository, *arguments: str) -> process.Completed:
    return process.run(
        [sys.executable, "-m", "gitmodel", "-C", str(repo.workdir), *arguments], check=False, timeout=30
    )


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def states(server: Repository) -> list[str]:
    return [run.state_now for run in Runs(server).all()]


@pytest.fixture
def held(server: Repository) -> Iterator[Path]:
    """Hold every run in the middle until the file is removed."""
    hold = server.git_dir / "hold"
    hold.touch()
    yield hold
    hold.unlink(missing_ok=True)
    until(lambda: not {"running", "queued"} & set(states(server)))


def test_the_pusher_sees_the_run(server: Repository, work_tree: Repository) -> None:
    said = push(work_tree)
    (run,) = Runs(server).all()
    lines = said.splitlines()
    assert lines[0] == f"[run] {run.id}: main {work_tree.git('rev-parse', 'HEAD')[:8]}"
    assert lines[1:6] == ["begin main", "printed", "from a child", "git:", "end"]
    assert lines[6].startswith(f"[run] {run.id} done after ")
    assert (run.state, run.code, run.attempts, run.by) == ("done", 0, 1, "ada@example.org")
    assert [item.ref for item in run.pushed] == ["refs/heads/main"]


def test_what_cannot_matter_starts_nothing(server: Repository, work_tree: Repository) -> None:
    push(work_tree, "origin", "HEAD:refs/notes/metrics", "HEAD:refs/runs/m/1", "HEAD:refs/tags/other")
    assert Runs(server).all() == []
    work_tree.git("tag", "-a", "-m", "x", "m@v1")
    push(work_tree, "origin", "m@v1", "HEAD:env/local", "HEAD:topic")
    (run,) = Runs(server).all()
    assert {item.name for item in run.pushed} == {"m@v1", "env/local", "topic"}
    push(work_tree, "origin", ":topic")
    assert len(Runs(server).all()) == 1


def test_a_run_that_fails_says_so_and_can_be_tried_again(server: Repository, work_tree: Repository) -> None:
    (server.git_dir / "fail").touch()
    assert "failed with exit code 1 after" in push(work_tree)
    assert states(server) == ["failed"]
    (server.git_dir / "fail").unlink()
    (run,) = Runs(server).all()
    again = gitmodel(server, "ci", "run", run.id)
    assert again.code == 0, again.stderr
    assert states(server) == ["done"]
    refused = gitmodel(server, "ci", "run", run.id[-5:])
    assert refused.code == 2
    assert b"is done" in refused.stderr


def test_a_bug_ends_one_run_and_not_the_queue(server: Repository, work_tree: Repository) -> None:
    (server.git_dir / "crash").touch()
    said = push(work_tree)
    assert "this is a bug in gitmodel (KeyError: 'crashed')" in said
    assert "Traceback" not in said
    (run,) = Runs(server).all()
    assert "Traceback" in (Runs(server).folder / run.id / "bug.log").read_text()
    (server.git_dir / "crash").unlink()
    assert "done after" in push(work_tree, "origin", "main:topic")


def test_the_second_push_queues_behind_the_first(
    server: Repository, work_tree: Repository, held: Path, tmp_path: Path
) -> None:
    def watched(branch: str) -> "tuple[subprocess.Popen[bytes], Path]":
        told = tmp_path / branch
        argv = ["git", "push", "origin", f"main:{branch}"]
        with told.open("wb") as stream:
            return subprocess.Popen(argv, cwd=work_tree.root, stderr=stream), told

    pushes = [watched("main")]
    until(lambda: states(server) == ["running"])
    for branch in ("second", "third"):
        pushes.append(watched(branch))
        until(lambda: "queued behind" in pushes[-1][1].read_text())
    assert states(server) == ["running", "queued", "queued"]
    held.unlink()
    assert [pushing.wait(timeout=30) for pushing, _ in pushes] == [0, 0, 0]
    said = [told.read_text() for _, told in pushes]
    ids = [run.id for run in Runs(server).all()]
    assert "queued behind" not in said[0]
    assert f"queued behind run {ids[0]};" in said[1]
    assert f"queued behind run {ids[0]}, {ids[1]};" in said[2]
    assert (server.git_dir / "order").read_text().split() == ["main", "second", "third"]
    assert states(server) == ["done", "done", "done"]


def test_a_lost_connection_does_not_stop_the_run(
    server: Repository, work_tree: Repository, held: Path
) -> None:
    argv = ["git", "push", "-q", "origin", "main"]
    pushing = subprocess.Popen(argv, cwd=work_tree.root, stderr=subprocess.DEVNULL, start_new_session=True)
    until(lambda: states(server) == ["running"])
    os.killpg(pushing.pid, signal.SIGKILL)
    pushing.wait()
    held.unlink()
    until(lambda: states(server) == ["done"])


def test_a_killed_worker_is_seen_and_the_next_push_finishes_its_run(
    server: Repository, work_tree: Repository, held: Path
) -> None:
    (server.git_dir / "leave").touch()
    pushing = start_push(work_tree)
    until(lambda: states(server) == ["running"])
    (run,) = Runs(server).all()
    until(lambda: "\nchild " in Runs(server).log(run.id).read_text())
    child = int(Runs(server).log(run.id).read_text().rpartition("child ")[2])
    assert run.pid is not None
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: states(server) == ["interrupted"])
    _, said = pushing.communicate(timeout=30)
    assert "is interrupted and nothing is at work; `gitmodel ci run` finishes it" in said
    listed = gitmodel(server, "runs").text
    assert "interrupted" in listed
    assert Path(f"/proc/{child}").exists()
    held.unlink()
    (server.git_dir / "leave").unlink()
    push(work_tree, "origin", "main:next")
    assert states(server) == ["done", "done"]
    assert (server.git_dir / "order").read_text().split() == ["main", "next"]
    assert "begun again (attempt 2 of 3)" in Runs(server).log(run.id).read_text()
    assert records.process_since(child) is None, "what the killed worker started is gone"


def test_ci_run_finishes_what_was_interrupted(server: Repository, work_tree: Repository, held: Path) -> None:
    with start_push(work_tree):
        until(lambda: states(server) == ["running"])
        (run,) = Runs(server).all()
        assert run.pid is not None
        os.kill(run.pid, signal.SIGKILL)
    held.unlink()
    done = gitmodel(work_tree, "ci", "run")
    assert done.code == 0, done.stderr
    assert f"[run] {run.id} done after" in done.text
    assert gitmodel(server, "ci", "run").text == "nothing waits, nothing was interrupted\n"


def test_a_waiting_worker_takes_over_at_once(server: Repository, work_tree: Repository, held: Path) -> None:
    first = start_push(work_tree)
    until(lambda: states(server) == ["running"])
    second = start_push(work_tree, "origin", "main:second")
    until(lambda: states(server) == ["running", "queued"])
    time.sleep(1)
    pid = Runs(server).all()[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: Runs(server).all()[0].attempts == 2)
    held.unlink()
    said = [pushing.communicate(timeout=30)[1] for pushing in (first, second)]
    assert "done after" in said[0]
    assert "done after" in said[1]
    assert (server.git_dir / "order").read_text().split() == ["main", "second"]


def test_a_run_that_kills_its_worker_is_given_up(server: Repository) -> None:
    runs = Runs(server)
    run = runs.create([Pushed("refs/heads/main", None, A)], "ada")
    runs.save(replace(run, state="running", attempts=MAX_ATTEMPTS, pid=2**22 - 1, pid_since="1"))
    behind = runs.create([Pushed("refs/heads/next", None, A)], "ada")
    done: list[str] = []

    def execute(_repo: Repository, pushed: object, say: Callable[[str], None]) -> int:
        done.append(str(pushed))
        raise Refused("a gate said no", hint="do better", detail="its words")

    work(server, execute)
    assert [(each.state, each.code) for each in runs.all()] == [("failed", 3), ("failed", 1)]
    assert "given up" in runs.log(run.id).read_text()
    assert runs.log(behind.id).read_text() == "error: a gate said no\n    its words\nhint: do better\n"
    assert len(done) == 1


def test_runs_and_logs_are_read_from_a_clone(server: Repository, work_tree: Repository) -> None:
    push(work_tree)
    (run,) = Runs(server).all()
    listed = gitmodel(work_tree, "runs").text
    assert run.id in listed
    assert "done" in listed
    assert "main" in listed
    (document,) = json.loads(gitmodel(work_tree, "runs", "--json").text)
    assert document["id"] == run.id
    assert document["pushed"][0]["ref"] == "refs/heads/main"
    shown = gitmodel(work_tree, "logs").text
    assert shown == gitmodel(work_tree, "logs", run.id, "-f").text
    assert shown.splitlines()[0] == "begin main"
    missing = gitmodel(work_tree, "logs", "1999")
    assert missing.code == 2
    assert b"there is no run called '1999'" in missing.stderr


def test_logs_follow_a_run_to_its_end(server: Repository, work_tree: Repository, held: Path) -> None:
    pushing = start_push(work_tree)
    until(lambda: states(server) == ["running"])
    argv = [sys.executable, "-m", "gitmodel", "-C", str(server.git_dir), "logs", "-f"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "begin main\n"
        held.unlink()
        assert following.stdout.read().endswith("end\n")
    pushing.communicate(timeout=30)


def test_a_remote_elsewhere_is_named(repo: Repository) -> None:
    assert server_of(repo) is repo
    repo.git("remote", "add", "origin", "ssh://host.example/models.git")
    with pytest.raises(UsageError, match=r"on another machine: ssh://host\.example/models\.git"):
        server_of(repo)


def test_a_file_url_is_on_this_machine(bare: Repository, tmp_path: Path) -> None:
    copy = clone(bare, tmp_path / "copy")
    copy.git("remote", "set-url", "origin", f"file://{bare.git_dir}")
    assert server_of(copy).git_dir == bare.git_dir


def test_a_run_survives_the_file() -> None:
    run = Run(
        "20261127T154631-001",
        "done",
        (Pushed("refs/heads/ma\u00efn", None, A), Pushed("refs/tags/m@v1", A, B)),
        "ada",
        "2026-11-27T15:46:31.123Z",
        "2026-11-27T15:46:32.000Z",
        "2026-11-27T15:46:42.500Z",
        2,
        3,
        17,
        "123",
    )
    assert parse_run(format_run(run)) == run
    assert run.seconds == 10.5
    assert runs_table([run])[0][1:4] == ["done (3)", "2026-11-27 15:46:31 +0000", "10.5 s"]
    assert run_document(run)["seconds"] == 10.5
    assert "pid" not in run_document(run)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pushed": []}', '{"pushed": [{"ref": 1}]}'])
def test_what_is_no_run(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a run|Expecting"):
        parse_run(text)


def test_ids_sort_as_the_pushes_came(repo: Repository) -> None:
    runs = Runs(repo)
    made = [runs.create([Pushed("refs/heads/main", None, A)], "ada") for _ in range(12)]
    assert [run.id for run in runs.all()] == [run.id for run in made]
    assert runs.find(None) == made[-1]
    assert runs.find(made[3].id) == made[3]
    with pytest.raises(UsageError, match="12 runs are called"):
        runs.find(made[0].id[:8])


def test_what_cannot_be_read_is_left_out(repo: Repository) -> None:
    runs = Runs(repo)
    run = runs.create([Pushed("refs/heads/main", None, A)], "ada")
    broken = runs.create([Pushed("refs/heads/main", None, A)], "ada")
    (runs.folder / broken.id / "run.json").write_text("{")
    (runs.folder / "20260101T000000-001").mkdir()
    assert runs.all() == [run]


def test_old_runs_go(repo: Repository) -> None:
    runs = Runs(repo)
    made = [runs.create([Pushed("refs/heads/main", None, A)], "ada") for _ in range(5)]
    for run in made[:4]:
        runs.save(replace(run, state="done"))
    runs.prune(keep=2)
    assert [run.id for run in runs.all()] == [run.id for run in made[2:]]


def test_interrupted_runs_go_first() -> None:
    def run(name: str, state: str) -> Run:
        return Run(name, state, (), "ada", "")

    # A killed process gives up its locks while it can still be seen.
    dying = replace(run("3", "running"), pid=os.getpid(), pid_since=records.process_since(os.getpid()))
    gone, waiting = run("2", "running"), run("1", "queued")
    assert dying.state_now == "running"
    assert next_run([waiting, dying]) == dying
    assert next_run([waiting, gone, dying]) == gone
    assert next_run([run("0", "done"), waiting]) == waiting
    assert next_run([run("0", "done"), run("1", "failed")]) is None


def test_pushed_lines() -> None:
    pushed = parse_pushed([f"{'0' * 40} {A} refs/heads/main\n", f"{A} {'0' * 40} refs/tags/m@v1\n"])
    assert pushed == [Pushed("refs/heads/main", None, A), Pushed("refs/tags/m@v1", A, None)]
    assert describe(pushed) == "main aaaaaaaa, m@v1 deleted"
    assert [item.matters for item in pushed] == [True, False]


def test_the_plan_is_shown(repo: Repository) -> None:
    model = "name: {}\nartifact: {{path: m.joblib, encoding: joblib}}\nmetrics: [metrics.json]\n"
    commit_all(repo, {f"models/{name}/model.yaml": model.format(name) for name in ("a", "b")})
    assert gitmodel(repo, "ci", "plan").text == "a  it is new here\nb  it is new here\n"
    commit_all(repo, {"models/b/params.yaml": "x: 1\n"})
    assert gitmodel(repo, "ci", "plan", "--base", "HEAD~1").text == "b  models/b/params.yaml changed\n"
    assert json.loads(gitmodel(repo, "ci", "plan", "--base", "HEAD", "--json").text) == []
    assert gitmodel(repo, "ci", "plan", "nowhere").code == 2
