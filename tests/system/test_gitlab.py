"""GitLab's pipelines, executed: each event, asserted on tags, notes, branches, comments and the service.

One story, told in order: the tests of this module build on each other.
"""

from collections.abc import Iterator

import pytest

from gitmodel import process
from gitmodel.git.refs import update_refs
from gitmodel.git.values import Oid, RefUpdate
from tests.forges.gitlab_server import GitLabState, gitlab
from tests.system.forge import BIN, MODEL, Hosted, hosted
from tests.system.gitlab_local import GitLabLocal, unavailable

pytestmark = [pytest.mark.system, pytest.mark.skipif(bool(unavailable()), reason=unavailable())]
ZEROS = "0" * 40


@pytest.fixture(scope="module")
def forge() -> Iterator[GitLabState]:
    with gitlab() as played:
        yield played
        assert played.server.problems == []


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    made = hosted(tmp_path_factory.mktemp("gitlab"), "gitlab")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def runner(repository: Hosted, forge: GitLabState) -> GitLabLocal:
    return GitLabLocal(repository, forge)


def test_a_push_releases_and_proposes(runner: GitLabLocal, repository: Hosted, forge: GitLabState) -> None:
    said = runner.run("push", CI_COMMIT_BEFORE_SHA=ZEROS)
    assert f"{MODEL}@v1" in repository.refs("refs/tags/"), said
    assert repository.get("staging", "version")["version"] == "1"
    (outcome,) = repository.notes("deployments", repository.head("env/staging"))
    assert (outcome["outcome"], outcome["version"]) == ("deployed", "1")
    (request,) = forge.requests.values()
    assert (request["source_branch"], request["target_branch"]) == (
        f"promote/production/{MODEL}",
        "env/production",
    )
    kept = (runner.repository.folder / f"run-{runner.runs}").rglob("public/data/**/*.js")
    assert any(f'"{MODEL}@v1"' in file.read_text() for file in kept)


def test_a_merged_promotion_deploys(runner: GitLabLocal, repository: Hosted) -> None:
    before, after = (Oid(repository.head(name)) for name in ("env/production", f"promote/production/{MODEL}"))
    update_refs(repository.remote, [RefUpdate("refs/heads/env/production", after, before)])
    # GitLab includes the file of the default branch; the program cannot fetch that, so it is laid here.
    rev = "env/production"
    included = repository.remote.git("show", f"{rev}:.gitlab-ci.yml")
    assert 'ref: "main"' in included
    tree = repository.clone("as-gitlab-sees-it", rev)
    (tree / ".gitlab-ci.yml").write_text(repository.remote.git("show", "main:.gitlab-ci.yml") + "\n")
    for words in (
        ["commit", "-qam", "What is included"],
        ["push", "-q", "origin", f"HEAD:refs/heads/{rev}-seen"],
    ):
        process.run(["git", *words], cwd=tree)
    repository.remote.git("branch", "-m", f"{rev}-seen", "env/seen")
    said = runner.run("push", rev="env/seen", CI_COMMIT_BRANCH=rev, CI_COMMIT_BEFORE_SHA=before)
    repository.remote.git("branch", "-D", "env/seen")
    assert "env/production has moved" in said
    assert repository.get("production", "version")["version"] == "1", said


def test_a_merge_request_is_trained_and_reported(
    runner: GitLabLocal, repository: Hosted, forge: GitLabState
) -> None:
    base = repository.head("main")
    repository.work.git("checkout", "-q", "-b", "softer")
    head = repository.commit({"params.yaml": "C: 0.5\nseed: 12345\n"}, "Be simpler")
    repository.push("HEAD:refs/heads/softer")
    forge.add_request(20, head, "softer")
    said = runner.run(
        "merge_request_event",
        rev="softer",
        unset=("CI_COMMIT_BRANCH",),
        CI_MERGE_REQUEST_IID="20",
        CI_MERGE_REQUEST_PROJECT_ID="5",
        CI_MERGE_REQUEST_SOURCE_PROJECT_ID="5",
        CI_MERGE_REQUEST_SOURCE_BRANCH_NAME="softer",
        CI_MERGE_REQUEST_DIFF_BASE_SHA=base,
    )
    assert 20 in forge.notes, said
    (note,) = forge.notes[20]
    assert "becomes v2 on merge" in note["body"]
    assert forge.statuses[head][-1]["state"] == "success"
    assert len([name for name in repository.refs("refs/runs/") if name.startswith(MODEL)]) == 2
    assert f"{MODEL}@v2" not in repository.refs("refs/tags/")


def test_a_merged_request_trains_nothing(runner: GitLabLocal, repository: Hosted) -> None:
    before = repository.head("main")
    repository.push("softer:main")
    said = runner.run("push", CI_COMMIT_BEFORE_SHA=before)
    assert "same inputs were trained already" in said
    assert "> python train.py" not in said
    assert repository.get("staging", "version")["version"] == "2"


def test_a_persons_tag_is_delivered(runner: GitLabLocal, repository: Hosted) -> None:
    known = repository.head(f"{MODEL}@v1")
    repository.remote.git("tag", "-a", f"{MODEL}@v3", "-m", "The first was better", known)
    tag = f"{MODEL}@v3"
    said = runner.run("push", rev=tag, unset=("CI_COMMIT_BRANCH",), CI_COMMIT_TAG=tag)
    assert repository.get("staging", "version")["version"] == "3", said


def test_a_dispatch_rolls_back(runner: GitLabLocal, repository: Hosted) -> None:
    said = runner.run(
        "web",
        GITMODEL_ACTION="rollback",
        GITMODEL_MODEL=MODEL,
        GITMODEL_ENVIRONMENT="staging",
        GITMODEL_VERSION="2",
    )
    assert repository.get("staging", "version")["version"] == "2", said
    assert repository.desired("staging")["hold"]["bad_version"] == "3"


def test_a_schedule_finds_nothing_new(runner: GitLabLocal, repository: Hosted, forge: GitLabState) -> None:
    repository.work.git("fetch", "-q", "origin")
    repository.work.git("checkout", "-q", "-B", "main", "origin/main")
    assert repository.work.root is not None
    model = (repository.work.root / "model.yaml").read_text() + 'retrain: {schedule: "0 3 * * 1"}\n'
    (repository.work.root / "model.yaml").write_text(model)
    process.run(
        [str(BIN / "gitmodel"), "ci", "check"], cwd=repository.work.root
    )  # schedules are not in the file
    repository.commit({}, "Look for new data every Monday")
    repository.push("main")
    runner.run("push", CI_COMMIT_BEFORE_SHA=repository.head("main~1"))
    assert [(each["description"], each["cron"]) for each in forge.schedules] == [
        ("gitmodel: 0 3 * * 1", "0 3 * * 1")
    ]
    tags = repository.refs("refs/tags/")
    said = runner.run("schedule", GITMODEL_SCHEDULE="0 3 * * 1")
    assert "it is time: 0 3 * * 1" in said
    assert "no imported data are new" in said
    assert repository.refs("refs/tags/") == tags


def test_jobs_run_where_somebody_elses_file_includes_them(runner: GitLabLocal, repository: Hosted) -> None:
    root = repository.work.workdir
    (root / ".gitlab-ci.yml").write_text("lint:\n  script: [echo linted by us]\n")
    told = process.run([str(BIN / "gitmodel"), "ci", "render"], cwd=root).text
    assert "written: .gitlab/gitmodel.yml" in told
    include = told.partition("does not say `")[2].partition("`")[0]
    (root / ".gitlab-ci.yml").write_text(f"{include}\nlint:\n  script: [echo linted by us]\n")
    process.run([str(BIN / "gitmodel"), "ci", "check"], cwd=root)
    repository.commit({}, "Lint, too")
    repository.push("main")
    said = runner.run("push", CI_COMMIT_BEFORE_SHA=repository.head("main~1"))
    assert "linted by us" in said
    assert "[plan] release: no model is touched" in said, said
