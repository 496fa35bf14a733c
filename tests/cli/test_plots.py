"""``gitmodel plots`` and ``gitmodel card``: what they print and write."""

import json
from pathlib import Path

import pytest

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.versions import Facts, format_version
from tests.cli.conftest import Run, tag
from tests.conftest import commit_all

LINES = "x,y\n0,1\n1,2\n2,1\n"
PIPELINE = """\
plots:
  - curves/roc.csv: {title: ROC, x: x, y: y}
  - tree.svg
  - lost.csv
"""
FILES = {
    "model.yaml": "name: wine\ndescription: Which wine it is\n",
    "dvc.yaml": PIPELINE,
    "curves/roc.csv": LINES,
    "tree.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
}


@pytest.fixture
def wine(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository with two versions of a model whose plots are in git."""
    for number in (1, 2):
        files = FILES | {"curves/roc.csv": f"{LINES}3,{number}\n"}
        Oid(commit_all(repo, files))
        name = f"wine@v{number}"
        tag(repo, name, format_version("wine", str(number), Facts("A try")), "2026-11-01T00:00:00+0000")
    assert repo.root is not None
    monkeypatch.chdir(repo.root)
    return repo


def test_two_versions_are_drawn_and_written(wine: Repository, run: Run, tmp_path: Path) -> None:
    ran = run("plots", "wine:1", "wine:2", "--svg", tmp_path / "out")
    assert ran.code == 0
    assert "ROC (curves/roc.csv)" in ran.out
    assert "○ v1   ⣿ v2" in ran.out
    assert "v2: lost.csv is not in the commit" in ran.out
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["curves-roc.svg", "tree-v1.svg", "tree-v2.svg"]
    assert ">v1</text>" in (tmp_path / "out" / "curves-roc.svg").read_text()


def test_json_is_a_specification_a_plot(wine: Repository, run: Run) -> None:
    ran = run("plots", "--json", "-p", "ROC")
    (plot,) = json.loads(ran.out)
    assert plot["revisions"] == ["v2"]
    assert plot["spec"]["data"]["values"][3] == {"rev": "v2", "x": "3", "y": "2"}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("wine:9",), "wine@v9"),
        (("-p", "nothing"), "known are: curves/roc.csv, tree.svg, lost.csv"),
        (("wine:1", "beer:1"), "beer"),
        (("nowhere",), "nowhere"),
        (("a", "b", "c", "d", "e", "f"), "at most 5"),
    ],
)
def test_what_is_not_there_is_told(wine: Repository, run: Run, args: tuple[str, ...], words: str) -> None:
    ran = run("plots", *args)
    assert ran.code == 2
    assert words in ran.err


def test_without_plots_it_says_where_they_are_declared(wine: Repository, run: Run) -> None:
    commit_all(wine, {"dvc.yaml": "stages: {}\n"})
    tag(wine, "wine@v3", format_version("wine", "3", Facts("No plots")), "2026-11-02T00:00:00+0000")
    ran = run("plots")
    assert (ran.code, ran.out) == (0, "")
    assert "`plots:` in dvc.yaml names them" in ran.err


def test_a_card_is_shown_and_written(wine: Repository, run: Run, tmp_path: Path) -> None:
    assert "Which wine it is" in run("card").out
    assert run("card", "wine:1", "--html", "-o", tmp_path / "card.html").out == ""
    page = (tmp_path / "card.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "img-src data:" in page
    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert json.loads(run("card", "wine", "--json").out)["version"] == "2"


def test_slices_need_rows_to_look_at(wine: Repository, run: Run) -> None:
    ran = run("card", "wine", "--slices")
    assert ran.code == 2
    assert "has no test rows to look for slices in" in ran.err
