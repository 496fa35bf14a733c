"""Many writers at once, each in a clone of its own: nothing is lost, nothing is doubled, nobody starves."""

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.git.commits import commit_files
from gitmodel.git.locks import remove_stale_locks
from gitmodel.git.notes import append_notes, read_notes
from gitmodel.git.refs import list_refs, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Record, format_record
from gitmodel.metrics.unreadable import UNREADABLE_REF
from gitmodel.registry.registry import Registry

from ..conftest import clone, commit_all, make_repository  # noqa: TID252
from .smart_http import serve

pytestmark = pytest.mark.system

WRITERS, KILLED, REGISTERING = 50, 15, 20
PUSHES = {"file": 2, "http": 1}
SEED = 20261125
AT = "2026-11-27T15:46:31Z"
LOG = logging.getLogger(__name__)

# Waits for the starting shot, so that all begin at once; each push brings a record on every commit.
_WRITE = """
import sys, time
from pathlib import Path
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Record, format_record

folder, shot, number, count, commits = sys.argv[1:]
repo, commits = Repository.open(folder), commits.split(",")
while not Path(shot).exists():
    time.sleep(0.01)
for k in range(int(count)):
    line = format_record(Record("m", "live", {"auc": k / 10}, "2026-11-27T15:46:31Z", f"writer {number}"))
    publish(repo, [], {METRICS_REF: {Oid(commit): [line] for commit in commits}})
"""

_REGISTER = """
import sys, time
from pathlib import Path
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import Record
from gitmodel.registry.register import register
from gitmodel.registry.versions import Facts, RunRef

folder, shot, commit, digest = sys.argv[1:]
while not Path(shot).exists():
    time.sleep(0.01)
record = Record("m", "training", {"auc": 0.5}, "2026-11-27T15:46:31Z", f"run {digest}")
facts = Facts(f"Result {digest}", metrics={"auc": 0.5}, run=RunRef(commit, digest))
done = register(Repository.open(folder), "m", commit=Oid(commit), facts=facts, records=[record])
print(done.version.version)
"""


_REPAIR = """
import sys
from gitmodel.git.repository import Repository
from gitmodel.metrics.unreadable import set_aside

print(set_aside(Repository.open(sys.argv[1])))
"""


@pytest.fixture(params=["file", "http"])
def remote(request: pytest.FixtureRequest, bare: Repository, tmp_path: Path) -> Iterator[str]:
    """Give the address of a bare repository with two commits."""
    bare.git("config", "http.receivepack", "true")
    first = make_repository(tmp_path / "first")
    commit_all(first, {"README": "more\n"})
    first.git("push", "-q", str(bare.git_dir), "main")
    if request.param == "file":
        yield bare.git_dir.as_uri()
    else:
        with serve(tmp_path) as address:
            yield f"{address}/{bare.git_dir.name}"


def clones(bare: Repository, address: str, folder: Path, count: int) -> list[Repository]:
    made = [clone(bare, folder / f"c{number}") for number in range(count)]
    for copy in made:
        copy.git("remote", "set-url", "origin", address)
    return made


def start(program: str, *words: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=process.clean_environment(),
        start_new_session=True,
    )


def kill(running: "subprocess.Popen[str]", *, everything: bool) -> None:
    """Kill a writer: alone, so that its git goes on, or with its git; a server beyond HTTP lives on."""
    with suppress(ProcessLookupError):
        (os.killpg if everything else os.kill)(running.pid, signal.SIGKILL)


def unlock(repo: Repository) -> list[Path]:
    """Remove the locks that a killed git left, as `doctor --repair` does a minute later."""
    for lock in (repo.git_dir / "refs").rglob("*.lock"):
        os.utime(lock, (0, 0))
    return remove_stale_locks(repo)


def finish(started: Sequence["subprocess.Popen[str]"]) -> list[str]:
    """Wait for all; return what they printed."""
    ended = [each.communicate(timeout=240) for each in started]
    assert [(each.returncode, err) for each, (_, err) in zip(started, ended, strict=True)] == [
        (0, "") for _ in started
    ]
    return [out.strip() for out, _ in ended]


def all_lines(repo: Repository) -> Counter[tuple[Oid, str]]:
    """Count the lines of all notes as plain git shows them."""
    found: Counter[tuple[Oid, str]] = Counter()
    for line in repo.git("notes", f"--ref={METRICS_REF}", "list").splitlines():
        commit = Oid(line.split()[1])
        shown = repo.git("notes", f"--ref={METRICS_REF}", "show", commit)
        found.update((commit, text) for text in shown.split("\n"))
    return found


def assert_tidy(server: Repository, copies: Sequence[Repository]) -> None:
    """No temporary ref and no lock is left anywhere."""
    assert set(list_refs(server)) - {METRICS_REF} == {"refs/heads/main", *list_refs(server, "refs/tags/")}
    for copy in copies:
        kinds = {"/".join(name.split("/")[:3]) for name in list_refs(copy)}
        known = {"refs/heads/main", "refs/remotes/origin", METRICS_REF, "refs/gitmodel/fetched"}
        assert {kind for kind in kinds if not kind.startswith("refs/tags/")} <= known
    assert not [lock for repo in (server, *copies) for lock in (repo.git_dir / "refs").rglob("*.lock")]


def test_fifty_writers_some_of_them_killed(remote: str, bare: Repository, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    LOG.info("seed %s, %s", SEED, remote)
    copies = clones(bare, remote, tmp_path, WRITERS)
    commits = bare.git("rev-list", "main").split()
    pushes = PUSHES[remote.partition(":")[0]]
    shot = tmp_path / "shot"
    words = [(copy.root, shot, number, pushes, ",".join(commits)) for number, copy in enumerate(copies)]
    running = [start(_WRITE, *each) for each in words]
    victims = chance.sample(range(WRITERS), KILLED)
    moments = sorted(chance.uniform(0, 8) for _ in victims)
    shot.touch()
    begun = time.monotonic()
    for number, moment in zip(victims, moments, strict=True):
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        kill(running[number], everything=remote.startswith("http"))
    finish([each for number, each in enumerate(running) if number not in victims])
    LOG.info("the others ended after %.1f s", time.monotonic() - begun)
    for number in victims:
        running[number].communicate(timeout=60)
    codes = Counter(running[number].returncode for number in victims)
    LOG.info("of those to be killed: %s (0: had ended before)", codes)
    assert codes[-signal.SIGKILL]
    removed = [lock for number in victims for lock in unlock(copies[number])]
    LOG.info("locks left behind: %s", removed)
    finish([start(_WRITE, *words[number]) for number in victims])
    lines = all_lines(bare)
    expected = {
        (Oid(commit), format_record(Record("m", "live", {"auc": k / 10}, AT, f"writer {number}")))
        for commit in commits
        for number in range(WRITERS)
        for k in range(pushes)
    }
    assert set(lines) == expected
    assert set(lines.values()) == {1}
    assert_tidy(bare, copies)
    counts = {commit: len(found) for commit, found in read_notes(bare, METRICS_REF).items()}
    assert counts == dict.fromkeys(map(Oid, commits), WRITERS * pushes)


def test_twenty_register_at_once(remote: str, bare: Repository, tmp_path: Path) -> None:
    copies = clones(bare, remote, tmp_path, REGISTERING)
    tip = resolve(bare, "main")
    shot = tmp_path / "shot"
    started = []
    for number, copy in enumerate(copies):
        result = commit_files(copy, parent=tip, changes={"out": b"%d" % number}, message="Train")
        started.append(start(_REGISTER, copy.root, shot, result, f"{number:032x}"))
    shot.touch()
    said = finish(started)
    assert sorted(map(int, said)) == list(range(1, REGISTERING + 1))
    versions, broken = Registry(bare).read("m")
    assert [version.version for version in versions] == [str(n) for n in range(REGISTERING, 0, -1)]
    assert len({version.facts.run for version in versions}) == REGISTERING
    assert broken == []
    shared = list_refs(bare, "refs/tags/")
    for copy in copies:
        assert list_refs(copy, "refs/tags/").items() <= shared.items()
    records = [json.loads(line) for _, line in all_lines(bare)]
    assert sorted(int(record["version"]) for record in records) == list(range(1, REGISTERING + 1))
    assert_tidy(bare, copies)


def test_the_same_result_registered_by_twenty_is_one_version(
    remote: str, bare: Repository, tmp_path: Path
) -> None:
    copies = clones(bare, remote, tmp_path, REGISTERING)
    shot = tmp_path / "shot"
    started = [start(_REGISTER, copy.root, shot, resolve(bare, "main"), "f" * 32) for copy in copies]
    shot.touch()
    assert finish(started) == ["1"] * REGISTERING
    assert set(list_refs(bare, "refs/tags/")) == {"refs/tags/m@v1"}
    for copy in copies:
        assert list_refs(copy, "refs/tags/") == list_refs(bare, "refs/tags/")
    assert len(all_lines(bare)) == 1
    assert_tidy(bare, copies)


def test_a_repair_that_is_killed_again_and_again_loses_nothing(
    remote: str, bare: Repository, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    (copy,) = clones(bare, remote, tmp_path, 1)
    tip = Oid(bare.git("rev-parse", "main"))
    good = {format_record(Record("m", "live", {"auc": k}, AT, "me")) for k in range(20)}
    broken = {f"remark {k}" for k in range(20)}
    append_notes(copy, METRICS_REF, {tip: good | broken})
    for _ in range(12):
        running = start(_REPAIR, copy.root)
        time.sleep(chance.uniform(0.1, 0.6))
        kill(running, everything=remote.startswith("http"))
        running.communicate(timeout=60)
        unlock(copy)
        for repo in (bare, copy):
            notes = (read_notes(repo, ref).get(tip, []) for ref in (METRICS_REF, UNREADABLE_REF))
            assert set().union(*notes) in (set(), good | broken)
    finish([start(_REPAIR, copy.root)])
    for repo in (bare, copy):
        assert read_notes(repo, METRICS_REF) == {tip: sorted(good)}
        assert read_notes(repo, UNREADABLE_REF) == {tip: sorted(broken)}
    before = list_refs(bare)
    assert finish([start(_REPAIR, copy.root)]) == ["0"]
    assert list_refs(bare) == before
