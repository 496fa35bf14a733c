"""Documents cannot rot: generated parts are up to date, links lead somewhere, commands exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs import reference
from gitmodel.cli.commands import COMMANDS
from gitmodel.cli.main import program

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "ci-templates/**/*.md", "hooks/**/*.md")
    for path in ROOT.glob(pattern)
)
DECISIONS = sorted(ROOT.glob("docs/decisions/[0-9]*.md"))
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("file", reference.files())
def test_generated_parts_are_up_to_date(file: str) -> None:
    """`make docs` writes them."""
    assert (reference.DOCS / file).read_text("utf-8") == reference.render(file)


def test_every_command_is_described() -> None:
    text = (ROOT / "docs/commands.md").read_text("utf-8")
    assert not [name for name in COMMANDS if f"### gitmodel {name}\n" not in text]


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    text = _FENCE.sub("", path.read_text("utf-8"))
    for target in _LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_shown(text: str) -> Iterator[str]:
    """Yield the gitmodel commands of a document: lines of code blocks, and code in its sentences."""
    for block in _FENCE.findall(text):
        yield from re.findall(r"^(?:\$ +)?(gitmodel [^\n#]+)", block, re.MULTILINE)
    prose = _FENCE.sub("", text)
    yield from re.findall(r"^    (?:\$ +)?(gitmodel [^\n#]+)", prose, re.MULTILINE)
    yield from (" ".join(code.split()) for code in re.findall(r"`(gitmodel [^`]+)`", prose))


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.name != "commands.md"], ids=named)
def test_commands_in_documents_exist(path: Path) -> None:
    for shown in commands_shown(path.read_text("utf-8")):
        check_command(shown)


def check_command(shown: str) -> None:
    """See that a command exists, its subcommand, and each of its options."""
    words = [word for word in shlex.split(shown.partition(" | ")[0].partition(";")[0])[1:] if word != "…"]
    if words[:1] == ["-C"]:
        words = words[2:]
    if not words or words[0] == "COMMAND":
        return
    context = click.Context(program, info_name="gitmodel")
    command = program.get_command(context, words[0])
    assert command is not None, shown
    if isinstance(command, click.Group) and len(words) > 1 and not words[1].startswith("-"):
        inner = command.get_command(context, words[1])
        assert inner is not None, shown
        command = inner
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    options = {word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
    assert options <= known, shown


@pytest.mark.parametrize("path", DECISIONS, ids=named)
def test_decisions_have_their_parts(path: Path) -> None:
    text = path.read_text("utf-8")
    number = path.name.partition("-")[0]
    assert text.startswith(f"# {number}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert f"({path.name})" in (path.parent / "README.md").read_text("utf-8")


def test_decisions_are_numbered() -> None:
    numbers = [int(path.name.partition("-")[0]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_index_names_every_document() -> None:
    text = (ROOT / "docs/index.md").read_text("utf-8")
    missing = [
        path.name for path in ROOT.glob("docs/*.md") if path.name not in text and path.name != "index.md"
    ]
    assert not missing
