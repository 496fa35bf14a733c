"""The time that is written down: in tags, commits, notes, and in what services keep.

`GITMODEL_CLOCK` may name a file with a time as RFC 3339 writes it; then it is that time until the file says
otherwise, here and in the services that are started from here. So the past is replayed. How long things take
is never measured with it.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

VARIABLE = "GITMODEL_CLOCK"


def now() -> datetime:
    """Return the time, in UTC.

    Raises:
        ValueError: If the clock's file says no time.
        OSError: If it cannot be read.
    """
    clock = os.environ.get(VARIABLE)
    if not clock:
        return datetime.now(UTC)
    return datetime.fromisoformat(Path(clock).read_text().strip()).astimezone(UTC)
