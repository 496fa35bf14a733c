"""GitHub's workflows, run by ``act`` on this machine: no container, no network."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.pipelines.actions import ACTIONS
from tests.forges.github_server import GitHubState
from tests.system.forge import BIN, Hosted, plain_environment

# What the actions do that the workflows use; a checkout is shallow and brings neither tags nor notes.
_STEPS = {
    "checkout": """
        find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +
        git init -q . && git remote add origin "$TEST_REMOTE"
        git fetch -q --depth 1 --no-tags origin "$REF" && git checkout -q --detach FETCH_HEAD
    """,
    "python": "true",
    "cache": "true",
    "upload": """
        if [ -e "$TO" ]; then mkdir -p "$TEST_ARTIFACTS/$NAME" && cp -r "$TO/." "$TEST_ARTIFACTS/$NAME/"; fi
    """,
    "pages_upload": 'mkdir -p "$TEST_ARTIFACTS/pages" && cp -r "$TO/." "$TEST_ARTIFACTS/pages/"',
    "pages_deploy": 'test -f "$TEST_ARTIFACTS/pages/index.html"',
    "download": """
        mkdir -p "$TO" "$TEST_ARTIFACTS"
        find "$TEST_ARTIFACTS" -mindepth 1 -maxdepth 1 -name "$NAME" -exec cp -r {}/. "$TO/" \\;
    """,
}
_INPUTS = [
    "ref",
    "persist-credentials",
    "python-version",
    "path",
    "key",
    "restore-keys",
    "name",
    "pattern",
    "merge-multiple",
    "if-no-files-found",
    "include-hidden-files",
    "overwrite",
    "github-token",
    "run-id",
]


@dataclass(frozen=True)
class Ran:
    """A workflow that was run: whether it was well, and all that it said."""

    well: bool
    text: str

    def said(self, job: str) -> str:
        """Return what one job has said."""
        return "\n".join(line for line in self.text.splitlines() if f"/{job}" in line)


class Act:
    """Runs workflows of a repository against a GitHub that is played."""

    def __init__(self, repository: Hosted, forge: GitHubState) -> None:
        self.repository, self.forge = repository, forge
        self.folder = repository.folder / "act"
        self.runs = 0
        self.actions = {
            f"{ACTIONS[key].split(' ')[0]}={self._action(key, script)}" for key, script in _STEPS.items()
        }

    def _action(self, name: str, script: str) -> Path:
        folder = self.folder / "actions" / name
        folder.mkdir(parents=True)
        step = {
            "shell": "bash",
            "run": "\n".join(line.strip() for line in script.splitlines()),
            "env": {
                "REF": "${{ inputs.ref }}",
                "NAME": "${{ inputs.name || inputs.pattern }}",
                "TO": "${{ inputs.path }}",
            },
        }
        document = {
            "name": name,
            "inputs": {key: {"required": False} for key in _INPUTS},
            "runs": {"using": "composite", "steps": [step]},
        }
        (folder / "action.yml").write_text(json.dumps(document))
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", name]):
            process.run(["git", *words], cwd=folder)
        return folder

    def run(
        self,
        event: str,
        payload: dict[str, Any],
        *,
        rev: str = "main",
        workflow: str = "gitmodel.yml",
        artifacts: str = "",
    ) -> Ran:
        """Run a workflow as GitHub does for an event.

        Args:
            event: Name of the event.
            payload: What GitHub tells of it.
            rev: Revision of the remote that the workflow is taken from, which is GITHUB_SHA too.
            workflow: Its file.
            artifacts: Folder of artifacts of an earlier run to see; default: a new one.
        """
        self.runs += 1
        clone = self.repository.clone(f"run-{self.runs}", rev)
        file = self.folder / f"event-{self.runs}.json"
        repository = {"default_branch": "main", "full_name": self.forge.name}
        file.write_text(json.dumps({"repository": repository, **payload}))
        kept = artifacts or f"artifacts-{self.runs}"
        words = [event, "-e", file, "-W", f".github/workflows/{workflow}", "-P", "ubuntu-latest=-self-hosted"]
        words += ["--no-cache-server", "--artifact-server-addr", "127.0.0.1", "--no-skip-checkout"]
        words += ["-s", "GITHUB_TOKEN=ghs_notasecretbutlongenough"]
        variables = {
            "TEST_REMOTE": self.repository.url,
            "TEST_ARTIFACTS": self.folder / kept,
            "GITHUB_API_URL": self.forge.server.url,
            "GITHUB_REPOSITORY": self.forge.name,
        }
        words += [word for action in sorted(self.actions) for word in ("--local-repository", action)]
        words += [word for key, value in variables.items() for word in ("--env", f"{key}={value}")]
        env = {**plain_environment(), "XDG_CACHE_HOME": str(self.folder / "cache")}
        argv = [str(BIN / "act"), *map(str, words)]
        done = process.run(argv, cwd=clone, env=env, check=False, stdin=b"")
        return Ran(done.code == 0, (done.stdout + done.stderr).decode("utf-8", "replace"))
