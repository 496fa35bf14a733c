"""The forge at a desk: named by the remote, and only with a token that was set for it."""

from collections.abc import Mapping

import pytest

from gitmodel.forges.github import GitHub
from gitmodel.forges.gitlab import GitLab
from gitmodel.git.repository import Repository
from gitmodel.pipelines.job import open_job
from tests.conftest import commit_all

TOKEN = {"GITMODEL_TOKEN": "secret"}


@pytest.fixture
def desk(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    return repo


@pytest.mark.parametrize(
    ("url", "provider", "forge"),
    [
        ("git@github.com:acme/models.git", "", GitHub("acme/models", "secret")),
        ("https://gitlab.com/group/sub/models", "", GitLab("group/sub/models", "secret")),
        ("https://git.acme.io/acme/models", "", None),
        ("https://git.acme.io/acme/models", "gitlab", GitLab("acme/models", "secret", "https://git.acme.io")),
        (
            "ssh://git@git.acme.io:2222/acme/models.git",
            "github",
            GitHub("acme/models", "secret", "https://git.acme.io/api/v3"),
        ),
        ("/srv/models.git", "", None),
    ],
)
def test_the_remote_names_the_forge(
    desk: Repository, url: str, provider: str, forge: GitHub | GitLab | None
) -> None:
    desk.git("remote", "add", "origin", url)
    if provider:
        commit_all(desk, {"gitmodel.yaml": f"ci: {{provider: {provider}}}\n"})
    job = open_job(TOKEN)
    assert (job.event, job.forge) == (None, forge)
    assert "secret" not in job.environ.values()


@pytest.mark.parametrize("environ", [{}, {"GITHUB_TOKEN": "mine"}, {"GH_TOKEN": "mine"}])
def test_without_a_token_for_it_no_forge_is_asked(desk: Repository, environ: Mapping[str, str]) -> None:
    desk.git("remote", "add", "origin", "git@github.com:acme/models.git")
    assert open_job(environ).forge is None


def test_what_is_named_as_in_a_job_goes_before(desk: Repository) -> None:
    desk.git("remote", "add", "origin", "git@github.com:acme/models.git")
    job = open_job({**TOKEN, "CI_PROJECT_ID": "7", "CI_SERVER_URL": "https://git.acme.io"})
    assert job.forge == GitLab("7", "secret", "https://git.acme.io")


def test_an_empty_repository_has_none(desk: Repository) -> None:
    desk.git("switch", "-q", "--orphan", "empty")
    desk.git("branch", "-q", "-D", "main")
    assert open_job(TOKEN).forge is None
