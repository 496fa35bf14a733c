"""What `gitmodel doctor` says of pipelines."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from gitmodel.git.repository import Repository
from gitmodel.pipelines.checkup import check_pipelines
from gitmodel.pipelines.rendering import render_into
from gitmodel.pipelines.seeding import seed
from gitmodel.reports.findings import Finding
from tests.conftest import clone, commit_all
from tests.forges.github_api import needs_description
from tests.forges.github_server import github
from tests.pipelines.test_rendering import MODEL

TOKEN = "ghs_secretsecret"


@pytest.fixture
def work(tmp_path: Path, bare: Repository) -> Repository:
    """Return a clone with an environment and a model that has a schedule; nothing is rendered."""
    made = clone(bare, tmp_path / "work")
    files = {
        "gitmodel.yaml": "ci: {provider: github}\n",
        "environments/staging.yaml": "name: staging\n",
        "models/a/model.yaml": MODEL.format("a") + 'retrain: {schedule: "0 3 * * 1"}\n',
    }
    commit_all(made, files, "Begin")
    made.git("push", "-q", "origin", "HEAD:main")
    made.git("remote", "set-head", "origin", "main")
    return made


def findings(repo: Repository, environ: Mapping[str, str]) -> dict[str, Finding]:
    return {item.subject: item for item in check_pipelines(repo, environ)}


def test_what_is_missing_is_named_with_what_to_do(work: Repository) -> None:
    found = findings(work, {})
    assert {name: item.status for name, item in found.items()} == {
        "pipelines": "warn",
        "deployment pipelines": "warn",
        "schedules": "ok",
    }
    assert found["pipelines"].todo == "run `gitmodel ci render`"
    assert found["deployment pipelines"].found == "not on env/staging"
    assert found["deployment pipelines"].todo == "run `gitmodel ci seed`"
    assert found["schedules"].found == "the forge was not asked: GITMODEL_TOKEN is not set"


def test_what_is_well(work: Repository) -> None:
    render_into(work.workdir)
    seed(work, None, lambda _line: None)
    assert {item.status for item in findings(work, {}).values()} == {"ok"}


@needs_description
def test_schedules_that_the_forge_has_switched_off(work: Repository) -> None:
    with github() as forge:
        forge.workflows = {
            ".github/workflows/gitmodel.yml": "disabled_inactivity",
            ".github/workflows/other.yml": "active",
        }
        environ = {**forge.environ(), "GITMODEL_TOKEN": TOKEN}
        found = findings(work, environ)["schedules"]
        assert (found.status, found.found) == ("warn", "1 switched off")
        assert "gitmodel.yml" in found.each[0]
        assert "60 days" in found.each[0]
        forge.workflows = {".github/workflows/gitmodel.yml": "active"}
        assert findings(work, environ)["schedules"].status == "ok"
        asked = len(forge.server.requests)
        del environ["GITMODEL_TOKEN"]
        assert "not asked" in findings(work, environ)["schedules"].found
        assert len(forge.server.requests) == asked


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://github.com/acme/models.git", ("acme/models", "https://api.github.com")),
        ("git@github.com:acme/models.git", ("acme/models", "https://api.github.com")),
        ("ssh://git@git.acme.io:2222/team/models", ("team/models", "https://git.acme.io/api/v3")),
        ("https://me:secret@git.acme.io/team/models/", ("team/models", "https://git.acme.io/api/v3")),
    ],
)
def test_the_repository_is_named_by_the_remote(
    work: Repository, url: str, named: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Mapping[str, str]] = []
    monkeypatch.setattr("gitmodel.pipelines.forge_of_remote.open_forge", given.append)
    work.git("remote", "set-url", "origin", url)
    environ = {"GITMODEL_TOKEN": TOKEN, "GITHUB_TOKEN": "another", "PATH": "/bin"}
    assert "does not name one" in findings(work, environ)["schedules"].found
    assert given == [
        {"GITHUB_REPOSITORY": named[0], "GITHUB_API_URL": named[1], "GITMODEL_TOKEN": TOKEN},
    ]


def test_a_project_on_gitlab_is_named_by_the_remote(
    work: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Mapping[str, str]] = []
    monkeypatch.setattr("gitmodel.pipelines.forge_of_remote.open_forge", given.append)
    (work.workdir / "gitmodel.yaml").write_text("ci: {provider: gitlab}\n")
    work.git("remote", "set-url", "origin", "git@gitlab.acme.io:group/sub/models.git")
    findings(work, {"GITMODEL_TOKEN": TOKEN, "GITHUB_REPOSITORY": "x/y"})
    assert given == [
        {
            "CI_PROJECT_ID": "group/sub/models",
            "CI_SERVER_URL": "https://gitlab.acme.io",
            "GITMODEL_TOKEN": TOKEN,
        }
    ]


def test_nothing_is_said_where_no_forge_is_named(work: Repository, bare: Repository) -> None:
    (work.workdir / "gitmodel.yaml").write_text("{}\n")
    assert findings(work, {}) == {}
    (work.workdir / "gitmodel.yaml").write_text("ci: 3\n")
    assert findings(work, {}) == {}
    found = findings(bare, {})["schedules"]
    assert (found.status, found.found) == ("warn", "nothing on this machine starts those of a")
    assert found.todo.startswith("run `gitmodel schedule install`")


def test_without_schedules_the_forge_is_not_asked(work: Repository) -> None:
    (work.workdir / "models/a/model.yaml").write_text(MODEL.format("a"))
    assert findings(work, {"GITMODEL_TOKEN": TOKEN})["schedules"].found == "no model has one"
