"""The jobs of a pipeline, each on a shallow checkout of its own, against a bare remote."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitmodel.errors import ToolFailed, UsageError
from gitmodel.git.completing import with_token
from gitmodel.git.notes import append_notes
from gitmodel.git.refs import default_branch, default_rev
from gitmodel.git.remotes import publish
from gitmodel.git.values import Oid
from gitmodel.metrics.records import METRICS_REF, Record, format_record
from gitmodel.pipelines import jobs
from gitmodel.pipelines.results import read_results
from tests.pipelines.forge_jobs import ZEROS, Played, model_files, played
from tests.training.tiny import Trainer

RESULTS = Path("gitmodel-results")


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return played(tmp_path, monkeypatch, {**model_files("alpha"), **model_files("beta")})


def outputs(forge: Played) -> dict[str, str]:
    """Return what the last job has handed on, as GitHub reads it."""
    lines = iter((forge.folder / f"output-{forge.jobs}").read_text().splitlines())
    found = {}
    for line in lines:
        name, _, end = line.partition("<<")
        found[name] = "\n".join(iter(lambda: next(lines), end))
    return found


def release(forge: Played, before: str, after: str, model: str = "alpha") -> int:
    """Run the release of a model after a push."""
    job = forge.push(before, after)
    return jobs.release(job, model, after, RESULTS, fresh=False, say=forge.said.append)


def test_a_checkout_of_one_commit_is_made_whole(forge: Played) -> None:
    first = forge.head()
    forge.work.git("tag", "-a", "alpha@v1", "-m", "By hand")
    forge.work.git("notes", "--ref=metrics", "add", "-m", '{"a": 1}')
    forge.work.git("push", "-q", "origin", "alpha@v1", "refs/notes/metrics", "HEAD:refs/heads/env/staging")
    second = forge.commit({"README.md": "words\n"})
    repo = forge.push(first, second).repo
    assert not repo.is_shallow
    assert default_branch(repo) == "main"
    assert default_rev(repo) == "refs/remotes/origin/main"
    assert repo.git("cat-file", "-t", "alpha@v1") == "tag"
    assert repo.git("notes", "--ref=metrics", "show", first) == '{"a": 1}'
    assert repo.git("rev-parse", "origin/env/staging") == first
    assert repo.config("user.email") == "41898282+github-actions[bot]@users.noreply.github.com"


def test_a_push_is_planned_from_where_the_branch_was(forge: Played) -> None:
    first = forge.head()
    second = forge.commit({"models/beta/params.yaml": "depth: 4\n"})
    job = forge.push(first, second)
    plan = jobs.plan(job, None, forge.said.append)
    assert plan.action == "release"
    assert forge.said == ["[plan] release beta: models/beta/params.yaml changed"]
    assert outputs(forge) == {
        "action": "release",
        "models": '["beta"]',
        "environments": "[]",
        "monitored": "[]",
        "reconciled": "[]",
        "train": '["beta"]',
    }


def test_what_is_live_is_watched_by_the_clock(forge: Played, tmp_path: Path) -> None:
    spec = "monitor: {schedule: every 15 minutes}\n"
    files = {**model_files("alpha", spec=spec), "environments/staging.yaml": "name: staging\n"}
    head = forge.commit(files)
    forge.work.git("checkout", "-q", "--orphan", "live")
    forge.work.git("rm", "-rqf", ".")
    desired = f'version: "1"\ntag: alpha@v1\nobject: {"1" * 40}\n'
    forge.commit({"alpha.yaml": desired, "beta.yaml": desired}, branch="env/staging")
    job = forge.start("schedule", {"schedule": "*/15 * * * *"}, head, "refs/heads/main")
    pipeline = tmp_path / "pipeline.yml"
    plan = jobs.plan(job, pipeline, forge.said.append)
    assert plan.action == "monitor"
    assert forge.said == ["[plan] monitor in staging: alpha"]
    assert outputs(forge) == {
        "action": "monitor",
        "models": "[]",
        "environments": "[]",
        "monitored": '["staging"]',
        "reconciled": "[]",
        "train": "[]",
    }
    assert "gitmodel ci monitor staging" in pipeline.read_text()
    assert jobs.monitor(job, "production", [], forge.said.append) == 0
    assert forge.said[-1] == "[monitor] nothing is to be watched in production"
    # Its version is not there: one model's failure is told, and is the exit code.
    assert jobs.monitor(job, "staging", [], forge.said.append) != 0
    assert "[monitor] alpha in staging" in forge.said
    assert jobs.deliver(job, "staging", [], RESULTS, forge.said.append) == 0


@pytest.mark.parametrize("before", [ZEROS, "5" * 40])
def test_without_a_known_before_all_models_are_looked_at(forge: Played, before: str) -> None:
    plan = jobs.plan(forge.push(before, forge.head()), None, forge.said.append)
    assert [item.spec.name for item in plan.models] == ["alpha", "beta"]


def test_a_branch_that_was_pushed_anew_is_compared_with_what_it_was(forge: Played) -> None:
    lost = forge.commit({"models/beta/params.yaml": "depth: 4\n"})
    forge.work.git("reset", "-q", "--hard", "HEAD~1")
    forge.work.git("push", "-q", "--force", "origin", "HEAD:main")
    plan = jobs.plan(forge.push(lost, forge.head()), None, forge.said.append)
    assert [item.spec.name for item in plan.models] == ["beta"]


def test_a_release_trains_registers_and_packages_once(forge: Played) -> None:
    head = forge.head()
    assert release(forge, ZEROS, head) == 0, forge.text
    assert list(forge.refs("refs/tags/")) == ["alpha@v1"]
    result = read_results(RESULTS)["alpha"]
    assert (result.version, result.commit) == ("alpha:1", head)
    version = forge.head("alpha@v1")
    assert {(each["kind"], each.get("version")) for each in forge.notes(version)} == {
        ("training", None),
        ("training", "1"),
    }
    before = forge.refs("refs/")
    assert release(forge, ZEROS, head) == 0  # the job is run again
    assert forge.refs("refs/") == before
    assert len(forge.trainings) == 1
    assert read_results(RESULTS)["alpha"].version == "alpha:1"


def test_a_model_that_fails_leaves_its_log_and_the_other_is_released(forge: Played) -> None:
    first = forge.head()
    second = forge.commit(
        {"models/alpha/params.yaml": "depth: 99\n", "models/beta/params.yaml": "depth: 5\n"}
    )
    assert release(forge, first, second) == 3
    failed = read_results(RESULTS)["alpha"]
    assert (failed.run, failed.version) == ("", "")
    assert any("depth 99 is too deep" in line for line in failed.log), failed
    assert release(forge, first, second, "beta") == 0
    assert list(forge.refs("refs/tags/")) == ["beta@v1"]


def test_no_token_reaches_what_is_trained(forge: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {"GITHUB_TOKEN": "ghs_secret", "GITMODEL_TOKEN": "also", "GH_TOKEN": "this", "CI_JOB_TOKEN": "x"}
    for name, value in secret.items():
        monkeypatch.setenv(name, value)
    job = forge.push(ZEROS, forge.head())
    variables = {**job.environ, **secret, "TRAININGS": str(forge.folder / "trainings")}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    from gitmodel.pipelines.job import open_job

    job = open_job()
    assert jobs.train(job, "alpha", forge.head(), RESULTS, forge.said.append) == 0
    assert [line.split(" ", 2)[2] for line in forge.trainings] == ["[]"]
    kept = [path for path in Path.cwd().rglob("*") if path.is_file()]
    assert not [path for path in kept if b"ghs_secret" in path.read_bytes()]


def test_an_address_with_a_token_is_cleaned(forge: Played) -> None:
    repo = forge.work
    repo.git(
        "remote", "set-url", "origin", "https://gitlab-ci-token:glcbt-secret@gitlab.invalid:8443/a/b.git"
    )
    made = with_token(repo, "https://gitlab.invalid:8443", "gitlab-ci-token", "glcbt-secret")
    assert repo.git("remote", "get-url", "origin") == "https://gitlab.invalid:8443/a/b.git"
    header = made.git("config", "--get-urlmatch", "http.extraheader", "https://gitlab.invalid:8443/a/b.git")
    assert base64.b64decode(header.rpartition(" ")[2]) == b"gitlab-ci-token:glcbt-secret"
    other = with_token(repo, "https://elsewhere.invalid", "x-access-token", "ghs_secret")
    assert other == repo
    assert not other.extra_env


def test_data_that_would_be_lost_are_refused_before_anything_is_trained(forge: Played) -> None:
    head = forge.commit({".dvc/config": "[core]\n    analytics = false\n"})
    for place in (forge.folder / "data",):
        place.rmdir()
    assert release(forge, ZEROS, head) == 2
    assert "no DVC remote is configured" in forge.text
    assert forge.trainings == []


def test_a_commit_that_is_gone_is_named(forge: Played) -> None:
    gone = forge.commit({"README.md": "words\n"}, branch="topic")
    job_of = forge.head()
    with pytest.raises(ToolFailed, match="is no longer at origin"):
        forge.start("push", {"before": ZEROS, "after": "4" * 40}, gone, "refs/heads/main")
    assert job_of


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"state": "closed"}, "[plan] none: the pull request is closed"),
        ({"draft": True}, "[plan] report alpha: models/alpha/params.yaml changed"),
    ],
)
def test_closed_and_draft_pull_requests(forge: Played, more: dict[str, Any], told: str) -> None:
    base = forge.head()
    head = forge.commit({"models/alpha/params.yaml": "depth: 4\n"}, branch="topic")
    jobs.plan(forge.pull_request(1, head, base, **more), None, forge.said.append)
    assert forge.said == [told]


def test_a_model_that_was_renamed_or_removed(forge: Played) -> None:
    base = forge.head()
    forge.work.git("mv", "models/alpha", "models/gamma")
    forge.work.git("rm", "-rq", "models/beta")
    text = model_files("gamma")["models/gamma/model.yaml"]
    head = forge.commit({"models/gamma/model.yaml": text}, branch="topic")
    plan = jobs.plan(forge.pull_request(1, head, base), None, forge.said.append)
    assert [item.spec.name for item in plan.models] == ["gamma"]
    assert any("alpha, beta" in line for line in forge.said), forge.said


HOSTILE = "x;$(touch${IFS}pwned)`touch${IFS}pwned`${{github.token}}"


def test_a_branch_of_shell_and_expressions_is_text(forge: Played) -> None:
    base = forge.head()
    head = forge.commit({"models/alpha/params.yaml": "depth: 4\n"}, branch=HOSTILE)
    job = forge.pull_request(1, head, base, branch=HOSTILE)
    assert jobs.plan(job, None, forge.said.append).models
    assert "pwned" not in json.dumps(outputs(forge))
    assert not list(forge.folder.rglob("pwned"))


@pytest.mark.parametrize(
    ("ref", "inputs", "told"),
    [
        ("refs/heads/topic", {}, "from main only"),
        ("refs/heads/main", {"action": "explode"}, "no action 'explode'"),
        ("refs/heads/main", {"model": "../../etc"}, "no valid name|not a name|is no name"),
        ("refs/heads/main", {"model": "gamma"}, "no model 'gamma'"),
        ("refs/heads/main", {"environment": "mars"}, "no environment 'mars'"),
        ("refs/heads/main", {"action": "deliver"}, "which model"),
        ("refs/heads/main", {"action": "rollback", "model": "alpha"}, "which environment"),
    ],
)
def test_what_a_person_enters_is_checked(forge: Played, ref: str, inputs: dict[str, str], told: str) -> None:
    job = forge.start("workflow_dispatch", {"inputs": inputs}, forge.head(), ref)
    with pytest.raises(UsageError, match=told):
        jobs.plan(job, None, forge.said.append)


def merge(forge: Played, how: str, topic: str) -> Oid:
    """Merge a branch at the remote as the buttons of a forge do, after others have moved the default one."""
    forge.work.git("checkout", "-q", "main")
    other = forge.commit({"README.md": "words\n"})
    tree = forge.work.git("merge-tree", "--write-tree", "main", topic)
    if how == "rebase":
        forge.work.git("checkout", "-q", "--detach", topic)
        forge.work.git("rebase", "-q", "main")
        after = forge.work.git("rev-parse", "HEAD")
    else:
        parents = ["-p", other] + (["-p", topic] if how == "merge" else [])
        after = forge.work.git("commit-tree", tree, *parents, "-m", "Merged (#1)")
    forge.work.git("push", "-q", "origin", f"{after}:refs/heads/main", ":refs/heads/topic")
    return Oid(after)


@pytest.mark.system
@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_merged_pull_request_trains_nothing_and_keeps_its_notes(
    forge: Played,
    how: str,
    locked: bool,  # noqa: FBT001 - a case
) -> None:
    base = forge.head()
    forge.work.git("checkout", "-q", "-b", "topic")
    tried = forge.commit({"models/alpha/params.yaml": "depth: 2\n"}, "Try", branch="topic")
    assert jobs.train(forge.pull_request(1, tried, base), "alpha", tried, RESULTS, forge.said.append) == 0
    head: str = forge.commit({"models/alpha/params.yaml": "depth: 4\n"}, "Be deeper", branch="topic")
    if locked:  # the author runs the pipeline, commits the lock, and evaluates
        made = Trainer(forge.folder / "log")(forge.work, head, name="alpha").commit
        head = forge.commit(dict(changed(forge, made)), "Train", branch="topic")
    assert jobs.train(forge.pull_request(1, head, base), "alpha", head, RESULTS, forge.said.append) == 0
    run = read_results(RESULTS)["alpha"].run
    assert (run == head) == locked
    by_hand = Record("alpha", "evaluation", {"accuracy": 0.5}, "2026-11-01T00:00:00Z", "ada")
    append_notes(forge.work, METRICS_REF, {Oid(head): [format_record(by_hand)]})
    publish(forge.work, [], {METRICS_REF: {}})
    trained = list(forge.trainings)

    before = forge.head()
    after = merge(forge, how, head)
    assert release(forge, before, after) == 0, forge.text
    assert forge.trainings == trained
    version = forge.head("alpha@v1")
    assert (version == after) == locked
    records = forge.notes(version)
    (training,) = [each for each in records if each["kind"] == "training" and "version" not in each]
    assert training in forge.notes(run)  # the same line, not one that was written anew
    evaluations = [each for each in records if each["kind"] == "evaluation"]
    if how == "merge" and not locked:
        assert by_hand.at in {each["at"] for each in forge.notes(head)}
    else:
        assert [each["by"] for each in evaluations] == ["ada"]
    assert {each["metrics"]["accuracy"] for each in records} <= {0.4, 0.5}  # not what was tried before
    everything = forge.refs("refs/notes/")
    assert release(forge, before, after) == 0
    assert forge.refs("refs/notes/") == everything


def changed(forge: Played, run: str) -> Iterator[tuple[str, str]]:
    """Yield what a training has changed of the commit that was trained."""
    for path in forge.work.git("diff", "--name-only", f"{run}^", run).splitlines():
        yield path, forge.work.run("show", f"{run}:{path}").text
