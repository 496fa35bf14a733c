"""Segments written by hand, collected by the real playbook on this machine."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from gitmodel import process
from gitmodel.delivery.ansible.action_plugins.gitmodel_segments import lengths
from gitmodel.delivery.ansible.module_utils.gitmodel_segments import (
    Chunk,
    list_segments,
    parse_chunk,
    place_of,
    read_round,
)
from gitmodel.delivery.collecting import collect, complete_until, live_folder
from gitmodel.delivery.figures import publish_figures
from gitmodel.delivery.pruning import prune
from gitmodel.git.repository import Repository
from gitmodel.metrics.pruned import note_pruned, read_pruned
from gitmodel.packaging.serving import segments
from tests.conftest import commit_all


def write(state: Path, path: str, text: str) -> Path:
    file = state / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        out.write(text)
    return file


def environment(repo: Repository, root: Path, hosts: str = "") -> Path:
    """Define the environment ``local`` in a repository; return the state folder of its host."""
    text = f"name: local\nroot: {json.dumps(str(root))}\n"
    files = {"environments/local.yaml": text + ("inventory: hosts.yaml\n" if hosts else "")}
    commit_all(repo, files | ({"environments/hosts.yaml": hosts} if hosts else {}))
    return root / "state"


def test_whole_lines_only(tmp_path: Path) -> None:
    file = write(tmp_path, "predictions/a.b/1.jsonl", "one\ntwo\nhal")
    assert read_round(tmp_path, {}) == ([Chunk("predictions/a.b/1.jsonl", 0, b"one\ntwo\n")], False)
    assert read_round(tmp_path, {"predictions/a.b/1.jsonl": 8}) == ([], False)
    write(tmp_path, "predictions/a.b/1.jsonl", "f\n")
    ((chunk,), more) = read_round(tmp_path, {"predictions/a.b/1.jsonl": 2})  # a copy that was cut off
    assert (chunk.start, chunk.data, more) == (2, b"e\ntwo\nhalf\n", False)
    assert parse_chunk(json.loads(json.dumps(chunk.as_json()))) == chunk
    file.unlink()
    assert read_round(tmp_path, {"predictions/a.b/1.jsonl": 2}) == ([], False)


@pytest.mark.parametrize("budget", [1, 3, 7, 50, 1000])
def test_rounds_bring_everything_once(tmp_path: Path, budget: int) -> None:
    wanted = {}
    for name in ("1", "2", "3"):
        text = "".join(f"{name} {number} {'x' * number}\n" for number in range(12))
        path = f"feedback/m/{name}.jsonl"
        write(tmp_path, path, text + "half")
        wanted[path] = text.encode()
    copies: dict[str, bytes] = {}
    more, rounds = True, 0
    while more:
        chunks, more = read_round(tmp_path, {path: len(data) for path, data in copies.items()}, budget=budget)
        for chunk in chunks:
            assert len(copies.get(chunk.path, b"")) == chunk.start
            copies[chunk.path] = copies.get(chunk.path, b"") + chunk.data
        rounds += 1
        assert rounds < 100
    assert copies == wanted


@pytest.mark.parametrize(
    "path",
    [
        "predictions/../x.jsonl",
        "predictions/m/../../x.jsonl",
        "/etc/passwd",
        "predictions/m..n/x.jsonl",
        "predictions/m./x.jsonl",
        "predictions/m/.x.jsonl",
        "predictions/m/x.json",
        "other/m/x.jsonl",
        "predictions/m/x.jsonl\n",
    ],
)
def test_what_is_no_segment(path: str) -> None:
    assert place_of(path) is None


def test_links_are_no_segments(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret", "s\n")
    write(tmp_path, "predictions/m/1.jsonl", "one\n")
    (tmp_path / "predictions/m/2.jsonl").symlink_to(secret)
    assert [path for path, _ in list_segments(tmp_path, "")] == ["predictions/m/1.jsonl"]
    assert list(list_segments(tmp_path, "other")) == []


def test_lines_that_a_full_disk_took_back_move_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: dict[str, bytes] = {}

    def bring() -> None:
        chunks, _ = read_round(tmp_path, {path: len(data) for path, data in copies.items()})
        for chunk in chunks:
            assert len(copies.get(chunk.path, b"")) == chunk.start
            copies[chunk.path] = copies.get(chunk.path, b"") + chunk.data

    def full(file: BinaryIO, data: bytes) -> None:
        file.write(data[:13])  # one whole line, and half of another
        bring()
        raise OSError(errno.ENOSPC, "No space left on device")

    made = segments.Segments(tmp_path / "predictions/m")
    made.append([b"kept one\n"])
    for _ in range(3):  # into a segment that holds something, then into new ones
        with monkeypatch.context() as patch:
            patch.setattr(segments, "_write_all", full)
            with pytest.raises(OSError, match="No space"):
                made.append([b"gone one\n", b"gone two\n"])
    made.append([b"kept two, which is longer than what was taken back\n"])
    bring()
    made.append([b"kept three\n"])
    made.close()
    bring()
    bring()
    kept = [line for data in copies.values() for line in data.splitlines() if line.startswith(b"kept")]
    assert kept == [b"kept one", b"kept two, which is longer than what was taken back", b"kept three"]
    assert len(list((tmp_path / "predictions/m").iterdir())) == 2  # none that is empty


@pytest.mark.system
def test_killed_half_way_and_run_again(repo: Repository, tmp_path: Path) -> None:
    state = environment(repo, tmp_path / "root")
    text = "".join(
        f'{{"n": {number}, "pad": "{number:0200}"}}\n' for number in range(300_000)
    )  # eight rounds
    write(state, "predictions/m/1.jsonl", text)
    copy = live_folder(repo, "local") / "localhost/predictions/m/1.jsonl"
    argv = [str(Path(sys.executable).parent / "gitmodel"), "feedback", "collect", "local"]
    sizes = []
    for least in (1, len(text) // 3):
        running = subprocess.Popen(argv, cwd=repo.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while running.poll() is None and not (copy.exists() and copy.stat().st_size >= least):
            time.sleep(0.01)
        running.kill()
        assert running.wait() == -signal.SIGKILL
        sizes.append(copy.stat().st_size)
    assert sizes[0] < len(text)
    done = process.run(argv, cwd=repo.root)  # while the ansible of the killed one may still go on
    assert "localhost: " in done.text
    assert copy.read_text() == text
    assert process.run(argv, cwd=repo.root).text.startswith("localhost: 0 new lines")
    assert copy.read_text() == text


@pytest.mark.system
def test_two_collections_bring_each_line_once(repo: Repository, tmp_path: Path) -> None:
    state = environment(repo, tmp_path / "a root")
    first = "".join(f'{{"n": {number}, "pad": "{"x" * 90}"}}\n' for number in range(200_000))  # three rounds
    write(state, "predictions/team.risk/1.jsonl", first + "half")
    write(state, "feedback/team.risk/1.jsonl", "label\n")
    write(state, "feedback/other/1.jsonl", "label\n")
    copy = live_folder(repo, "local") / "localhost/predictions/team.risk/1.jsonl"
    copy.parent.mkdir(parents=True)
    copy.write_text(first[:1234])  # as one that was killed leaves it
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(collect(repo, "local", sink=print, model="team/risk")))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert copy.read_text() == first
    assert sorted(each.bytes for (each,) in results) == [0, len(first) - 1234 + 6]
    assert not (live_folder(repo, "local") / "localhost/feedback/other").exists()
    assert complete_until(repo, "local", "other") is None
    write(state, "predictions/team.risk/1.jsonl", "\n")
    (last,) = collect(repo, "local", sink=print)
    assert (last.host, last.lines, last.segments, last.problem) == ("localhost", 2, 2, "")
    for name in ("other", "team/risk"):
        complete = complete_until(repo, "local", name)
        assert complete is not None
        assert datetime.now(UTC) - timedelta(minutes=5) < complete < datetime.now(UTC)
    assert copy.read_text() == first + "half\n"


@pytest.mark.system
def test_a_host_that_is_down_is_named(repo: Repository, tmp_path: Path) -> None:
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"down": {"ansible_host": "127.0.0.1", "ansible_port": 1}, "up": here}
    state = environment(repo, tmp_path / "root", json.dumps({"all": {"hosts": hosts}}))
    write(state, "feedback/m/1.jsonl", "label\n")
    down, up = collect(repo, "local", sink=print)
    assert (down.host, down.lines) == ("down", 0)
    assert "does not answer" in down.problem
    assert (up.host, up.lines, up.problem) == ("up", 1, "")
    assert complete_until(repo, "local", "m") is None  # what the other has may be what was said
    program = Path(sys.executable).parent / "gitmodel"
    done = process.run([str(program), "feedback", "collect", "local"], cwd=repo.root, check=False)
    assert done.code == 3
    assert "down" in done.stderr.decode()


@pytest.mark.system
def test_figures_reach_the_hosts_that_answer(repo: Repository, tmp_path: Path) -> None:
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = {"down": {"ansible_host": "127.0.0.1", "ansible_port": 1}, "up": here}
    root = tmp_path / "root"
    root.mkdir()
    state = environment(repo, root, json.dumps({"all": {"hosts": hosts}}))
    text = '{"model":"m","figures":"{{ 7 * 7 }}"}\n'  # data, no template
    (problem,) = publish_figures(repo, "local", {"m": text}, sink=print)
    assert problem.startswith("down: figures for Prometheus: it does not answer")
    assert (state / "live/m.json").read_text() == text


@pytest.mark.system
def test_old_copies_go_and_do_not_come_again(repo: Repository, tmp_path: Path) -> None:
    state = environment(repo, tmp_path / "root")
    commit_all(repo, {"models/m/model.yaml": "name: m\nmonitor: {keep: 2h}\n"})
    write(state, "predictions/m/1.jsonl", "one\ntwo\n")
    write(state, "predictions/m/2.jsonl", "three\n")
    collect(repo, "local", sink=print)
    copies = live_folder(repo, "local") / "localhost/predictions/m"
    then = time.time() - 3 * 3600
    os.utime(copies / "1.jsonl", (then, then))
    for _ in range(2):
        (found,) = collect(repo, "local", sink=print)
        assert (found.lines, found.problem) == (0, "")
        assert [file.name for file in copies.glob("*.jsonl")] == ["2.jsonl"]
    write(state, "predictions/m/1.jsonl", "four\n")  # should a clock have jumped
    (found,) = collect(repo, "local", sink=print)
    assert (found.lines, found.problem) == (1, "")
    assert (copies / "1.jsonl").read_text() == "four\n"
    (found,) = collect(repo, "local", sink=print)
    assert found.lines == 0


def test_a_deletion_that_was_killed_is_ended(tmp_path: Path) -> None:
    own = tmp_path / "host/predictions/m"
    own.mkdir(parents=True)
    (own / ".1.jsonl.going").write_text("one\n")
    note_pruned(own, "1.jsonl", 4)
    note_pruned(own, "1.jsonl", 6)
    with (own / ".pruned").open("a") as out:
        out.write("2.jsonl ½\n3.jsonl\n")
    assert prune(tmp_path, "m", timedelta(hours=1), lambda _: False) == 0
    assert [file.name for file in own.iterdir()] == [".pruned"]
    assert read_pruned(own) == {"1.jsonl": 10}
    assert lengths(tmp_path / "host") == {"predictions/m/1.jsonl": 10}
