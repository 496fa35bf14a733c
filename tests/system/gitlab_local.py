"""GitLab's pipelines, run by ``gitlab-ci-local`` on this machine: no container, no network."""

import shutil
from pathlib import Path

import yaml

from gitmodel import process
from tests.forges.gitlab_server import GitLabState
from tests.system.forge import BIN, Hosted, plain_environment

PROGRAM = Path(__file__).parents[1] / "node/node_modules/.bin/gitlab-ci-local"
_ORIGIN = "https://gitlab.invalid/acme/models.git"  # the program wants an address of this shape


class GitLabLocal:
    """Runs the pipeline of a repository against a GitLab that is played."""

    def __init__(self, repository: Hosted, forge: GitLabState) -> None:
        self.repository, self.forge = repository, forge
        self.home = repository.folder / "home"
        self.runs = 0
        settings = self.home / ".gitlab-ci-local/variables.yml"
        settings.parent.mkdir(parents=True)
        variables = {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", **forge.environ()}
        settings.write_text(yaml.safe_dump({"global": variables}))

    def run(self, source: str, *, rev: str = "main", unset: tuple[str, ...] = (), **variables: str) -> str:
        """Run the pipeline of a revision and return what its jobs said.

        Args:
            source: Of the pipeline, as GitLab names it.
            rev: The branch or tag.
            unset: Variables that this kind of pipeline does not have.
            variables: Those that it has.
        """
        self.runs += 1
        clone = self.repository.clone(f"run-{self.runs}", rev)
        for words in (
            ["remote", "set-url", "origin", _ORIGIN],
            ["config", f"url.{self.repository.url}.insteadOf", _ORIGIN],
        ):
            process.run(["git", *words], cwd=clone)
        given = {"CI_PIPELINE_SOURCE": source, **variables}
        ours = ("GITLAB_CI", "CI_DEFAULT_BRANCH", *self.forge.environ())
        argv = [str(PROGRAM), "--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source"]
        argv += [
            "--no-color",
            "--home",
            str(self.home),
            "--ignore-predefined-vars",
            ",".join((*given, *ours)),
        ]
        argv += [word for name, value in given.items() for word in ("--variable", f"{name}={value}")]
        argv += [word for name in unset for word in ("--unset-variable", name)]
        done = process.run(
            argv, cwd=clone, env={**plain_environment(), "HOME": str(self.home)}, check=False, stdin=b""
        )
        return (done.stdout + done.stderr).decode("utf-8", "replace")


def unavailable() -> str:
    """Return why this machine cannot run them; nothing if it can."""
    if not PROGRAM.is_file():
        return "gitlab-ci-local is not installed: make test-system does it where there is npm"
    missing = [name for name in ("node", "rsync") if not shutil.which(name)]
    return f"{' and '.join(missing)} not installed" if missing or not BIN.is_dir() else ""
