"""Twenty jobs at once, each on a shallow checkout of its own: every version and every note is there, once."""

import json
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from tests.conftest import clone, commit_all
from tests.pipelines.forge_jobs import ZEROS, model_files
from tests.system.forge import BIN, plain_environment

pytestmark = pytest.mark.system
JOBS = 20


def test_twenty_jobs_register_and_note_at_once(tmp_path: Path, bare: Repository) -> None:
    work = clone(bare, tmp_path / "work")
    data = f"[core]\n    remote = shared\n['remote \"shared\"']\n    url = {tmp_path / 'data'}\n"
    commits = [
        commit_all(work, {".dvc/config": data, **model_files("alpha", depth=depth)}, f"Depth {depth}")
        for depth in range(1, JOBS + 1)
    ]
    work.git("push", "-q", "origin", "HEAD:refs/heads/main")
    checkouts = [checkout(tmp_path / f"job-{number}", bare, commit) for number, commit in enumerate(commits)]

    def job(number: int) -> subprocess.CompletedProcess[bytes]:
        event = tmp_path / f"event-{number}.json"
        event.write_text(
            json.dumps({"before": ZEROS, "after": commits[number], "repository": {"default_branch": "main"}})
        )
        environ = {
            **plain_environment(),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_SHA": commits[number],
            "TRAININGS": str(tmp_path / f"trainings-{number}"),
        }
        argv = [str(BIN / "gitmodel"), "ci", "release", "alpha"]
        return subprocess.run(argv, cwd=checkouts[number], env=environ, capture_output=True, check=False)

    with ThreadPoolExecutor(JOBS) as pool:
        done = list(pool.map(job, range(JOBS)))
    for each in done:
        assert each.returncode == 0, (each.stdout + each.stderr).decode()

    versions = Registry(bare).versions("alpha")
    assert sorted(int(version.version) for version in versions) == list(range(1, JOBS + 1))
    assert Counter(version.facts.parameters["depth"] for version in versions) == Counter(range(1, JOBS + 1))
    assert {version.source for version in versions} == set(commits)
    for version in versions:
        lines = bare.git("notes", "--ref=metrics", "show", version.commit).splitlines()
        assert len(lines) == len(set(lines))
        records = [json.loads(line) for line in lines]
        assert [each["version"] for each in records if "version" in each] == [version.version]
        assert {each["metrics"]["accuracy"] for each in records} == {version.facts.metrics["accuracy"]}
        assert len([each for each in records if "version" not in each]) == 1
    runs = bare.git("for-each-ref", "--format=%(refname)", "refs/runs/alpha/").splitlines()
    assert len(runs) == JOBS


def checkout(place: Path, remote: Repository, commit: str) -> Path:
    """Check out one commit as a runner does: no branch, no tag, no note."""
    process.run(["git", "init", "-q", str(place)])
    for words in (
        ["remote", "add", "origin", f"file://{remote.git_dir}"],
        ["fetch", "-q", "--depth=1", "--no-tags", "origin", commit],
        ["checkout", "-q", "--detach", "FETCH_HEAD"],
    ):
        process.run(["git", *words], cwd=place)
    return place
