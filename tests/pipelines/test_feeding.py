"""Labels of a file reach the service that an environment names."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gitmodel.errors import InvalidFile, ToolFailed, UsageError
from gitmodel.git.repository import Repository
from gitmodel.monitoring.adding import Added
from gitmodel.packaging.serving.segments import Segments, line
from gitmodel.pipelines.feeding import feed
from tests.conftest import commit_all
from tests.monitoring.test_adding import ID, labels, state, url

__all__ = ["state", "url"]  # fixtures


def environment(repo: Repository, url: str, root: Path) -> None:
    place = urlsplit(url)
    about = {"name": "local", "host": place.hostname, "port": place.port, "root": str(root)}
    commit_all(repo, {"environments/local.yaml": json.dumps(about)})


def test_labels_are_posted_to_the_service(repo: Repository, url: str, state: Path, tmp_path: Path) -> None:
    environment(repo, url, state.parent)
    made = Segments(state / "predictions" / "risk")
    made.append([line({"id": f"{ID}1-0", "at": "", "input": {}, "output": {}})])
    made.close()
    file = tmp_path / "labels.csv"
    file.write_text(f"prediction,label\n{ID}1,1\n{ID}2,0\n")
    assert feed(repo, "risk", "local", file) == Added(taken=2, unknown=1, repeated=0)
    assert labels(state) == [(f"{ID}1-0", 1), (f"{ID}2-0", 0)]
    file.write_text(f"prediction,label\n{ID}1,1\n../x,0\n")
    with pytest.raises(InvalidFile, match="line 3"):
        feed(repo, "risk", "local", file)
    assert len(labels(state)) == 2  # nothing of it was posted
    with pytest.raises(UsageError, match="elsewhere"):
        feed(repo, "risk", "elsewhere", file)


def test_a_service_that_is_down(repo: Repository, tmp_path: Path) -> None:
    environment(repo, "http://127.0.0.1:1", tmp_path)
    file = tmp_path / "labels.csv"
    file.write_text(f"prediction,label\n{ID}1,1\n")
    with pytest.raises(ToolFailed):
        feed(repo, "risk", "local", file)
