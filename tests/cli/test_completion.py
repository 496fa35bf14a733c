"""Completion: what is offered, and that real shells take it, the colon of a version included."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.cli.completing import SHELLS
from gitmodel.cli.completion import SCRIPTS
from gitmodel.git.repository import Repository
from gitmodel.registry.known import read_known
from tests.cli.conftest import Run
from tests.cli.pseudo import terminal

PROGRAM = Path(sys.executable).with_name("gitmodel")
HELLO = [f"hello-world:{word}" for word in ("latest", "production", "staging")]
ENV = {"PATH": f"{PROGRAM.parent}:/usr/local/bin:/usr/bin:/bin"}


def offered(repo: Repository, line: str, shell: str = "bash") -> list[str]:
    """Return the words that a shell is offered at the end of a line."""
    env = {**process.clean_environment(), "_GITMODEL_COMPLETE": f"{shell}_complete", "_GITMODEL_LINE": line}
    done = process.run([str(PROGRAM)], cwd=repo.workdir, env=env)
    assert done.stderr == b""
    return [row.split("\t")[1] for row in done.text.splitlines() if row]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gitmodel sh", ["show"]),
        ("git gitmodel sh", ["show"]),
        ("/usr/bin/gitmodel show hel", ["hello-world", *HELLO]),
        (
            "gitmodel show credit-risk:",
            [f"credit-risk:{word}" for word in ("4", "3", "latest", "production", "staging")],
        ),
        ("gitmodel show credit-risk:p", ["credit-risk:production"]),
        ("gitmodel package 'hello-world:", ["hello-world:1", *HELLO]),
        ("gitmodel show nobody:", []),
        ("gitmodel train ", ["credit-risk", "hello-world", "spam-filter"]),
        ("gitmodel status ", ["production", "staging"]),
        ("gitmodel promote credit-risk:4 ", ["production", "staging"]),
        ("gitmodel rollback s", ["spam-filter", "staging"]),
        ("gitmodel train --commit ", ["HEAD", "main"]),
        ("gitmodel log --js", ["--json"]),
        ("gitmodel --no-pager --no-color log cr", ["credit-risk"]),
        ("gitmodel logs 2026", ["20261128T000000-001", "20261127T154631-001"]),
        ("gitmodel completion z", ["zsh"]),
        ("gitmodel nothing ", []),
    ],
)  # fmt: skip
def test_what_is_offered(models: Repository, line: str, words: list[str]) -> None:
    if "logs" in line:
        for name in ("20261127T154631-001", "20261128T000000-001"):
            (models.state / "runs" / name).mkdir(parents=True)
            (models.state / "runs" / name / "run.json").write_text("{}")
    assert offered(models, line) == words


def test_elsewhere_nothing_is_offered(tmp_path: Path) -> None:
    env = {**process.clean_environment(), "_GITMODEL_COMPLETE": "zsh_complete"}
    for line in ("gitmodel show ", "gitmodel show a:", 'gitmodel show "', "gitmodel"):
        done = process.run([str(PROGRAM)], cwd=tmp_path, env={**env, "_GITMODEL_LINE": line})
        assert done.stderr == b""
        assert "Traceback" not in done.text


def test_a_name_that_a_shell_would_run_is_not_offered(models: Repository) -> None:
    for ref in (
        "refs/heads/x;touch${IFS}y",
        "refs/heads/$(id)",
        "refs/heads/env/`id`",
        "refs/heads/env/fine",
    ):
        models.git("update-ref", ref, "HEAD")
    known = read_known(models)
    assert known.branches == ["main"]
    assert known.environments == ["fine", "production", "staging"]


def test_environments_of_a_clone_and_those_that_only_have_a_file(models: Repository, tmp_path: Path) -> None:
    process.run(["git", "clone", "-q", str(models.git_dir), str(tmp_path / "clone")])
    clone = Repository.open(tmp_path / "clone")
    (tmp_path / "clone" / "environments").mkdir()
    (tmp_path / "clone" / "environments" / "edge.yaml").touch()
    (tmp_path / "clone" / "environments" / "edge.hosts.yaml").touch()
    assert read_known(clone).environments == ["edge", "production", "staging"]


def test_each_shell_has_its_script(run: Run) -> None:
    assert tuple(SCRIPTS) == SHELLS
    for shell, script in SCRIPTS.items():
        assert run("completion", shell).out == script
    assert run("completion", "tcsh").code == 2


@pytest.mark.parametrize("argv", [("show", "credit-risk:"), ("",)])
def test_completing_loads_none_of_the_large_libraries(models: Repository, argv: tuple[str, ...]) -> None:
    env = {"_GITMODEL_COMPLETE": "bash_complete", "_GITMODEL_LINE": " ".join(("gitmodel", *argv))}
    done = process.run(
        [sys.executable, "-X", "importtime", "-m", "gitmodel"],
        cwd=models.workdir,
        env=process.clean_environment(env),
    )
    lines = done.stderr.decode().splitlines()
    loaded = {line.rpartition("|")[2].strip() for line in lines}
    assert "click" in loaded
    assert not {name.partition(".")[0] for name in loaded} & {"dvc", "yaml", "git", "numpy", "jsonschema"}
    assert argv[0] or "gitmodel.cli.show" not in loaded, "no command is imported to list them"


@pytest.mark.system
def test_completing_is_quick(models: Repository) -> None:
    """At most three times what Python needs for click alone, which no program of click undercuts."""

    def least(argv: list[str]) -> float:
        env = process.clean_environment(
            {"_GITMODEL_COMPLETE": "bash_complete", "_GITMODEL_LINE": "gitmodel show credit-risk:"}
        )
        taken = []
        for _ in range(15):
            begun = time.perf_counter()
            process.run(argv, cwd=models.workdir, env=env)
            taken.append(time.perf_counter() - begun)
        return min(taken)

    assert least([str(PROGRAM)]) < 3 * least([sys.executable, "-c", "import click"])


def shell(name: str) -> str:
    """Return the path of a shell; where it is not installed, skip."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


TYPED = [
    ("gitmodel show credit-risk:p\t\n", "Model-Version: 4"),
    ("gitmodel show hello-world:1\t\n", "Model-Name: hello-world"),
    ("gitmodel sho\tcredit-risk:la\t --js\t\n", '"version": "4"'),
    ("gitmodel show credit-risk:\t\t", "latest.*production.*staging"),
    ("gitmodel log spam\t\n", "no version of spam-filter"),
]


@pytest.mark.system
@pytest.mark.parametrize(("typed", "shown"), TYPED)
def test_bash(models: Repository, typed: str, shown: str) -> None:
    argv = [shell("bash"), "--norc", "--noprofile", "-i"]
    with terminal(argv, cwd=models.workdir, env={**ENV, "PS1": "> ", "HISTFILE": ""}) as tty:
        tty.type('eval "$(gitmodel completion bash)"; PS1="ready"\\> \n')
        tty.until(r"ready>$")
        tty.type(typed)
        tty.until(f"(?s){shown}")


@pytest.mark.system
def test_bash_completes_for_git_too(models: Repository) -> None:
    git = Path("/usr/share/bash-completion/completions/git")
    if not git.is_file():
        pytest.skip("git's completion for bash is not installed")
    argv = [shell("bash"), "--norc", "--noprofile", "-i"]
    with terminal(argv, cwd=models.workdir, env={**ENV, "PS1": "> ", "HISTFILE": ""}) as tty:
        tty.type(f'. {git}; eval "$(gitmodel completion bash)"; PS1="ready"\\> \n')
        tty.until(r"ready>$")
        tty.type("git gitmodel sho\tcredit-risk:p\t\n")
        tty.until("Model-Version: 4")


@pytest.mark.system
@pytest.mark.parametrize(("typed", "shown"), TYPED)
def test_zsh(models: Repository, typed: str, shown: str) -> None:
    with terminal(
        [shell("zsh"), "-f", "-i"], cwd=models.workdir, env={**ENV, "HOME": str(models.state)}
    ) as tty:
        tty.type('autoload -U compinit; compinit -D; eval "$(gitmodel completion zsh)"; PS1="ready"\\>\n')
        tty.until(r"ready>[^\n]*$")
        tty.type(typed)
        tty.until(f"(?s){shown}")


@pytest.mark.system
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("gitmodel show credit-risk:p", ["credit-risk:production"]),
        ("gitmodel show hello-world:", ["hello-world:1", *HELLO]),
        ("git gitmodel show credit-risk:s", ["credit-risk:staging"]),
        ("gitmodel compl", ["completion"]),
        ("gitmodel validate READ", ["README"]),
    ],
)
def test_fish(models: Repository, line: str, words: list[str]) -> None:
    script = f"gitmodel completion fish | source; complete -C '{line}'"
    env = {**os.environ, **ENV, "HOME": str(models.state)}
    done = process.run([shell("fish"), "--no-config", "-c", script], cwd=models.workdir, env=env)
    assert [row.split("\t")[0] for row in done.text.splitlines()] == words
