"""Rendered pipelines: as committed, valid by every linter, with nothing of anybody else's in them.

``python -m tests.pipelines.test_rendering`` writes the golden files anew.
"""

import dataclasses
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from gitmodel import process
from gitmodel.errors import InvalidFile, UsageError
from gitmodel.pipelines.jobs import grouped
from gitmodel.pipelines.rendered import MARK
from gitmodel.pipelines.rendering import (
    PROVIDERS,
    Sources,
    _quote,
    check_folder,
    read_sources,
    render,
    render_into,
    render_pipeline,
    render_seed,
)
from gitmodel.spec.repository import AlertSpec, CiSpec, RepositorySpec, SiteSpec
from tests.conftest import commit_all, make_repository

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = ("hello-world", "credit-risk", "spam-filter", "recommender")
NONE = Sources(RepositorySpec(), [], [])
FULL = Sources(
    RepositorySpec(
        ci=CiSpec(
            branch="release/2.x",
            python="3.13",
            runner="self-hosted",
            tags=("linux", "x64"),
            install='python -m pip install "acme-models[ci]>=1" # "quoted": \'so\' # and: odd %',
            secrets=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            timeout=45,
        ),
        alerts=(AlertSpec("$SLACK_URL"), AlertSpec("$AWS_ACCESS_KEY_ID"), AlertSpec("mailto://x.example")),
        site=SiteSpec(publish=True),
    ),
    [("*/15 0-6 1,15 jan-mar MON-FRI", ["1e3", "monitor 1e3"]), ("0 3 * * 0", ["a/b/c_d-e", "true"])],
    ["staging", "on", "production-eu"],
)
MANY = Sources(
    RepositorySpec(),
    [(f"{minute} 3 * * *", [f"team-{minute}/m{at}" for at in range(20)]) for minute in range(50)],
    [f"site-{at}" for at in range(30)],
)
CASES = {"none": NONE, "full": FULL, "many": MANY}


OUTPUTS = ("action", "environments", "models", "monitored", "reconciled", "train")


def everything(sources: Sources) -> dict[str, str]:
    """Return all that is rendered, in folders that are each a repository or a branch of one."""
    ci, started = sources.settings.ci, [name for _, names in sources.schedules for name in names]
    models = [name for name in started if " " not in name] or ["m"]
    files: dict[str, str] = {}
    for provider in PROVIDERS:
        files |= {f"{provider}/{path}": text for path, text in render(sources, provider).items()}
        for name in sources.environments:
            path, text = render_seed(ci, name, provider)
            files[f"{provider}-env-{name}/{path}"] = text
    included = dataclasses.replace(sources, included=True)
    files |= {f"gitlab-included/{path}": text for path, text in render(included, "gitlab").items()}
    for action in ("report", "release", "deliver", "none", "monitor", "reconcile"):
        given = ([], []) if action in ("none", "monitor", "reconcile") else (models, sources.environments)
        watched = sources.environments if action in ("release", "monitor") else ()
        mended = sources.environments if action == "reconcile" else ()
        files[f"gitlab-child/{action}.yml"] = render_pipeline(
            ci, action, *given, monitored=watched, reconciled=mended, event="eyJhIjogMX0="
        )
    return files


def put(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_as_rendered(name: str, provider: str) -> None:
    """`make docs` writes them."""
    folder = ROOT / "examples" / name
    assert check_folder(folder, provider) == []


def test_the_golden_files_are_as_rendered() -> None:
    kept = {path.relative_to(GOLDEN).as_posix(): path.read_text() for path in GOLDEN.rglob("*.yml")}
    assert everything(FULL) == kept


@pytest.fixture(scope="module", params=CASES)
def rendered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with everything that is rendered of a case."""
    folder = tmp_path_factory.mktemp("rendered")
    put(folder, everything(CASES[request.param]))
    return folder


def lint(folder: Path, *argv: str | Path) -> None:
    """Run a linter, which must find nothing."""
    program, *words = map(str, argv)
    done = process.run([str(BIN / program), *words], cwd=folder, check=False)
    assert done.code == 0, (done.stdout + done.stderr).decode()


def test_linters_of_github_find_nothing(rendered: Path) -> None:
    seeded = sorted(rendered.glob("github-env-*"))[:2]
    for folder in (rendered / "github", *seeded):
        workflows = sorted(folder.glob(".github/workflows/*.yml"))
        lint(folder, "actionlint", *workflows)
        lint(folder, "zizmor", "--quiet", "--offline", "--persona=auditor", ".")
        lint(folder, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    lint(
        rendered / "github",
        *("check-jsonschema", "--builtin-schema", "vendor.github-actions"),
        ".github/actions/gitmodel/action.yml",
    )


def test_the_schema_of_gitlab_finds_nothing(rendered: Path) -> None:
    files = sorted(path for path in rendered.glob("gitlab*/**/*.yml"))
    assert {path.name for path in files} >= {".gitlab-ci.yml", "gitmodel.yml", "report.yml", "none.yml"}
    arguments = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    lint(rendered, "check-jsonschema", *arguments, *files)


def test_each_finding_that_is_ignored_has_a_reason() -> None:
    ignored = [line for text in everything(FULL).values() for line in text.splitlines() if "zizmor" in line]
    assert ignored
    assert all(re.search(r"zizmor: ignore\[[a-z-]+\] \S+( \S+){3}", line) for line in ignored)


# All that the workflows take from GitHub. None of it is a text that somebody else writes, but for
# `matrix.model`, which `gitmodel ci plan` writes, and what is compared, not put anywhere.
EXPRESSIONS = {
    "github.token",
    "github.sha",
    "github.event.pull_request.head.sha || github.sha",
    "github.event.pull_request.number || github.run_id",
    "github.event_name == 'pull_request'",
    "github.event.repository.default_branch",
    "github.event.workflow_run.head_sha",
    "github.event.workflow_run.id",
    "matrix.model",
    "runner.os",
    "strategy.job-index",
    "secrets.AWS_ACCESS_KEY_ID",
    "secrets.AWS_SECRET_ACCESS_KEY",
    "secrets.SLACK_URL",
    "hashFiles('**/dvc.lock', '**/requirements*.txt', '**/*.lock')",
    *(f"steps.plan.outputs.{name}" for name in OUTPUTS),
    *(f"fromJSON(needs.plan.outputs.{name})" for name in ("models", "train")),
    "!cancelled()",
    "!cancelled() && needs.plan.outputs.action == 'report'",
    (
        "!cancelled() && needs.plan.result == 'success' && needs.plan.outputs.action != 'report' && "
        "github.ref == 'refs/heads/release/2.x'"
    ),
    "steps.pages.outputs.page_url",
    *(
        "!cancelled() && needs.plan.result == 'success' && "
        f"contains(fromJSON(needs.plan.outputs.environments), '{name}')"
        for name in FULL.environments
    ),
}


def steps(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the steps of a workflow or action."""
    for job in (*document.get("jobs", {}).values(), document.get("runs", {})):
        yield from job.get("steps", [])


def github_files(sources: Sources) -> dict[str, str]:
    return {path: text for path, text in everything(sources).items() if path.startswith("github")}


def test_only_known_expressions_and_none_in_a_shell() -> None:
    files = github_files(FULL)
    found = {each for text in files.values() for each in re.findall(r"\$\{\{ (.*?) \}\}", text)}
    assert found <= EXPRESSIONS, found - EXPRESSIONS
    for text in files.values():
        assert text.count("${{") == len(re.findall(r"\$\{\{ .*? \}\}", text))
        for step in steps(yaml.safe_load(text)):
            run = step.get("run", "")
            assert "${{" not in run
            assert run in ("", FULL.settings.ci.install) or re.fullmatch(
                r'gitmodel ci [a-z]+( [a-z-]+| "\$MODEL")?', run
            )


def test_scripts_of_gitlab_are_one_command_each() -> None:
    known = {"default", "stages", "variables", "workflow", "include"}
    for path, text in everything(FULL).items():
        if not path.startswith("gitlab"):
            continue
        for name, job in yaml.safe_load(text).items():
            script = [] if name in known or name.startswith(".") else job.get("script", [])
            for line in script:
                assert line in ("true", FULL.settings.ci.install) or re.fullmatch(
                    r'gitmodel ci [a-z]+( [a-z-]+| "\$MODEL"| --pipeline gitmodel-pipeline.yml)?', line
                )


def test_rights_are_the_least() -> None:
    writing = {
        "plan": set(),
        "train": {"contents"},
        "report": {"pull-requests", "statuses"},
        "release": {"contents", "pull-requests"},
        "deliver-on": {"contents", "pull-requests"},
        "site": {"pages", "id-token"},
    }
    workflow = yaml.safe_load(render(FULL, "github")[".github/workflows/gitmodel.yml"])
    assert workflow["permissions"] == {}
    for name, rights in writing.items():
        given = workflow["jobs"][name]["permissions"]
        assert {right for right, level in given.items() if level == "write"} == rights, name
    for text in github_files(FULL).values():
        for step in steps(yaml.safe_load(text)):
            if "actions/checkout@" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
            assert re.fullmatch(r"\./\S+|[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", "./x"))


def test_the_site_is_published_where_it_is_asked_for() -> None:
    for provider, path, name in (
        ("github", ".github/workflows/gitmodel.yml", "site:"),
        ("gitlab", ".gitlab-ci.yml", "pages:"),
    ):
        assert name in render(FULL, provider)[path]
        assert name not in render(NONE, provider)[path]
    job = yaml.safe_load(render(FULL, "github")[".github/workflows/gitmodel.yml"])["jobs"]["site"]
    jobs = [f"{job}-{env}" for job in ("deliver", "monitor", "reconcile") for env in FULL.environments]
    assert job["needs"] == ["plan", "release", *jobs]
    pages = yaml.safe_load(render(FULL, "gitlab")[".gitlab-ci.yml"])["pages"]
    assert pages["script"][-1] == "gitmodel ci site"
    assert pages["artifacts"] == {"paths": ["public"]}


def test_deployments_wait_for_each_other_and_are_never_cancelled() -> None:
    workflow = yaml.safe_load(render(FULL, "github")[".github/workflows/gitmodel.yml"])
    seeded = yaml.safe_load(render_seed(FULL.settings.ci, "on", "github")[1])
    for job in (workflow["jobs"]["deliver-on"], seeded["jobs"]["deploy"]):
        assert job["concurrency"] == {"group": "gitmodel-deploy-on", "cancel-in-progress": False}
        assert job["environment"] == "on"
    assert workflow["jobs"]["deliver-on"]["needs"] == ["plan", "release", "deliver-staging"]
    child = yaml.safe_load(render_pipeline(FULL.settings.ci, "release", ["m"], ["staging", "on"], event="e"))
    job = child["deliver-on"]
    assert (job["resource_group"], job["environment"], job["interruptible"]) == (
        "gitmodel-deploy-on",
        {"name": "on"},
        False,
    )


def test_a_matrix_of_gitlab_has_no_more_jobs_than_it_may() -> None:
    names = [f"m{number}" for number in range(401)]
    child = yaml.safe_load(render_pipeline(CiSpec(), "release", names, [], event="e"))
    matrices = [job["parallel"]["matrix"][0]["MODEL"] for name, job in child.items() if "release-" in name]
    assert [len(each) for each in matrices] == [200, 200, 1]
    assert [name for each in matrices for name in each] == names


def test_a_matrix_of_github_has_no_more_jobs_than_it_may() -> None:
    assert grouped([]) == []
    assert grouped(["a", "b"]) == ["a", "b"]
    names = [f"m{number}" for number in range(1000)]
    groups = [group.split(" ") for group in grouped(names)]
    assert len(groups) == 256
    assert {len(group) for group in groups} == {3, 4}
    assert sorted(name for group in groups for name in group) == sorted(names)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@example('"\\ \u2028\x7f\x85\ufeff \U0001f600 ${{ x }} << y >> <% z %>')
def test_what_is_quoted_is_read_as_it_was(text: str) -> None:
    assert yaml.safe_load(f"key: {_quote(text)}") == {"key": text}
    sources = dataclasses.replace(NONE, settings=RepositorySpec(ci=CiSpec(install=text)))
    job = render_pipeline(sources.settings.ci, "none", [], [], event="e")
    assert yaml.safe_load(job)["default"]["before_script"] == [text]


# --- from a folder, and into it

MODEL = "name: {0}\nartifact: {{path: m.skops, encoding: skops}}\nmetrics: [m.json]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a repository with two models, one with a schedule, and two environments."""
    repo = make_repository(tmp_path / "models")
    files = {
        "gitmodel.yaml": "ci: {provider: github}\n",
        "models/a/model.yaml": MODEL.format("a"),
        "models/b/model.yaml": MODEL.format("team/b") + 'retrain: {schedule: "0  3 * * 7"}\n',
        "environments/production.yaml": "name: production\nafter: staging\ninventory: hosts.yaml\n",
        "environments/staging.yaml": "name: staging\n",
        "environments/hosts.yaml": "all: {hosts: {}}\n",
    }
    commit_all(repo, files)
    assert repo.root is not None
    return repo.root


def test_sources_are_read_in_order(folder: Path) -> None:
    sources = read_sources(folder)
    assert sources.schedules == [("0 3 * * 0", ["team/b"])]
    assert list(sources.environments) == ["staging", "production"]
    assert not sources.included


@pytest.mark.parametrize(
    "text",
    [
        MODEL.format("b") + "retrain: {schedule: [1]}\n",
        MODEL.format("b") + 'retrain: {schedule: "0 3 * *"}\n',
        MODEL.format('"x # y\\n  z: 1"') + 'retrain: {schedule: "0 3 * * 1"}\n',
        "- schedule\n",
        "schedule: [\n",
    ],
)
def test_a_specification_that_is_not_valid_is_not_rendered(folder: Path, text: str) -> None:
    (folder / "models/b/model.yaml").write_text(text)
    with pytest.raises(InvalidFile, match=r"models/b/model\.yaml"):
        render_into(folder)
    assert not (folder / ".github").exists()


def test_it_is_written_once_and_checked(folder: Path) -> None:
    assert check_folder(folder) == [
        ".github/actions/gitmodel/action.yml is missing",
        ".github/workflows/gitmodel-report.yml is missing",
        ".github/workflows/gitmodel.yml is missing",
    ]
    assert len(render_into(folder)) == 3
    assert render_into(folder) == []
    assert check_folder(folder) == []
    text = (folder / ".github/workflows/gitmodel.yml").read_text()
    assert text.startswith(MARK)
    assert '- cron: "0 3 * * 0" # team/b\n' in text
    (folder / "models/b/model.yaml").write_text(MODEL.format("team/b"))
    found = check_folder(folder)
    assert '-    - cron: "0 3 * * 0" # team/b' in found
    assert found[0] == "--- .github/workflows/gitmodel.yml"
    assert render_into(folder) == [".github/workflows/gitmodel.yml"]


def test_another_provider_takes_the_place_of_the_first(folder: Path) -> None:
    render_into(folder)
    (folder / "gitmodel.yaml").write_text("ci: {provider: gitlab}\n")
    assert ".github/workflows/gitmodel.yml should not be there any more" in check_folder(folder)
    assert ".github/workflows/gitmodel.yml (removed)" in render_into(folder)
    assert sorted(path.name for path in folder.rglob("*.yml")) == [".gitlab-ci.yml"]
    assert check_folder(folder) == []


def test_a_provider_that_is_named_leaves_the_other_alone(folder: Path) -> None:
    for provider in PROVIDERS:
        render_into(folder, provider)
    assert [check_folder(folder, provider) for provider in PROVIDERS] == [[], []]


def test_files_of_others_are_not_touched(folder: Path) -> None:
    own = folder / ".github/workflows/gitmodel.yml"
    own.parent.mkdir(parents=True)
    own.write_text("on: push\n")
    with pytest.raises(UsageError, match=r"gitmodel\.yml is there and was not written by gitmodel"):
        render_into(folder)
    assert own.read_text() == "on: push\n"
    assert not (folder / ".github/actions").exists()


def test_jobs_are_included_where_gitlabs_file_is_somebody_elses(folder: Path) -> None:
    own = folder / ".gitlab-ci.yml"
    own.write_text("lint: {script: [ruff check]}\n")
    assert render_into(folder, "gitlab") == [".gitlab/gitmodel.yml"]
    assert check_folder(folder, "gitlab") == [
        ".gitlab-ci.yml does not say `include: [{local: /.gitlab/gitmodel.yml}]`"
    ]
    own.write_text("include: [{local: /.gitlab/gitmodel.yml}]\nlint: {script: [ruff check]}\n")
    assert check_folder(folder, "gitlab") == []
    jobs = yaml.safe_load((folder / ".gitlab/gitmodel.yml").read_text())
    assert {"workflow", "stages", "default"}.isdisjoint(jobs)
    own.unlink()
    assert render_into(folder, "gitlab") == [".gitlab-ci.yml", ".gitlab/gitmodel.yml (removed)"]


def test_without_a_provider_nothing_is_rendered(folder: Path) -> None:
    (folder / "gitmodel.yaml").unlink()
    with pytest.raises(UsageError, match="no provider is named"):
        render_into(folder)
    with pytest.raises(UsageError, match="there is no provider 'bitbucket'"):
        render_into(folder, "bitbucket")


def test_the_commands(folder: Path) -> None:
    def run(*words: str) -> process.Completed:
        return process.run([sys.executable, "-m", "gitmodel", "ci", *words], cwd=folder, check=False)

    assert run("check").code == 1
    assert run("render").text.count("written: ") == 3
    assert run("render").text == "everything is as it should be\n"
    assert (run("check").code, run("check").text) == (0, "")
    (folder / "environments/staging.yaml").unlink()
    done = run("check")
    assert done.code == 1
    assert "-  deliver-staging:" in done.text
    assert done.stderr == b"hint: `gitmodel ci render` writes them\n"
    (folder / "gitmodel.yaml").unlink()
    assert "names no provider" in run("check").text


def test_pre_commit_checks_them(tmp_path: Path) -> None:
    from gitmodel.pipelines.setup import init_repository

    made = init_repository(tmp_path / "models", provider="github")
    root = made.repo.workdir
    model = root / "models/hello-world/model.yaml"
    model.write_text(model.read_text() + 'retrain: {schedule: "0 3 * * 1"}\n')
    made.repo.git("add", "-A")
    path = f"{BIN}:{process.run(['sh', '-c', 'echo $PATH']).text.strip()}"
    argv = [str(BIN / "pre-commit"), "run", "--color=never"]
    done = process.run(argv, cwd=root, env={"PATH": path}, check=False)
    assert done.code == 1
    assert '+    - cron: "0 3 * * 1" # hello-world' in done.text
    assert re.search(r"gitmodel validate\.+Passed", done.text)
    render_into(root)
    made.repo.git("add", "-A")
    assert process.run(argv, cwd=root, env={"PATH": path}, check=False).code == 0


if __name__ == "__main__":
    put(GOLDEN, everything(FULL))
