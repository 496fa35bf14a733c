"""Try again what may pass: connections that fail, servers that are down, limits on the rate of requests."""

from dataclasses import dataclass, field
from typing import Any, Self

from urllib3 import Retry
from urllib3.exceptions import MaxRetryError, ResponseError

_TIMES = 6
_PASSING = (429, *range(500, 600))


@dataclass
class Patience:
    """Seconds that are left for waiting, in all, whatever the forge asks for."""

    left: float
    backoff: float = field(init=False)

    def __post_init__(self) -> None:
        self.backoff = min(1.0, self.left / 120)


class Again(Retry):
    """Tries again as long as patience lasts, then hands out the last answer, so that its words are told."""

    patience: Patience

    def new(self, **changed: Any) -> Self:
        """Return what follows after one more failure, which draws on the same patience."""
        made = super().new(**changed)
        made.patience = self.patience
        return made

    def increment(self, *given: Any, **named: Any) -> Self:
        """Count a failure.

        Raises:
            MaxRetryError: If it was one too many, or the wait would be too long.
        """
        following = super().increment(*given, **named)
        response = named.get("response")
        wait = (self.get_retry_after(response) if response else None) or following.get_backoff_time()
        if wait > self.patience.left:
            reason = named.get("error") or ResponseError("it takes too long")
            raise MaxRetryError(named["_pool"], given[1], reason)
        self.patience.left -= wait
        return following


def trying_again(kind: type[Again], patience: Patience, **more: Any) -> Again:
    """Return when to try again; writes are repeated too, since ours can be."""
    made = kind(
        total=_TIMES,
        backoff_factor=patience.backoff,
        status_forcelist=list(_PASSING),
        allowed_methods=None,
        raise_on_status=False,
        **more,
    )
    made.patience = patience
    return made
