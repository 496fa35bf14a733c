"""What follows from an event of a forge."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitmodel.errors import UsageError
from gitmodel.forges import Event
from gitmodel.git.repository import Repository
from gitmodel.pipelines.events import Plan, base_of, plan_event
from tests.conftest import clone, commit_all

ZEROS = "0" * 40
Decide = Callable[..., Plan]


def model(name: str, more: str = "") -> dict[str, str]:
    return {
        f"models/{name}/model.yaml": f"name: {name}\nartifact: {{path: model.joblib}}\n{more}",
        f"models/{name}/dvc.yaml": "stages: {train: {cmd: x, deps: [train.py], outs: [model.joblib]}}\n",
        f"models/{name}/train.py": "pass\n",
    }


FILES = {
    **model("wine", "retrain: {schedule: every monday at 3:00}\nmonitor: {schedule: 0 3 * * 1}\n"),
    **model("loans", 'retrain: {schedule: "0  3 * * 1"}\ndeploy: {environments: [staging]}\n'),
    **model("quiet", "deploy: {environments: []}\nmonitor: {schedule: every 15 minutes}\n"),
    "environments/staging.yaml": "name: staging\n",
    "environments/production.yaml": "name: production\nafter: staging\n",
}


@pytest.fixture
def repo(tmp_path: Path, bare: Repository) -> Repository:
    """Return a clone whose remote has the models on main."""
    made = clone(bare, tmp_path / "work")
    commit_all(made, FILES, "Models")
    made.git("push", "-q", "origin", "HEAD:refs/heads/main")
    made.git("fetch", "-q")
    made.git("remote", "set-head", "origin", "main")
    return made


def event(repo: Repository, kind: str, **more: Any) -> Event:
    given = {"head": repo.git("rev-parse", "HEAD"), "base": None, "ref": "refs/heads/main", **more}
    return Event(kind=kind, provider="github", default_branch="main", **given)  # type: ignore[arg-type]


def names(found: Plan) -> list[str]:
    return [item.spec.name for item in found.models]


def test_a_push_to_the_default_branch_releases_what_it_touches(repo: Repository) -> None:
    base = repo.git("rev-parse", "HEAD")
    commit_all(repo, {"models/loans/train.py": "# more\n"})
    found = plan_event(repo, event(repo, "push", base=base))
    assert (found.action, names(found), found.environments) == ("release", ["loans"], ("staging",))
    assert found.models[0].reason == "models/loans/train.py changed"


@pytest.mark.parametrize("base", [None, "e" * 40])
def test_an_unknown_base_looks_at_everything(repo: Repository, base: str | None) -> None:
    found = plan_event(repo, event(repo, "push", base=base))
    assert (found.action, names(found)) == ("release", ["loans", "quiet", "wine"])
    assert found.environments == ("staging", "production")


def test_a_force_push_is_compared_with_what_was_there(repo: Repository) -> None:
    before = commit_all(repo, {"models/loans/train.py": "# other\n"})
    repo.git("reset", "-q", "--hard", "HEAD~1")
    commit_all(repo, {"models/wine/train.py": "# more\n"})
    assert names(plan_event(repo, event(repo, "push", base=before))) == ["loans", "wine"]


def test_a_push_to_another_branch_is_nothing(repo: Repository) -> None:
    found = plan_event(repo, event(repo, "push", ref="refs/heads/topic"))
    assert (found.action, found.models) == ("none", ())


def test_a_pull_request_is_what_it_adds_since_it_left_its_base(repo: Repository) -> None:
    start = repo.git("rev-parse", "HEAD")
    commit_all(repo, {"models/wine/train.py": "# meanwhile on main\n"})
    base = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "-b", "topic", start)
    commit_all(repo, {"models/loans/train.py": "# more\n"})
    asked = event(repo, "pull_request", base=base, number=3, ref="refs/heads/topic")
    assert base_of(repo, asked) == start
    found = plan_event(repo, asked)
    assert (found.action, names(found), found.environments) == ("report", ["loans"], ())


def test_a_closed_pull_request_is_nothing(repo: Repository) -> None:
    assert plan_event(repo, event(repo, "pull_request", number=3, closed=True)).action == "none"


def test_a_pull_request_without_common_history_is_all_new(repo: Repository) -> None:
    base = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "--orphan", "other")
    commit_all(repo, {}, "Anew")
    assert len(plan_event(repo, event(repo, "pull_request", base=base, number=3)).models) == 3


def test_a_tag_of_a_version_is_delivered(repo: Repository) -> None:
    repo.git("tag", "-a", "loans@v1", "-m", "By hand")
    found = plan_event(repo, event(repo, "tag", ref="refs/tags/loans@v1"))
    assert (found.action, found.version, found.environments) == ("deliver", "loans:1", ("staging",))
    assert plan_event(repo, event(repo, "tag", ref="refs/tags/release-1")).action == "none"


def test_a_tag_of_a_model_that_goes_nowhere_is_not_even_loaded(repo: Repository) -> None:
    repo.git("tag", "-a", "quiet@v1", "-m", "By hand")
    found = plan_event(repo, event(repo, "tag", ref="refs/tags/quiet@v1"))
    assert found.action == "none"
    assert "names no environment" in found.reason


def test_a_schedule_is_for_the_models_that_have_it(repo: Repository) -> None:
    found = plan_event(repo, event(repo, "schedule", schedule="0 3 * * 1"))
    assert (found.action, names(found)) == ("release", ["loans", "wine"])
    assert names(plan_event(repo, event(repo, "schedule", schedule="wine"))) == ["wine"]
    assert plan_event(repo, event(repo, "schedule", schedule="1 1 * * *")).action == "none"
    assert plan_event(repo, event(repo, "schedule", schedule="quiet")).action == "none"
    assert plan_event(repo, event(repo, "schedule", schedule=None)).action == "none"


def put_live(repo: Repository, env: str, *models: str) -> None:
    tip = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "--orphan", f"env-{env}")
    repo.git("rm", "-rqf", ".")
    files = {f"{name}.yaml": f'version: "1"\ntag: {name}@v1\nobject: {"1" * 40}\n' for name in models}
    commit_all(repo, files, "Live")
    repo.git("push", "-q", "origin", f"HEAD:refs/heads/env/{env}")
    repo.git("checkout", "-q", "--detach", tip)
    repo.git("fetch", "-q")


def test_a_schedule_watches_what_is_live(repo: Repository) -> None:
    assert plan_event(repo, event(repo, "schedule", schedule="*/15 * * * *")).action == "none"
    put_live(repo, "production", "quiet", "wine")
    put_live(repo, "staging", "wine", "loans")
    found = plan_event(repo, event(repo, "schedule", schedule="*/15 * * * *"))
    assert (found.action, names(found), found.environments) == ("monitor", [], ())
    assert found.monitored == (("production", ("quiet",)),)
    both = plan_event(repo, event(repo, "schedule", schedule="0 3 * * 1"))
    assert (both.action, names(both), both.fresh) == ("release", ["loans", "wine"], True)
    assert both.monitored == (("production", ("wine",)), ("staging", ("wine",)))


def test_a_dispatch_trains_anew_or_watches(repo: Repository) -> None:
    found = dispatch(repo, action="retrain", model="wine")
    assert (found.action, names(found), found.fresh) == ("release", ["wine"], True)
    assert not dispatch(repo, action="release", model="wine").fresh
    nothing = dispatch(repo, action="monitor", model="wine")
    assert (nothing.action, nothing.reason) == ("none", "ada asked for it, and nothing of it is live")
    put_live(repo, "production", "quiet", "wine")
    put_live(repo, "staging", "wine")
    everywhere = dispatch(repo, action="monitor", model="wine").monitored
    assert everywhere == (("production", ("wine",)), ("staging", ("wine",)))
    here = dispatch(repo, action="monitor", environment="production")
    assert (here.action, here.monitored) == ("monitor", (("production", ("quiet", "wine")),))
    with pytest.raises(UsageError, match="there is no model"):
        dispatch(repo, action="monitor", model="cider")


def test_a_broken_model_stops_no_other(repo: Repository) -> None:
    tag = "wine@v1"
    commit_all(repo, {"models/loans/model.yaml": "name: loans\nnothing: of this\n"})
    repo.git("tag", "-a", "-m", "One", tag)
    assert names(plan_event(repo, event(repo, "tag", ref=f"refs/tags/{tag}"))) == ["wine"]
    assert names(plan_event(repo, event(repo, "schedule", schedule="0 3 * * 1"))) == ["wine"]
    assert names(dispatch(repo, model="wine")) == ["wine"]
    pushed = plan_event(repo, event(repo, "push"))
    assert names(pushed) == ["loans", "quiet", "wine"]
    assert [item.spec.name for item in pushed.models if item.broken] == ["loans"]


def test_a_push_to_an_environments_branch_deploys(repo: Repository) -> None:
    found = plan_event(repo, event(repo, "environment", ref="refs/heads/env/staging"))
    assert (found.action, found.environments) == ("deploy", ("staging",))


def dispatch(repo: Repository, **inputs: str) -> Plan:
    return plan_event(repo, event(repo, "dispatch", inputs=inputs, actor="ada"))


def test_a_dispatch_releases_one_model_or_all(repo: Repository) -> None:
    assert names(dispatch(repo)) == ["loans", "quiet", "wine"]
    found = dispatch(repo, action="release", model="wine", environment="staging")
    assert (found.action, names(found), found.environments) == ("release", ["wine"], ("staging",))
    assert found.models[0].reason == "ada asked for it"


@pytest.mark.parametrize("version", ["1", "v1", "wine@v1", "wine:1", "", "latest"])
def test_a_dispatch_delivers_a_version(repo: Repository, version: str) -> None:
    repo.git("tag", "-a", "wine@v1", "-m", "By hand")
    found = dispatch(repo, action="deliver", model="wine", version=version)
    assert (found.action, found.version, found.environments) == (
        "deliver",
        "wine:1",
        ("staging", "production"),
    )
    assert dispatch(repo, action="deliver", model="wine", environment="production").environments == (
        "production",
    )


def test_a_dispatch_rolls_back_or_deploys(repo: Repository) -> None:
    found = dispatch(repo, action="rollback", model="wine", environment="staging", version="2")
    assert (found.action, names(found), found.version, found.environments) == (
        "rollback",
        ["wine"],
        "2",
        ("staging",),
    )
    assert dispatch(repo, action="deploy").environments == ("staging", "production")
    assert dispatch(repo, action="deploy", environment="production").environments == ("production",)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"action": "rm -rf"}, "there is no action"),
        ({"model": "../x"}, "no name of a model"),
        ({"model": "$(id)"}, "no name of a model"),
        ({"model": "unknown"}, "there is no model"),
        ({"environment": "moon"}, "there is no environment"),
        ({"action": "deliver"}, "which model"),
        ({"action": "rollback", "model": "wine"}, "which environment"),
        ({"action": "deliver", "model": "wine", "version": "9"}, "there is no version"),
    ],
)
def test_a_dispatch_that_cannot_be_is_refused(repo: Repository, inputs: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        dispatch(repo, **inputs)


def test_a_dispatch_from_another_branch_is_refused(repo: Repository) -> None:
    with pytest.raises(UsageError, match="from main only") as caught:
        plan_event(repo, event(repo, "dispatch", ref="refs/tags/wine@v1", inputs={}))
    assert "choose the branch main" in caught.value.hint


def test_a_removed_model_needs_nothing(repo: Repository) -> None:
    base = repo.git("rev-parse", "HEAD")
    repo.git("rm", "-rq", "models/wine")
    commit_all(repo, {})
    assert names(plan_event(repo, event(repo, "push", base=base))) == []


def test_an_environment_is_reconciled_by_schedule_and_by_wish(repo: Repository) -> None:
    files = {"environments/staging.yaml": "name: staging\nreconcile: {schedule: every 10 minutes}\n"}
    commit_all(repo, files)
    repo.git("push", "-q", "origin", "HEAD:refs/heads/main")
    repo.git("fetch", "-q")
    found = plan_event(repo, event(repo, "schedule", schedule="*/10 * * * *"))
    assert (found.action, found.reconciled, found.environments) == ("reconcile", ("staging",), ())
    assert plan_event(repo, event(repo, "schedule", schedule="0 3 * * 1")).reconciled == ()
    asked = plan_event(repo, event(repo, "dispatch", inputs={"action": "reconcile"}))
    assert (asked.action, set(asked.reconciled)) == ("reconcile", {"staging", "production"})
