"""The time that is written down, where a file says it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitmodel import clock
from gitmodel.cli.main import program
from gitmodel.errors import UsageError
from gitmodel.git.commits import commit_files
from gitmodel.git.repository import Repository
from gitmodel.metrics import records


def test_it_is_now() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)


def test_a_file_may_say_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo: Repository) -> None:
    file = tmp_path / "clock"
    monkeypatch.setenv(clock.VARIABLE, str(file))
    file.write_text("2012-01-15T02:00:00+02:00\n")
    assert clock.now() == datetime(2012, 1, 15, tzinfo=UTC)
    assert records.now() == "2012-01-15T00:00:00Z"
    made = commit_files(repo, parent=None, changes={"a": b"1"}, message="Then\n")
    assert repo.git("show", "--no-patch", "--format=%cI", made) == "2012-01-15T00:00:00+00:00"
    file.write_text("2012-02-01T00:00:00Z")
    assert clock.now().month == 2


@pytest.mark.parametrize("text", [None, "", "tomorrow"])
def test_a_file_that_says_none(text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clock"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv(clock.VARIABLE, str(file))
    with pytest.raises(SystemExit) as ended:
        program(["list"])
    assert ended.value.code == UsageError.exit_code
