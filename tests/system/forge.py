"""A models repository on a forge that is played: remote, data and environments on this machine."""

import json
import os
import shutil
import socket
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from gitmodel import process
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.rollout import down
from gitmodel.git.refs import list_refs, resolve
from gitmodel.git.repository import Repository
from gitmodel.pipelines.setup import init_repository
from tests.conftest import commit_all

BIN = Path(sys.executable).parent
MODEL = "hello-world"
ENVIRONMENTS = ("staging", "production")


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@dataclass
class Hosted:
    """The repository, its remote, and what is around it.

    ``work`` is a person's clone; ``folder`` holds all.
    """

    folder: Path
    provider: str
    work: Repository
    remote: Repository
    ports: dict[str, int] = field(default_factory=dict)
    model: str = MODEL

    @property
    def url(self) -> str:
        """Where jobs fetch from and push to."""
        return f"file://{self.remote.git_dir}"

    def commit(self, files: dict[str, str], message: str) -> str:
        """Commit files on the branch that is checked out."""
        return commit_all(self.work, files, message)

    def push(self, *refs: str) -> None:
        """Push by hand."""
        self.work.git("push", "-q", "origin", *refs)

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return the refs of the remote below a prefix."""
        return {name.removeprefix(prefix): str(oid) for name, oid in list_refs(self.remote, prefix).items()}

    def head(self, rev: str) -> str:
        """Return a commit of the remote."""
        found = resolve(self.remote, rev)
        assert found is not None, rev
        return found

    def notes(self, ref: str, commit: str) -> list[dict[str, Any]]:
        """Return the records of a note; none where there is no note."""
        done = self.remote.run("notes", f"--ref={ref}", "show", commit, check=False)
        return [json.loads(line) for line in done.text.splitlines()] if done.code == 0 else []

    def desired(self, environment: str) -> Any:
        """Return the file of the model on an environment's branch."""
        return yaml.safe_load(self.remote.git("show", f"env/{environment}:{self.model}.yaml"))

    def get(self, environment: str, path: str) -> Any:
        """Ask the deployed service."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.ports[environment]}/{self.model}/{path}", timeout=10
        ) as answer:
            return json.load(answer)

    def clone(self, name: str, rev: str = "main") -> Path:
        """Clone the remote, at a revision."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        process.run(["git", "clone", "-q", self.url, str(target)])
        process.run(["git", "checkout", "-q", rev], cwd=target)
        return target

    def stop(self) -> None:
        """Stop what runs."""
        for name in ENVIRONMENTS:
            down(find_target(self.work, name), sink=lambda _: None)


def hosted(folder: Path, provider: str, example: str = MODEL) -> Hosted:
    """Make an example a repository on a forge, with pipelines rendered, and push it."""
    remote, data = folder / "server.git", folder / "data"
    process.run(["git", "init", "-q", "--bare", "-b", "main", str(remote)])
    data.mkdir()
    work = init_repository(folder / "work", example=example).repo
    ports = dict(zip(ENVIRONMENTS, free_ports(2), strict=True))
    made = Hosted(folder, provider, work, Repository.open(remote), ports, example)
    assert work.root is not None
    (file,) = (path.relative_to(work.root).as_posix() for path in work.root.rglob("model.yaml"))
    model = (work.root / file).read_text()
    model = model.replace("versus: local", "versus: staging").replace("[local]", "[staging, production]")
    after = {"staging": "", "production": "after: staging\napproval: review\n"}
    files = {
        f"environments/{name}.yaml": f"name: {name}\nport: {port}\nroot: {folder / name}\n{after[name]}"
        for name, port in ports.items()
    }
    files |= {
        file: model,
        "gitmodel.yaml": f"ci: {{provider: {provider}, install: 'true'}}\nsite: {{publish: true}}\n",
        ".dvc/config": f"[core]\n    remote = shared\n['remote \"shared\"']\n    url = {data}\n",
    }
    for name, text in files.items():
        (work.root / name).parent.mkdir(exist_ok=True)
        (work.root / name).write_text(text)
    process.run([str(BIN / "gitmodel"), "ci", "render"], cwd=work.root)
    made.commit({}, f"Begin with {example}")
    work.git("remote", "add", "origin", made.url)
    made.push("main")
    work.git("remote", "set-head", "origin", "main")
    process.run([str(BIN / "gitmodel"), "ci", "seed"], cwd=work.root)
    return made


def plain_environment() -> dict[str, str]:
    """Return an environment in which nothing says that we are in a forge's job."""
    foreign = ("GITHUB_", "GITLAB_", "CI", "GITMODEL_", "ACT", "RUNNER_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}", "NO_COLOR": "1", "GIT_PAGER": "cat"}
