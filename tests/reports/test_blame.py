"""Which version moved a metric."""

import pytest

from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import DataRef
from gitmodel.reports.blame import blame_document, blame_text, find_moves
from tests.reports.test_compare import register


@pytest.fixture
def moved(repo: Repository) -> Repository:
    """Return a repository with versions of which each changes something else."""
    data, more = {"d.csv": DataRef("1" * 32)}, {"d.csv": DataRef("2" * 32)}
    for number, loss, depth, ref, code in (
        ("1", 0.5, 4, data, "a"),
        ("2", 0.4, 6, data, "a"),
        ("3", 0.4, 8, data, "a"),
        ("4", 0.6, 8, more, "a"),
        ("5", 0.55, 8, more, "b"),
    ):
        files = {
            "model.yaml": "name: risk\n",
            "train.py": code,
            "params.yaml": f"depth: {depth}\n",
            "n": number,
        }
        register(
            repo, number, files, {"metrics": {"loss": loss}, "parameters": {"depth": depth}, "data": ref}
        )
    return repo


def test_each_move_and_its_reasons(moved: Repository) -> None:
    repo = moved
    moves = find_moves(repo, Registry(repo).versions("risk"), "loss")
    lines = [line.split() for line in blame_text(moves, "loss")]
    assert lines[0] == ["v4", "moved", "loss", "most:", "+0.2", "(worse)"]
    assert [[row[0], *row[2:5]] for row in lines[3:]] == [
        ["v5", "0.55", "-0.05", "better"],
        ["v4", "0.6", "+0.2", "worse"],
        ["v2", "0.4", "-0.1", "better"],
    ]
    found = {row["version"]: row["what_changed"] for row in blame_document(moves)}
    assert found == {
        "5": ["code: n, train.py"],
        "4": ["data: d.csv", "code: n"],
        "2": ["depth 4 -> 6", "code: n"],
    }
    assert len(find_moves(repo, Registry(repo).versions("risk"), "loss", 1)) == 1


def test_a_metric_that_nobody_has(moved: Repository) -> None:
    with pytest.raises(UsageError, match="no version has the metric 'los'") as error:
        find_moves(moved, Registry(moved).versions("risk"), "los")
    assert error.value.hint == 'did you mean "loss"?'
    assert blame_text([], "loss") == ["loss has been the same in all versions"]
