"""The entry of the command line: finds the command, imports only its module, meets every error once."""

import os
import sys
from functools import partial
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import click

from gitmodel import __version__, clock
from gitmodel.cli.commands import COMMANDS, COMMANDS_THAT_READ, SECTIONS
from gitmodel.cli.edge import guard
from gitmodel.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


_COMPLETES = "_GITMODEL_COMPLETE"  # set by the scripts of `gitmodel completion`


class Program(click.Group):
    """A group whose commands come from a table, and whose errors are told in words.

    Attributes:
        called: Name of the command that runs, once it was found.
    """

    called = ""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names of all commands."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command and return the command; ``None``: there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        # A module cannot have a word of Python's grammar as its name: `import` is import_.py.
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        found = import_module(f"gitmodel.cli.{module}").command
        assert isinstance(found, click.Command)
        self.called = cmd_name
        if _COMPLETES in os.environ:
            from gitmodel.cli.completing import attach

            attach(found)
        return keep_examples(found)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Return the commands that begin so; unlike click's own, it imports none of them."""
        from click.shell_completion import CompletionItem

        if ctx.args or getattr(ctx, "_protected_args", []):
            return []  # behind what is no command
        words = {name: text for commands in SECTIONS.values() for name, text in commands.items()}
        found = [
            CompletionItem(name, help=text) for name, text in words.items() if name.startswith(incomplete)
        ]
        return found or click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; a name that is none gets the nearest one."""
        is_asked = not ctx.resilient_parsing  # and not completed by a shell
        if is_asked and args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(_no_such_command(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands by section."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([*commands.items()])

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run and exit: with the code of the error's class where there was one."""
        kwargs["standalone_mode"] = False
        sys.exit(guard(partial(super().main, *args, **kwargs)))


def keep_examples(command: click.Command) -> click.Command:
    r"""Let blocks marked ``\b`` in the help keep their lines; docstrings hold the mark as two characters."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        keep_examples(inner)
    return command


def _no_such_command(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, COMMANDS, n=1)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    return f"No such command {name!r}.{meant}"


def _change_folder(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> None:
    for path in value:
        try:
            os.chdir(path)
        except OSError as error:
            raise click.BadParameter(f"{path}: {error.strerror}") from error


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gitmodel")
@click.option(
    "-C",
    "_path",
    multiple=True,
    metavar="PATH",
    callback=_change_folder,
    expose_value=False,
    is_eager=True,
    help="Run as if started in PATH.",
)
@click.option("--no-pager", is_flag=True, help="Show long text without a pager.")
@click.option("--no-color", is_flag=True, help="Show text without colours.")
def program(**_options: bool) -> None:
    r"""GitOps for machine-learning models: versions are tags, metrics are notes, environments are branches.

    \b
    Examples:
      gitmodel list
      gitmodel show credit-risk:4
      gitmodel COMMAND --help
    """
    if clock.VARIABLE in os.environ:
        try:
            clock.now()
        except (OSError, ValueError) as error:
            hint = "unset it, or write a time such as 2026-12-01T10:00:00Z into the file"
            raise UsageError(f"{clock.VARIABLE} names no file with a time: {error}", hint=hint) from error


keep_examples(program)


def main() -> None:
    """Run the command line."""
    if _COMPLETES in os.environ:
        from gitmodel.cli.completing import prepare

        prepare()
    try:
        program(prog_name="gitmodel")
    except SystemExit as ended:
        if program.called in COMMANDS_THAT_READ:
            _end_at_once(ended.code)
        raise


def _end_at_once(code: "str | int | None") -> None:
    """End a command that leaves nothing to tidy up: Python takes 5 ms to take itself apart."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # as Python itself ends then
    if isinstance(code, int):
        os._exit(code)
