"""What keeps the programs of an environment alive on a host: supervisor or systemd, behind one interface."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from .gitmodel_layout import Layout, Program
from .gitmodel_supervisor import Supervisor
from .gitmodel_systemd import Systemd


class Keeper(Protocol):
    """Keeps programs alive, each described by a file of its own.

    Every method raises `HostError` where it does not answer or refuses.
    """

    def answers(self) -> bool:
        """Say whether it is there."""

    def bring_up(self, python: str, before: Callable[[], None]) -> str:
        """Return "" where it is there already, else call ``before``, start it, and say what was done."""

    def write(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        *,
        program: "Program | None" = None,
        limits: Mapping[str, str] = {},
        low_port: bool = False,
        credentials: Mapping[str, str] = {},
    ) -> bool:
        """Put the file of a program in place; say whether that changed it.

        Args:
            name: The program's name.
            command: What runs, never by way of a shell's words.
            folder: Where it runs.
            variables: What it finds in its environment beside what every program does.
            program: The version of a model that it is; ``None``: none (the router).
            limits: ``memory`` and ``cpu`` in the words of systemd, for those who can hold it to them.
            low_port: Whether it listens on a port below 1024.
            credentials: Files that root reads for it, by the name that it finds them under.
        """

    def state(self, name: str) -> "dict[str, Any] | None":
        """Return what is known of a program (``statename``, ``pid``, ``start``, ``now``), if anything."""

    def states(self) -> "dict[str, dict[str, Any]]":
        """Return the same of all programs whose files are in place, by name."""

    def start(self, name: str) -> None:
        """See to it that a program whose file is in place is started; a running one is left as it is."""

    def remove(self, name: str) -> bool:
        """Stop a program and forget it; say whether there was one."""

    def position(self, name: str) -> float:
        """Return where the words of a program end now, for `words`."""

    def words(self, name: str, position: float = 0, *, lines: int = 40) -> str:
        """Return the last lines that a program has printed since a position."""


def keeper(layout: Layout) -> Keeper:
    """Return what keeps the programs of that layout."""
    return Systemd(layout) if layout.units else Supervisor(layout)
