"""Repositories that hold the tiny model."""

from pathlib import Path

import pytest

from gitmodel.git.repository import Repository
from tests.conftest import commit_all, make_repository
from tests.training.tiny import FILES, Trainer


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    """Return what trains, with a log of the trainings that ran."""
    log = tmp_path / "trainings"
    monkeypatch.setenv("TRAININGS", str(log))
    return Trainer(log)


@pytest.fixture
def tiny(tmp_path: Path) -> Repository:
    """Return a repository whose one model is at its root; its path has a space."""
    made = make_repository(tmp_path / "my models")
    commit_all(made, FILES, "A tiny model")
    return made
