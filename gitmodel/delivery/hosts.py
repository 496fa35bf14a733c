"""What became of each host in a rollout."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HostOutcome:
    """What became of a host.

    ``outcome`` is deployed, unchanged, checked, failed (it has the old version, or does not answer), returned
    (it had the new version and has the old one again) or untouched; ``changed``, ``ok`` or ``unreachable``
    where only its tasks are known. ``words`` say why.
    """

    host: str
    outcome: str
    seconds: float = 0.0
    words: str = ""

    @property
    def line(self) -> str:
        """What people read."""
        return f"{self.host}: {self.outcome}" + (f", {self.words}" if self.words else "")
