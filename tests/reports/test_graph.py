"""The versions of a model drawn as a graph."""

import pytest

from gitmodel.git.repository import Repository
from gitmodel.registry.desired import Desired, format_desired
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef, format_version
from gitmodel.reports.graph import graph_text
from tests.conftest import commit_all
from tests.registry.test_desired import promote


def version(repo: Repository, number: str, source: str = "HEAD") -> None:
    """Register a version as training does: its run commit is on no branch and follows the source."""
    commit = repo.git("rev-parse", source)
    run = repo.git("commit-tree", "-p", commit, "-m", f"Train {number}", f"{commit}^{{tree}}")
    message = format_version("m", number, Facts(f"Change\x1b {number}", run=RunRef(commit, "d" * 64)))
    repo.git("tag", "-a", "--cleanup=verbatim", "-F", "-", f"m@v{number}", run, stdin=message.encode())


def drawn(repo: Repository) -> list[str]:
    lines = graph_text(repo, Registry(repo).versions("m"))
    return [line if "/" in line else " ".join(w for w in line.split() if w[0] in "*|v(") for line in lines]


def test_a_line(repo: Repository) -> None:
    for number in ("1", "2", "3"):
        commit_all(repo, {"a": number})
        version(repo, number)
    version(repo, "4")
    promote(repo, "qa", {"m.yaml": format_desired(Desired("m", "3"))})
    assert drawn(repo) == ["* v4", "* v3 (qa)", "* v2", "* v1"]
    assert "Change\\x1b 4" in graph_text(repo, Registry(repo).versions("m"))[0]


def test_branches_have_columns(repo: Repository) -> None:
    commit_all(repo, {"a": "1"})
    version(repo, "1")
    repo.git("checkout", "-q", "-b", "topic")
    commit_all(repo, {"b": "1"})
    version(repo, "2")
    repo.git("checkout", "-q", "main")
    commit_all(repo, {"a": "2"})
    version(repo, "3")
    repo.git("checkout", "-q", "topic")
    commit_all(repo, {"b": "2"})
    version(repo, "4")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-edit", "topic")
    version(repo, "5")
    assert drawn(repo) == ["* v5", "| * v4", "* | v3", "| * v2", "|/", "* v1"]


@pytest.mark.parametrize("message", ["By hand\n", "Bare\n\nModel-Name: m\n"])
def test_tags_by_hand_are_drawn_too(repo: Repository, message: str) -> None:
    repo.git("tag", "-a", "-m", message, "m@v1")
    commit_all(repo, {"a": "1"})
    repo.git("tag", "m@v2")
    assert drawn(repo) == ["* v2", "* v1"]
