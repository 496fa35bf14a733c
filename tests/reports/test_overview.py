"""The table of models: sorted and filtered by any field, with where versions run and how."""

import json
from collections.abc import Callable

import pytest

from gitmodel.errors import UsageError
from gitmodel.git.notes import append_notes
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.desired import Desired, format_desired
from gitmodel.registry.versions import Facts, format_version
from gitmodel.reports.overview import overview, read_rows, row_document, select, sort
from tests.cli.conftest import tag
from tests.conftest import commit_all
from tests.registry.test_desired import promote

MODEL = "name: {0}\ndescription: About {0}\nowners: [{0}@example.org, ops]\n"


@pytest.fixture
def many(repo: Repository) -> Repository:
    """Return a repository with three versions of a, two of b, none of c, and an environment."""
    commit_all(repo, {f"models/{name}/model.yaml": MODEL.format(name) for name in ("a", "b", "c")})
    for name, figures in {"a": (0.5, 0.9, 0.7), "b": (0.8, 0.6)}.items():
        for version, figure in enumerate(figures, 1):
            facts = Facts(
                "Trained", metrics={"auc": figure, "loss": 1 - figure}, parameters={"depth": version}
            )
            text = format_version(name, str(version), facts)
            tag(repo, f"{name}@v{version}", text, f"2026-11-0{version}T00:00:00+0000")
    files = {name: format_desired(Desired(name, "2")) for name in ("a", "b")}
    promote(repo, "qa", {f"{name}.yaml": text for name, text in files.items()})
    return repo


def note(repo: Repository, outcome: str, model: str, at: str) -> None:
    line = {
        "env": "qa",
        "model": model,
        "version": "2",
        "outcome": outcome,
        "at": at,
        "by": "ada",
        "seconds": 1,
    }
    tip = Oid(repo.git("rev-parse", "env/qa"))
    append_notes(repo, "refs/notes/deployments", {tip: [json.dumps(line, sort_keys=True)]})


def names(rows: object) -> list[str]:
    assert isinstance(rows, list)
    return [f"{row.model}{row.version.version if row.version else '-'}" for row in rows]


def test_a_row_a_model(many: Repository) -> None:
    note(many, "deployed", "a", "2026-11-20T00:00:00Z")
    note(many, "failed", "a", "2026-11-19T00:00:00Z")
    note(many, "failed", "b", "2026-11-20T00:00:00Z")
    rows, broken = read_rows(many)
    assert broken == []
    ids = [row.version.model_id for row in rows if row.version]
    assert overview(rows, ["metrics.auc"]) == [
        "MODEL  VERSION  ID        DATE        QA  OWNERS              HEALTH        METRICS.AUC",
        f"a      v3       {ids[0]}  2026-11-03  v2  a@example.org, ops  ok            0.7",
        f"b      v2       {ids[1]}  2026-11-02  v2  b@example.org, ops  failed in qa  0.6",
        "c      -        -         -           -   c@example.org, ops  -             -",
    ]
    assert row_document(rows[0])["environments"] == {"qa": "2"}
    assert row_document(rows[1])["runs_in"] == ["qa"]
    assert row_document(rows[2])["version"] is None


def test_every_version_shows_where_it_runs_itself(many: Repository) -> None:
    rows, _ = read_rows(many, every=True)
    assert names(rows) == ["a3", "a2", "a1", "b2", "b1", "c-"]
    assert [row.health for row in rows] == ["-", "not deployed in qa", "-", "not deployed in qa", "-", "-"]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["model=a", "metrics.auc>=0.7"], ["a3", "a2"]),
        (["metrics.auc>0.7"], ["a2", "b1"]),
        (["metrics.loss<=0.2"], ["a2", "b1"]),
        (["parameters.depth!=1", "version=2"], ["a2", "b2"]),
        (["owners~B@EX"], ["b2", "b1"]),
        (["date<2026-11-02"], ["a1", "b1"]),
        (["health~not deployed"], ["a2", "b2"]),
        (["version=2.0"], ["a2", "b2"]),
        (["environments.qa=2"], ["a2", "b2"]),
    ],
)
def test_conditions(many: Repository, conditions: list[str], found: list[str]) -> None:
    assert names(select(read_rows(many, every=True)[0], conditions)) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("metrics.auc", ["a2", "b1", "a3", "b2", "a1", "c-"]),
        ("-metrics.auc", ["a1", "b2", "a3", "b1", "a2", "c-"]),
        ("metrics.loss", ["a2", "b1", "a3", "b2", "a1", "c-"]),
        ("date", ["a1", "b1", "a2", "b2", "a3", "c-"]),
        ("-version", ["a3", "a2", "b2", "a1", "b1", "c-"]),
    ],
)
def test_orders(many: Repository, order: str, found: list[str]) -> None:
    assert names(sort(read_rows(many, every=True)[0], order)) == found


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda rows: select(rows, ["auc"]), "'auc' is no condition"),
        (lambda rows: select(rows, ["metric.auc>1"]), "no version has a field 'metric.auc'"),
        (lambda rows: sort(rows, "metrics.acu"), "no version has a field 'metrics.acu'"),
    ],
)
def test_what_makes_no_sense(many: Repository, act: Callable[[object], object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        act(read_rows(many)[0])
    assert error.value.hint


def test_what_cannot_be_read_is_left_out_and_named(many: Repository) -> None:
    tag(many, "b@v3", "Bad\n\nMetrics: {\n", "2026-11-09T00:00:00+0000")
    promote(many, "qa", {"a.yaml": b"version: [", "b.yaml": format_desired(Desired("b", "1"))})
    commit_all(many, {"models/c/model.yaml": "name: c\nowners: [\n"})
    rows, broken = read_rows(many)
    assert names(rows) == ["a3", "b2", "c-"]
    assert [tag.tag for tag in broken] == ["b@v3"]
    assert [dict(row.wanted) for row in rows] == [{}, {"qa": "1"}, {}]
