"""Times in which nothing may be rolled out."""

from dataclasses import dataclass
from datetime import datetime

from gitmodel.spec.environment import EnvironmentSpec
from gitmodel.spec.windows import frozen_until


@dataclass(frozen=True)
class Freeze:
    """One that it is now; ``words`` say until when, why, and what to do."""

    until: datetime
    words: str


def freeze_now(spec: EnvironmentSpec, moment: datetime) -> Freeze | None:
    """Return the time in which nothing may be rolled out that a moment lies in, if it does."""
    found = frozen_until(spec.windows, moment)
    if found is None:
        return None
    until = f"{found.until:%Y-%m-%d %H:%M} {found.until.tzname() or ''}".strip()
    why = f": {found.reason}" if found.reason else ""
    return Freeze(
        found.until,
        f"nothing may be rolled out in {spec.name} until {until} ({found.text}{why}); "
        f"`gitmodel deploy {spec.name}` does it then, `--override REASON` now",
    )
