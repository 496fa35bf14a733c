"""What a change does to models, gathered from real trainings."""

from dataclasses import replace
from pathlib import Path

import pytest

from gitmodel.delivery.promotion import hold, promote
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.pipelines import steps
from gitmodel.pipelines.reporting import review_change
from gitmodel.pipelines.results import Result
from gitmodel.pipelines.review_model import Reviewing
from gitmodel.pipelines.setup import init_repository
from gitmodel.registry.registry import Registry
from gitmodel.reports.review.document import ModelReview, Review, parse_review
from gitmodel.reports.review.writing import compact
from tests.conftest import commit_all

pytestmark = pytest.mark.system  # models are trained

MODEL = "hello-world"


def say(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Return hello-world: v1 on main, which runs in staging, and branches that were trained."""
    made = init_repository(tmp_path_factory.mktemp("review") / "work", example=MODEL).repo
    assert made.root is not None
    model = (made.root / "model.yaml").read_text()
    model = model.replace("versus: local", "versus: staging").replace("[local]", "[staging, production]")
    environments = {
        "environments/staging.yaml": "name: staging\n",
        "environments/production.yaml": "name: production\nafter: staging\napproval: review\n",
    }
    commit_all(made, {"model.yaml": model, **environments}, "Settle")
    made.git("branch", "-M", "main")
    steps.register_model(made, None, say=say)
    promote(made, Registry(made).version(f"{MODEL}:1"), "staging", by="ada@example.org")
    return made


def branch(repo: Repository, name: str, files: dict[str, str], *, train: bool = True) -> str:
    """Return a branch off main with a change that was trained."""
    repo.git("checkout", "-q", "-B", name, "main")
    commit_all(repo, files, f"Change {name}")
    if train:
        steps.train_model(repo, MODEL, say=say)
    return name


def one(found: Review) -> ModelReview:
    assert parse_review(compact(found)) == found
    (model,) = found.models
    return model


def test_the_first_version_has_nothing_to_compare_with(tmp_path: Path) -> None:
    repo = init_repository(tmp_path / "work", example=MODEL).repo
    steps.train_model(repo, None, say=say)
    model = one(review_change(repo, None, "HEAD", say=say))
    assert (model.verdict, model.base, model.production) == ("passed", "", "")
    assert model.why == "it is new here"
    assert {figure.direction for figure in model.metrics} == {"new"}
    assert "becomes v1" in model.headline


def test_a_change_that_passes(repo: Repository) -> None:
    head = branch(repo, "softer", {"params.yaml": "C: 0.5\nseed: 12345\n"})
    found = review_change(repo, "main", head, say=say)
    model = one(found)
    assert (found.base, found.head) == (repo.git("rev-parse", "main"), repo.git("rev-parse", head))
    assert (model.verdict, model.base, model.why) == ("passed", "v1", "params.yaml changed")
    assert model.headline == "passes its gates, and becomes v2 on merge"
    assert model.merge == (
        "staging: promoted and deployed",
        "production: a pull request, for a person to merge",
    )
    assert model.rows == "all on the same 72 rows of data/test.csv"
    assert [(item.name, item.base, item.head) for item in model.parameters] == [("C", "1", "0.5")]
    assert [each.path for each in model.code] == ["params.yaml"]
    assert len(model.latency) == 2
    assert [point.version for point in model.history] == ["v1", "head"]
    (accuracy,) = [figure for figure in model.metrics if figure.metric == "accuracy"]
    assert accuracy.low is not None
    assert accuracy.high is not None
    assert accuracy.base is not None
    assert accuracy.head is not None
    assert accuracy.low <= accuracy.head - accuracy.base <= accuracy.high
    assert model.data == ()
    assert model.shifts == ()


def test_a_change_that_fails_its_gate(repo: Repository) -> None:
    model = one(
        review_change(
            repo, "main", branch(repo, "worse", {"params.yaml": "C: 0.001\nseed: 12345\n"}), say=say
        )
    )
    assert model.verdict == "failed"
    assert "is below 0.8" in model.headline
    assert model.merge == ("It becomes v2 on merge, and goes nowhere.",)
    assert [gate.verdict for gate in model.gates].count("failed") >= 1


def test_other_data_are_told(repo: Repository) -> None:
    assert repo.root is not None
    repo.git("checkout", "-q", "main")
    train = (repo.root / "train.py").read_text()
    train = train.replace('"flavanoids", "color', '"flavanoids", "hue", "color').replace(
        "test_size=0.4", "test_size=0.3"
    )
    model = one(review_change(repo, "main", branch(repo, "data", {"train.py": train}), say=say))
    items = {item.name: (item.base, item.head) for item in model.data}
    assert items["column hue"] == (None, "there")
    assert items["rows to train on"] == ("106", "124")
    assert "data/train.csv" in items
    assert "it may have learnt from some" in model.rows
    assert len(model.latency) == 2  # the old model passes over a column that it does not know


def test_a_result_that_nobody_trained_is_said(repo: Repository) -> None:
    model = one(
        review_change(
            repo, "main", branch(repo, "lazy", {"params.yaml": "C: 7\nseed: 1\n"}, train=False), say=say
        )
    )
    assert model.verdict == "untrained"
    assert "gitmodel train" in model.headline


def test_a_failure_of_a_job_is_told_with_its_log(repo: Repository) -> None:
    head = branch(repo, "broken", {"params.yaml": "C: 8\nseed: 1\n"}, train=False)
    result = Result(MODEL, head, failure="the pipeline failed", log=("Traceback", "ValueError: no"))
    model = one(review_change(repo, "main", head, results={MODEL: result}, say=say))
    assert (model.verdict, model.log) == ("untrained", ("Traceback", "ValueError: no"))


def test_a_hold_is_told(repo: Repository) -> None:
    hold(repo, MODEL, "staging", reason="the fair is on", by="ada@example.org")
    model = one(review_change(repo, "main", "softer", say=say))
    assert model.merge[0].startswith("staging: held at v1 since ")
    assert model.merge[0].endswith("the fair is on")


def test_what_touches_nothing_and_what_is_gone(repo: Repository) -> None:
    found = review_change(repo, "main", branch(repo, "words", {"README.md": "more\n"}, train=False), say=say)
    assert (found.models, found.gone) == ((), ())
    repo.git("checkout", "-q", "-B", "gone", "main")
    repo.git("rm", "-q", "model.yaml")
    commit_all(repo, {})
    found = review_change(repo, "main", "gone", say=say)
    assert (found.models, found.gone) == ((), (MODEL,))


def test_the_base_may_be_a_run_that_is_no_version(repo: Repository) -> None:
    base = branch(repo, "first", {"params.yaml": "C: 3\nseed: 12345\n"})
    repo.git("checkout", "-q", "-B", "second")
    commit_all(repo, {"params.yaml": "C: 4\nseed: 12345\n"})
    steps.train_model(repo, MODEL, say=say)
    model = one(review_change(repo, base, "second", say=say))
    commit = resolve(repo, base)
    assert isinstance(commit, Oid)
    assert model.base == f"base {commit.short}"
    assert [(item.base, item.head) for item in model.parameters] == [("3", "4")]
    assert model.production == "staging v1"
    assert all(figure.production is not None for figure in model.metrics)


def test_a_result_that_is_a_version_already(repo: Repository) -> None:
    head = branch(repo, "landed", {"params.yaml": "C: 0.7\nseed: 12345\n"})
    made = steps.register_model(repo, MODEL, rev=head, say=say).version
    model = one(review_change(repo, "main", head, say=say))
    assert model.headline == f"passes its gates, and is v{made.version} already"
    assert model.base == "v1"
    assert [point.version for point in model.history] == ["v1", f"v{made.version}"]


def test_a_base_that_cannot_read_the_new_rows_is_told_as_trained(repo: Repository) -> None:
    assert repo.root is not None
    repo.git("checkout", "-q", "main")
    train = (repo.root / "train.py").read_text().replace('"flavanoids", ', "")
    model = one(review_change(repo, "main", branch(repo, "fewer", {"train.py": train}), say=say))
    assert model.rows.startswith("on 72 rows of data/test.csv; v1")
    assert model.rows.endswith("as trained, perhaps on other rows")
    assert all(figure.low is None for figure in model.metrics)
    assert any(figure.base is not None for figure in model.metrics)
    assert model.latency == ()


def test_asked_again_nothing_is_scored_until_a_ref_moves(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = branch(repo, "twice", {"params.yaml": "C: 0.6\nseed: 12345\n"})
    first = review_change(repo, "main", head, say=say)
    made, review = [], Reviewing.review

    def counted(self: Reviewing) -> ModelReview:
        made.append(self.item.spec.name)
        return review(self)

    monkeypatch.setattr(Reviewing, "review", counted)
    assert review_change(repo, "main", head, say=say) == first
    assert not made
    (file,) = (repo.state / "reviews").iterdir()
    file.write_bytes(file.read_bytes()[:-9])
    damaged = review_change(repo, "main", head, say=say)
    assert replace(one(damaged), latency=()) == replace(one(first), latency=())
    assert made == [MODEL]
    repo.git("tag", "any")
    review_change(repo, "main", head, say=say)
    assert len(made) == 2
