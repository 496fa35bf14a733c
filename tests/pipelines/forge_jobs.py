"""Jobs of a forge, played in one process: a bare remote, and checkouts as runners make them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gitmodel import process
from gitmodel.git.objects import read_file
from gitmodel.git.refs import list_refs, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.job import Job, open_job
from tests.conftest import clone, commit_all

ZEROS = "0" * 40
TRAIN = """\
import json, os
from pathlib import Path
import joblib, yaml
from sklearn.tree import DecisionTreeClassifier

depth = yaml.safe_load(Path("params.yaml").read_text())["depth"]
with open(os.environ["TRAININGS"], "a") as log:
    log.write(f"{Path.cwd().name} {depth} {sorted(name for name in os.environ if 'TOKEN' in name)}\\n")
assert depth < 90, f"depth {depth} is too deep"
rows = [[float(line.split(",")[0])] for line in Path("data.csv").read_text().split()[1:]]
answers = ["good" if row[0] > 5 else "bad" for row in rows]
joblib.dump(DecisionTreeClassifier(max_depth=depth).fit(rows, answers), "model.joblib")
Path("metrics.json").write_text(json.dumps({"accuracy": depth / 10}))
"""
PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py, data.csv]
    params: [depth]
    outs: [model.joblib]
    metrics:
      - metrics.json: {cache: false}
"""


def model_files(name: str, depth: int = 3, spec: str = "") -> dict[str, str]:
    """Return the files of a model whose pipeline takes a second."""
    rows = "".join(f"{number},{'good' if number > 5 else 'bad'}\n" for number in range(10))
    files = {
        "model.yaml": f"name: {name}\nartifact: {{path: model.joblib, encoding: joblib}}\n"
        f"metrics: [metrics.json]\ndata: {{train: data.csv, target: y}}\n{spec}",
        "dvc.yaml": PIPELINE,
        "params.yaml": f"depth: {depth}\n",
        "train.py": TRAIN,
        "data.csv": "x,y\n" + rows,
        ".gitignore": "/model.joblib\n",
    }
    return {f"models/{name}/{path}": text for path, text in files.items()}


@dataclass
class Played:
    """A forge with one repository.

    Attributes:
        folder: Holds all.
        remote: The bare repository.
        work: A person's clone.
        patch: Changes folders and variables for a while.
        said: What the jobs have said.
    """

    folder: Path
    remote: Repository
    work: Repository
    patch: pytest.MonkeyPatch
    said: list[str] = field(default_factory=list)
    jobs: int = 0

    @property
    def trainings(self) -> list[str]:
        """One line a training that really ran."""
        log = self.folder / "trainings"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(self.said)

    def commit(self, files: Mapping[str, str], message: str = "Change", *, branch: str = "main") -> Oid:
        """Commit on top of what is checked out, and push that as a branch."""
        made = Oid(commit_all(self.work, dict(files), message))
        self.work.git("push", "-q", "origin", f"HEAD:refs/heads/{branch}")
        return made

    def start(self, event: str, payload: Mapping[str, Any], sha: str, ref: str, **more: str) -> Job:
        """Start a job of GitHub: a shallow checkout of one commit, with no branch, no tag and no note.

        Args:
            event: Name of the event.
            payload: What GitHub tells of it.
            sha: Commit that is checked out.
            ref: GITHUB_REF.
            more: Further variables.
        """
        self.jobs += 1
        place = self.folder / f"job {self.jobs}"
        process.run(["git", "init", "-q", str(place)])
        for words in (
            ["remote", "add", "origin", f"file://{self.remote.git_dir}"],
            ["fetch", "-q", "--depth=1", "--no-tags", "origin", sha],
            ["checkout", "-q", "--detach", "FETCH_HEAD"],
        ):
            process.run(["git", *words], cwd=place)
        file = self.folder / f"event-{self.jobs}.json"
        repository = {"default_branch": "main", "full_name": "acme/models"}
        file.write_text(json.dumps({"repository": repository, **payload}))
        self.patch.chdir(place)
        environ = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_REF": ref,
            "GITHUB_SHA": sha,
            "GITHUB_WORKFLOW": "gitmodel",
            "GITHUB_OUTPUT": str(self.folder / f"output-{self.jobs}"),
            "GITHUB_STEP_SUMMARY": str(self.folder / f"summary-{self.jobs}"),
            **more,
        }
        return open_job(environ)

    def push(self, before: str, after: str, ref: str = "refs/heads/main", **more: str) -> Job:
        """Start a job of a push."""
        return self.start("push", {"before": before, "after": after}, after, ref, **more)

    def pull_request(
        self,
        number: int,
        head: str,
        base: str,
        *,
        branch: str = "topic",
        repo: str = "acme/models",
        **more: Any,
    ) -> Job:
        """Start a job of a pull request, on the head commit."""
        request = {
            "number": number,
            "state": "open",
            "head": {"sha": head, "ref": branch, "repo": {"full_name": repo}},
            "base": {"sha": base, "ref": "main"},
            **more,
        }
        ref = f"refs/pull/{number}/merge"
        return self.start("pull_request", {"pull_request": request}, head, ref, **self.forge)

    forge: dict[str, str] = field(default_factory=dict)

    def refs(self, prefix: str) -> dict[str, Oid]:
        """Return the refs of the remote below a prefix."""
        return {name.removeprefix(prefix): oid for name, oid in list_refs(self.remote, prefix).items()}

    def head(self, rev: str = "main") -> Oid:
        """Return a commit of the remote."""
        found = resolve(self.remote, rev)
        assert found, rev
        return found

    def notes(self, commit: str, ref: str = "metrics") -> list[dict[str, Any]]:
        """Return the records of a note, as plain git shows them."""
        done = self.remote.run("notes", f"--ref={ref}", "show", commit, check=False)
        return [json.loads(line) for line in done.text.splitlines()] if done.code == 0 else []

    def file(self, rev: str, path: str) -> str:
        """Return a file of the remote."""
        return (read_file(self.remote, self.head(rev), path) or b"").decode()


def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str]) -> Played:
    """Return a forge whose repository holds these files."""
    folder = tmp_path / "a forge"
    folder.mkdir()
    process.run(["git", "init", "-q", "--bare", str(folder / "server.git")])
    remote = Repository.open(folder / "server.git")
    work = clone(remote, folder / "work")
    data = folder / "data"
    data.mkdir()
    monkeypatch.setenv("TRAININGS", str(folder / "trainings"))
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GITLAB_", "CI"))]:
        monkeypatch.delenv(name)
    made = Played(folder, remote, work, monkeypatch)
    config = f"[core]\n    remote = shared\n['remote \"shared\"']\n    url = {data}\n"
    top = {".dvc/config": config, ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n", **files}
    made.commit(top, "Two models")
    return made
