"""What a shell asks at each press of the tab key; imported only then.

Each shell's script hands over the line up to the cursor in one variable, and gets back a line a word:
kind, word and what it means, by tabs.
"""

import os
from collections.abc import Callable, Iterable, Iterator

import click
from click.shell_completion import CompletionItem, ShellComplete, add_completion_class, split_arg_string

from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository

LINE = "_GITMODEL_LINE"
SHELLS = ("bash", "zsh", "fish")
Words = Callable[[Repository, click.Context, str], Iterable[str]]


class _Answer(ShellComplete):
    """Takes a line apart and answers in the format that all the scripts read."""

    source_template = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the whole words behind the program's name, and the one that is begun."""
        line = os.environ.get(LINE, "")
        words = split_arg_string(line)
        begun = words.pop() if words and not line[-1].isspace() else ""
        if words and os.path.basename(words[0]) == "git" and self.prog_name in words:  # noqa: PTH119
            words = words[words.index(self.prog_name) :]
        return words[1:], begun

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Write a word with its kind and meaning on one line."""
        return "\t".join((item.type, item.value, " ".join((item.help or "").split())))


def prepare() -> None:
    """Have click answer shells by what is in this module."""
    for shell in SHELLS:
        add_completion_class(type(f"_{shell.title()}", (_Answer,), {}), shell)


def attach(command: click.Command) -> None:
    """Let the parameters of a command know what they could be, by their names."""
    for parameter in command.params:
        words = _words_of(parameter)
        if words:
            setattr(parameter, "shell_complete", _completer(words))  # noqa: B010 - an instance's own
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        attach(inner)


def _words_of(parameter: click.Parameter) -> Words | None:
    if parameter.name == "words":
        return _BY_METAVAR.get(getattr(parameter, "metavar", "") or "")
    return _BY_NAME.get(parameter.name or "")


def _completer(words: Words) -> Callable[[click.Context, str], list[CompletionItem[str]]]:
    def complete(context: click.Context, begun: str) -> list[CompletionItem[str]]:
        try:
            found = list(words(Repository.open(), context, begun))
        except GitmodelError:
            return []  # the command itself tells
        return [CompletionItem(word) for word in dict.fromkeys(found) if word.startswith(begun)]

    return complete


def _models(repo: Repository, _context: click.Context, _begun: str) -> Iterator[str]:
    from gitmodel.reports.models import read_models

    return (row.model for row in read_models(repo))


def _versions(repo: Repository, _context: click.Context, begun: str) -> Iterator[str]:
    from gitmodel.registry.known import read_known

    return read_known(repo).version_words(begun)


def _environments(repo: Repository, _context: click.Context, _begun: str) -> list[str]:
    from gitmodel.registry.known import read_known

    return read_known(repo).environments


def _revisions(repo: Repository, _context: click.Context, _begun: str) -> list[str]:
    from gitmodel.registry.known import read_known

    return ["HEAD", *read_known(repo).branches]


def _runs(repo: Repository, _context: click.Context, _begun: str) -> list[str]:
    from gitmodel.pipelines.receive import server_of

    folder = server_of(repo).state / "runs"
    return sorted((file.parent.name for file in folder.glob("[0-9]*/run.json")), reverse=True)


def _model_then_environment(repo: Repository, context: click.Context, begun: str) -> list[str]:
    first = [] if context.params.get("words") else [*_models(repo, context, begun)]
    return [*first, *_environments(repo, context, begun)]


def _version_then_environment(repo: Repository, context: click.Context, begun: str) -> list[str]:
    first = [] if context.params.get("words") else [*_versions(repo, context, begun)]
    return [*_environments(repo, context, begun), *first]


_BY_NAME: dict[str, Words] = {
    "model": _models,
    "version": _versions,
    "versions": _versions,
    "env": _environments,
    "rev": _revisions,
    "base": _revisions,
    "run": _runs,
}
_BY_METAVAR: dict[str, Words] = {
    "[MODEL] ENV": _model_then_environment,
    "[MODEL] [ENV]": _model_then_environment,
    "[VERSION] ENV": _version_then_environment,
}
