"""Try again while others win, without getting into each other's way."""

import random
import time
from collections.abc import Iterator

PATIENCE = 300.0
GIVING_UP = "run the command again; `gitmodel doctor --repair` removes locks that a killed git has left"
_LONGEST_PAUSE = 5.0
_SHORTEST_PAUSE = 0.05


def attempts(patience: float = PATIENCE) -> Iterator[int]:
    """Yield the numbers of attempts from 0, until the caller leaves the loop or ``patience`` seconds passed.

    Between attempts lies a pause of random length. Its bound begins with what an attempt takes, and doubles:
    so the fewer writers a slow remote can serve at a time, the fewer try at a time.
    """
    begun = time.monotonic()
    bound, number = _SHORTEST_PAUSE, 0
    while True:
        started = time.monotonic()
        yield number
        ended = time.monotonic()
        if ended - begun > patience:
            return
        bound = min(max(bound * 2, ended - started), _LONGEST_PAUSE)
        time.sleep(random.uniform(0, bound))  # noqa: S311 - spreads writers, keeps no secret
        number += 1
