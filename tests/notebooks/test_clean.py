"""Notebooks are committed without outputs: refused where they have some, and cleaned by a command."""

import json
import sys
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.notebooks.cells import code, markdown, notebook
from gitmodel.notebooks.clean import strip
from gitmodel.pipelines import setup
from gitmodel.spec.notebooks import unclean
from gitmodel.spec.validation import validate_paths, validate_tree
from tests.conftest import commit_all

MODEL = "name: a\nartifact: {path: m.joblib}\nnotebooks: [look.ipynb, absent.ipynb]\n"
STREAM = {"output_type": "stream", "name": "stdout", "text": "1\n"}
CLEAN = notebook([markdown("# A"), code("print(1)")])


def dirty(**metadata: object) -> bytes:
    cell = {**code("print(1)"), "outputs": [STREAM], "execution_count": 3, "metadata": metadata}
    return notebook([markdown("# A"), cell, code("2")])


def test_outputs_are_found_and_taken_out(tmp_path: Path) -> None:
    file = tmp_path / "look.ipynb"
    file.write_bytes(dirty())
    problem = unclean("look.ipynb", dirty())
    assert problem is not None
    assert problem.found == "outputs in 1 of its 2 cells of code"
    assert "gitmodel notebook --strip look.ipynb" in problem.hint
    assert strip(file)
    assert unclean("look.ipynb", file.read_bytes()) is None
    assert json.loads(file.read_bytes())["cells"][1]["source"] == ["print(1)"]
    before = file.read_bytes()
    assert not strip(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize("metadata", [{"tags": ["keep_output"]}, {"keep_output": True}])
def test_cells_that_say_so_keep_theirs(tmp_path: Path, metadata: dict[str, object]) -> None:
    file = tmp_path / "look.ipynb"
    file.write_bytes(dirty(**metadata))
    assert unclean("look.ipynb", dirty(**metadata)) is None
    strip(file)
    assert STREAM["text"] in "".join(json.loads(file.read_bytes())["cells"][1]["outputs"][0]["text"])


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"cells": [1]}', b"\xff"])
def test_what_is_no_notebook_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "look.ipynb"
    file.write_bytes(content)
    found = unclean("look.ipynb", content)
    assert found is not None
    assert "no notebook" in found.found
    with pytest.raises(InvalidFile, match="no notebook"):
        strip(file)
    assert file.read_bytes() == content


def test_validate_reports_notebooks_of_models_alone(repo: Repository) -> None:
    assert repo.root is not None
    files = {
        "models/a/model.yaml": MODEL,
        "models/a/look.ipynb": dirty().decode(),
        "other.ipynb": dirty().decode(),
    }
    commit = commit_all(repo, files)
    report = validate_paths(repo.root)
    assert [problem.file for problem in report.problems] == ["models/a/look.ipynb"]
    assert "models/a/look.ipynb" in report.files
    assert [each.file for each in validate_tree(repo, commit, ["models/a/look.ipynb"])] == [
        "models/a/look.ipynb"
    ]
    assert validate_tree(repo, commit, ["README"]) == []
    (repo.root / "models/a/look.ipynb").write_bytes(CLEAN)
    assert validate_paths(repo.root).problems == ()


def test_the_command_cleans_files(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_bytes(dirty())
    (tmp_path / "b.ipynb").write_bytes(CLEAN)
    argv = [sys.executable, "-m", "gitmodel", "notebook", "--strip", "a.ipynb", "b.ipynb"]
    assert process.run(argv, cwd=tmp_path).text == "outputs removed: a.ipynb\n"
    assert (tmp_path / "b.ipynb").read_bytes() == CLEAN


def test_pre_commit_is_told_of_the_hook() -> None:
    ours = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    for text in (setup._PRE_COMMIT, ours):
        assert "entry: gitmodel notebook --strip" in text
        assert r"exclude: \.output\.ipynb$" in text
