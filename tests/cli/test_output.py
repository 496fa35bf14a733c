"""Text on a terminal: in git's pager, in git's colours, and nothing of either anywhere else."""

import json
import re
import sys
from pathlib import Path

import pytest

from gitmodel import process
from gitmodel.delivery.status import Status
from gitmodel.git.repository import Repository
from gitmodel.pipelines import listing
from gitmodel.registry.desired import Hold
from gitmodel.reports import diff, findings, models, status, versions
from gitmodel.reports.terminal import Colours, clean, paint
from tests.cli.conftest import Run
from tests.cli.pseudo import terminal

PROGRAM = str(Path(sys.executable).with_name("gitmodel"))
YELLOW = "\x1b[33m"


def seen(repo: Repository, *args: str, rows: int = 24, env: dict[str, str] | None = None) -> str:
    """Return what a command shows on a terminal."""
    with terminal([PROGRAM, *args], cwd=repo.workdir, rows=rows, env=env) as shown:
        return shown.rest()


def test_colours_are_those_of_git(models: Repository) -> None:
    assert f"credit-risk  {YELLOW}v4\x1b[m\n" in seen(models, "list")
    models.git("config", "color.ui", "false")
    assert "\x1b" not in seen(models, "list")
    models.git("config", "color.gitmodel", "auto")
    assert YELLOW in seen(models, "list")


@pytest.mark.parametrize(
    ("args", "env"),
    [
        (("list",), {"NO_COLOR": "1"}),
        (("--no-color", "list"), {}),
        (("list",), {"TERM": "dumb"}),
        (("list", "--json"), {}),
    ],
)
def test_no_colours_where_none_are_wanted(
    models: Repository, args: tuple[str, ...], env: dict[str, str]
) -> None:
    text = seen(models, *args, env=env)
    assert "credit-risk" in text
    assert "\x1b" not in text


def test_what_git_is_told_for_once_counts(models: Repository) -> None:
    argv = ["git", "-c", "color.ui=never", "gitmodel", "list"]
    with terminal(argv, cwd=models.workdir, env={"PATH": f"{Path(PROGRAM).parent}:/usr/bin:/bin"}) as shown:
        assert shown.rest() == "credit-risk  v4\nhello-world  v1\nspam-filter  -\n"


def test_elsewhere_than_on_a_terminal_text_is_plain(models: Repository) -> None:
    models.git("config", "color.ui", "always")
    models.git("config", "core.pager", "sed s/^/paged:/")
    done = process.run([PROGRAM, "log"], cwd=models.workdir)
    assert done.text.startswith("Model-ID: ")
    assert "\x1b" not in done.text


def test_what_does_not_fit_is_paged(models: Repository) -> None:
    models.git("config", "core.pager", "sed s/^/paged:/")
    paged = seen(models, "log", rows=6)
    assert paged.startswith(f"paged:{YELLOW}Model-ID: ")
    assert all(line.startswith("paged:") for line in paged.splitlines())
    assert "paged:" not in seen(models, "log", rows=60), "it fits"
    assert "paged:" not in seen(models, "--no-pager", "log", rows=6)
    assert json.loads(seen(models, "log", "--json", rows=6))
    assert seen(models, "log", rows=6, env={"GIT_PAGER": "sed s/^/other:/"}).startswith("other:")
    assert seen(models, "log", rows=6, env={"GIT_PAGER": "cat"}).startswith(f"{YELLOW}Model-ID")


def test_lineage_is_paged_as_text_only(models: Repository) -> None:
    models.git("config", "core.pager", "sed s/^/paged:/")
    paged = seen(models, "lineage", "credit-risk:4", rows=6)
    assert paged.startswith(f"paged:{YELLOW}Data\x1b[m\n")
    assert all(line.startswith("paged:") for line in paged.splitlines())
    for form in ("json", "mermaid", "openlineage"):
        assert "paged:" not in seen(models, "lineage", "credit-risk:4", "--format", form, rows=6)


@pytest.mark.parametrize(("command", "shown"), [("gone-4711", True), ("true", False), ("head -n 1", False)])
def test_a_pager_that_is_missing_or_leaves_early(models: Repository, *, command: str, shown: bool) -> None:
    text = seen(models, "log", rows=6, env={"GIT_PAGER": command})
    assert ("Model-Name: hello-world" in text) is shown
    assert "error" not in text


def test_a_long_line_takes_more_than_one_row(models: Repository) -> None:
    marked = {"GIT_PAGER": "sed s/^/paged:/"}
    narrow = seen(models, "show", "credit-risk:4", rows=20, env={**marked, "COLUMNS": "20"})
    assert narrow.startswith("paged:")
    assert not seen(models, "show", "credit-risk:4", rows=20, env=marked).startswith("paged:")


def test_less_is_set_up_as_git_does(models: Repository) -> None:
    show = 'sh -c "cat >/dev/null; echo LESS=$LESS LV=$LV"'
    assert seen(models, "log", rows=6, env={"GIT_PAGER": show}) == "LESS=FRX LV=-c\n"
    assert seen(models, "log", rows=6, env={"GIT_PAGER": show, "LESS": "S"}) == "LESS=S LV=-c\n"


@pytest.mark.system
def test_ctrl_c_is_the_pagers(models: Repository) -> None:
    """As with git: the interrupt does not end the program below its pager."""
    pager = "trap 'echo caught; exit' INT; echo ready; while :; do sleep 0.1; done"
    with terminal([PROGRAM, "log"], cwd=models.workdir, rows=6, env={"GIT_PAGER": pager}) as shown:
        shown.until("ready")
        shown.type("\x03")
        text = shown.rest()
    assert "caught" in text
    assert "interrupted" not in text
    assert shown.process.returncode == 0


def test_escape_codes_of_others_stay_harmless(models: Repository) -> None:
    """The tag's message holds one: only our own reach the terminal."""
    assert set(re.findall(r"\x1b\[[0-9;]*[A-Za-z]", seen(models, "log"))) == {YELLOW, "\x1b[m"}
    assert "\\x1b[2J" in seen(models, "log")


@pytest.mark.parametrize(
    ("line", "colours", "painted"),
    [
        ("production  credit-risk  v4  v4  in sync  http://h", status.COLOURS, "\x1b[32min sync\x1b[m"),
        ("production  credit-risk  v4  v3  differs  http://h", status.COLOURS, "\x1b[31mdiffers\x1b[m"),
        ("accuracy  0.8  0.9  +0.1  better", diff.COLOURS, "\x1b[32mbetter\x1b[m"),
        ("accuracy  0.8  0.7  -0.1  worse", diff.COLOURS, "\x1b[31mworse\x1b[m"),
        ("fail  git  it is old", findings.COLOURS, "\x1b[31mfail\x1b[m"),
        ("20261127T154631-001  failed (2)  2026", listing.COLOURS, "\x1b[31mfailed (2)\x1b[m"),
        ("credit-risk  v4", models.COLOURS, "\x1b[33mv4\x1b[m"),
        ("Model-ID: ff5cb8ba", versions.COLOURS, "\x1b[33mModel-ID: ff5cb8ba\x1b[m"),
    ],
)
def test_the_colours_of_each_report(line: str, colours: Colours, painted: str) -> None:
    shown = paint(line, colours)
    assert painted in shown
    assert re.sub(r"\x1b\[\d*m", "", shown) == line
    assert paint(clean("a line\x1b[2J of something else"), colours) == "a line\\x1b[2J of something else"


def test_states_of_a_real_table_are_coloured() -> None:
    hold = Hold("ada", "2026-11-27", "too slow")
    rows = [Status("production", "credit-risk", "4", None, None, "http://127.0.0.1:1", hold, None)]
    lines = [paint(line, status.COLOURS) for line in status.status_text(rows)]
    assert "\x1b[31mdown\x1b[m" in lines[1]
    assert "\x1b[33mheld\x1b[m" in lines[2]


def test_options_of_the_whole_program(models: Repository, run: Run) -> None:
    assert run("--no-pager", "--no-color", "list").out == run("list").out
    assert "--no-pager" in run("--help").out
