"""Branches of environments carry a pipeline; whoever reads them passes it over."""

from pathlib import Path
from typing import Any

import pytest

from gitmodel import process
from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.refs import resolve
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.pipelines.rendering import render_into
from gitmodel.pipelines.seeding import seed, unseeded
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import read_wanted
from tests.conftest import clone, commit_all
from tests.registry.test_desired import promote

FILES = {
    "gitmodel.yaml": "ci: {provider: github}\n",
    "environments/staging.yaml": "name: staging\n",
    "environments/production.yaml": "name: production\nafter: staging\n",
}
DEPLOY = ".github/workflows/gitmodel-deploy.yml"


@pytest.fixture
def work(tmp_path: Path, bare: Repository) -> Repository:
    """Return a clone of a remote that has two environments and a forge."""
    made = clone(bare, tmp_path / "work")
    commit_all(made, FILES, "Begin")
    made.git("push", "-q", "origin", "HEAD:main")
    made.git("remote", "set-head", "origin", "main")
    return made


def quiet(_line: str) -> None:
    pass


def test_branches_are_made_and_seeded_once(work: Repository, bare: Repository) -> None:
    said: list[str] = []
    assert unseeded(work) == ["staging", "production"]
    assert seed(work, None, said.append) == ["staging", "production"]
    assert unseeded(work) == []
    for name in ("staging", "production"):
        assert bare.git("ls-tree", "-r", "--name-only", f"env/{name}") == DEPLOY
        assert f'branches: ["env/{name}"]' in bare.git("show", f"env/{name}:{DEPLOY}")
    before = bare.git("for-each-ref")
    assert seed(work, None, said.append) == []
    assert bare.git("for-each-ref") == before
    assert said == [
        "env/staging: written",
        "env/production: written",
        "env/staging: has it already",
        "env/production: has it already",
    ]


def test_what_runs_stays_and_the_pipeline_is_no_model(work: Repository, bare: Repository) -> None:
    promote(bare, "staging", {"team/a.yaml": b"version: '3'\n", ".github/dependabot.yaml": b"version: 2\n"})
    seed(work, None, quiet)
    assert set(bare.git("ls-tree", "-r", "--name-only", "env/staging").split()) == {
        ".github/dependabot.yaml",
        DEPLOY,
        "team/a.yaml",
    }
    assert {model: desired.version for model, desired in read_desired(work, "staging").items()} == {
        "team/a": "3"
    }
    assert read_wanted(work) == {"staging": {"team/a": "3"}}


def test_an_older_pipeline_is_brought_up_to_date(work: Repository, bare: Repository) -> None:
    seed(work, None, quiet)
    commit_all(work, {"gitmodel.yaml": "ci: {provider: github, timeout: 30}\n"})
    work.git("push", "-q", "origin", "HEAD:main")
    assert unseeded(work) == ["staging", "production"]
    seed(work, None, quiet)
    assert "timeout-minutes: 30" in bare.git("show", f"env/staging:{DEPLOY}")
    assert bare.git("rev-list", "--count", "env/staging") == "2"


def test_somebody_elses_promotion_in_between_is_kept(
    work: Repository, bare: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(bare, "staging", {"a.yaml": b"version: '1'\n"})
    tries: list[Any] = []

    def late(*given: Any) -> None:
        tries.append(given)
        if len(tries) == 1:
            promote(bare, "staging", {"a.yaml": b"version: '2'\n"})
        publish(*given)

    monkeypatch.setattr("gitmodel.git.remotes.publish", late)
    seed(work, None, quiet)
    assert bare.git("show", "env/staging:a.yaml") == "version: '2'"
    assert bare.git("show", f"env/staging:{DEPLOY}")


def test_on_gitlab_the_file_of_the_default_branch_is_included(work: Repository, bare: Repository) -> None:
    seed(work, "gitlab", quiet)
    assert 'file: "/.gitlab-ci.yml"' in bare.git("show", "env/staging:.gitlab-ci.yml")
    assert work.root is not None
    (work.root / ".gitlab-ci.yml").write_text("own: {script: [make]}\n")
    render_into(work.root, "gitlab")
    commit_all(work, {"gitmodel.yaml": "ci: {provider: gitlab}\n"})
    work.git("push", "-q", "origin", "HEAD:main")
    assert unseeded(work) == ["staging", "production"]
    seed(work, None, quiet)
    assert 'file: "/.gitlab/gitmodel.yml"' in bare.git("show", "env/staging:.gitlab-ci.yml")


def test_a_remote_that_refuses_is_told(work: Repository, bare: Repository) -> None:
    hook = bare.git_dir / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'refusing to update workflow without `workflows` permission'; exit 1\n")
    hook.chmod(0o755)
    with pytest.raises(ToolFailed) as caught:
        seed(work, None, quiet)
    assert "without `workflows` permission" in caught.value.detail
    assert resolve(bare, "env/staging") is None


def test_without_provider_or_environments(work: Repository, tmp_path: Path) -> None:
    assert work.root is not None
    for name in ("staging", "production"):
        (work.root / f"environments/{name}.yaml").unlink()
    commit_all(work, {})
    work.git("push", "-q", "origin", "HEAD:main")
    said: list[str] = []
    assert seed(work, None, said.append) == []
    assert "there are no environments" in said[0]
    assert unseeded(work) == []
    commit_all(work, {**FILES, "gitmodel.yaml": "{}\n"})
    work.git("push", "-q", "origin", "HEAD:main")
    assert unseeded(work) == []
    with pytest.raises(UsageError, match="no provider is named"):
        seed(work, None, quiet)
    process.run(["git", "init", "-q", str(tmp_path / "empty")])
    assert unseeded(Repository.open(tmp_path / "empty")) == []
