"""What became of each host in a rollout."""

from collections.abc import Sequence
from dataclasses import dataclass

from gitmodel.errors import ToolFailed


@dataclass(frozen=True)
class HostOutcome:
    """What became of a host.

    ``outcome`` is deployed, unchanged, checked, failed (it has the old version, or does not answer), returned
    (it had the new version and has the old one again) or untouched; ``words`` say why.
    """

    host: str
    outcome: str
    seconds: float = 0.0
    words: str = ""

    @property
    def line(self) -> str:
        """What people read."""
        return f"{self.host}: {self.outcome}" + (f", {self.words}" if self.words else "")


class RolloutFailed(ToolFailed):
    """A rollout that stopped; ``hosts`` says what each host runs now."""

    def __init__(
        self, message: str, *, hosts: Sequence[HostOutcome] = (), detail: str = "", hint: str = ""
    ) -> None:
        super().__init__(message, detail=detail, hint=hint)
        self.hosts = tuple(hosts)
