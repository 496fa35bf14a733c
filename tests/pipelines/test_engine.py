"""What follows from a push, where nothing needs to be trained."""

from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines.engine import execute
from gitmodel.pipelines.pushed import Pushed
from tests.conftest import commit_all

MODEL = "name: {}\nartifact: {{path: m.joblib, encoding: joblib}}\nmetrics: [metrics.json]\n"


def test_a_new_branch_is_compared_with_where_it_left_the_default_branch(repo: Repository) -> None:
    commit_all(repo, {f"models/{name}/model.yaml": MODEL.format(name) for name in ("a", "b")})
    repo.git("checkout", "-q", "-b", "topic")
    commit_all(repo, {"README.md": "words\n"})
    tip = resolve(repo, "HEAD")
    repo.git("checkout", "-q", "main")
    said: list[str] = []
    assert execute(repo, [Pushed("refs/heads/topic", None, tip)], said.append) == 0
    assert said == ["[plan] no model is touched"]


def test_a_branch_that_shares_nothing_is_all_new(repo: Repository) -> None:
    commit_all(repo, {"models/a/model.yaml": MODEL.format("a")})
    repo.git("checkout", "-q", "--orphan", "other")
    repo.git("commit", "-q", "-m", "Anew")
    repo.git("checkout", "-q", "main")
    said: list[str] = []
    assert execute(repo, [Pushed("refs/heads/other", None, resolve(repo, "other"))], said.append) != 0
    assert said[0] == "[plan] a: it is new here"
    assert said[1].startswith("[train] a: `gitmodel notebook a-")
    assert said[2].startswith("error: ")


def test_a_model_that_is_not_valid_fails_alone(repo: Repository) -> None:
    base = commit_all(repo, {f"models/{name}/model.yaml": MODEL.format(name) for name in ("a", "b")})
    tip = commit_all(repo, {"models/a/model.yaml": "name: a\nx: 1\n", "models/b/train.py": "pass\n"})
    said: list[str] = []
    assert execute(repo, [Pushed("refs/heads/main", Oid(base), Oid(tip))], said.append) != 0
    assert [line for line in said if line.startswith("[plan]")] == [
        "[plan] a: models/a/model.yaml changed, and models/a/model.yaml is not valid",
        "[plan] b: models/b/train.py changed",
    ]
    assert said[1].startswith("error: models/a/model.yaml:2: ")
    assert "there is no models/b/dvc.yaml" in "".join(said[2:])
