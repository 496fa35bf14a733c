"""`gitmodel validate`, and what a start may import."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from gitmodel import spec
from gitmodel.cli.validate import command
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from tests.conftest import commit_all


@pytest.fixture
def models(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository with two models, as the current folder."""
    commit_all(repo, {"models/a/model.yaml": "name: a\n", "models/b/model.yaml": "name: b\n"})
    monkeypatch.chdir(repo.workdir)
    return repo


def run(*arguments: str) -> tuple[int, str]:
    # A command remembers the options for help that it was first asked with.
    result = CliRunner().invoke(command, arguments, help_option_names=["-h", "--help"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_valid(models: Repository) -> None:
    assert run() == (0, "2 files checked, all valid\n")
    assert run("models/a") == (0, "1 file checked, all valid\n")
    assert run("--rev", "HEAD") == (0, "2 files checked, all valid\n")


def test_invalid(models: Repository) -> None:
    (models.workdir / "models/a/model.yaml").write_text("nam: a\n")
    code, output = run("models/a/model.yaml")
    assert code == 2
    assert output.splitlines()[-1] == "1 file checked, 1 problem"
    assert output.splitlines()[0].endswith('did you mean "name"?')
    assert run("--rev", "HEAD")[0] == 0


def test_json(models: Repository) -> None:
    assert json.loads(run("--json")[1]) == {
        "files": ["models/a/model.yaml", "models/b/model.yaml"],
        "problems": [],
    }
    (models.workdir / "models/a/model.yaml").write_text("name: a\nmetrics: m.json\n")
    code, output = run("--json")
    assert code == 2
    assert json.loads(output)["problems"] == [
        {
            "file": "models/a/model.yaml",
            "line": 2,
            "path": "metrics",
            "found": '"m.json"',
            "expected": "a list",
            "hint": "write [m.json]",
        }
    ]


def test_schema_prints_a_path() -> None:
    assert run("--schema", "model")[1].rstrip().endswith("schemas/model.schema.json")


def test_help_has_examples() -> None:
    code, output = run("--help")
    assert code == 0
    assert "gitmodel validate --rev origin/main" in output


def test_nothing_to_check(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.workdir)
    with pytest.raises(UsageError):
        run()


def loaded(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_a_start_imports_no_reader() -> None:
    late = {"yaml", "jsonschema", "dataclasses", "difflib"}
    assert not loaded("import gitmodel.spec") & late
    assert not loaded("from gitmodel.spec import ModelSpec, EnvironmentSpec") & (late - {"dataclasses"})
    assert not loaded("import gitmodel.cli.validate") & {"yaml", "jsonschema"}


def test_public_names_are_what_they_say() -> None:
    assert sorted(spec._HOMES) == sorted(spec.__all__)
    for name in spec.__all__:
        assert getattr(spec, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = spec.nothing
