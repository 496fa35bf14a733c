"""What should run in an environment beside what answers there."""

import concurrent.futures
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitmodel.delivery.ansible.module_utils.gitmodel_probe import version_at
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.outcomes import Outcome, read_outcomes
from gitmodel.errors import UsageError
from gitmodel.git.commits import read_log
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import Desired, Hold, read_desired
from gitmodel.registry.environments import env_tip

_SECONDS = 1.0
_LOOKED_BACK = 200


@dataclass(frozen=True)
class Status:
    """A model in an environment.

    ``desired`` and ``live`` are versions (``None``: nothing should run, nothing answers). ``model_id`` is
    what the live one says of itself. ``last`` is the newest deployment that was noted.
    """

    env: str
    model: str
    desired: str | None
    live: str | None
    model_id: str | None
    url: str
    hold: Hold | None
    last: Outcome | None

    @property
    def in_sync(self) -> bool:
        """Say whether what answers is what should."""
        return self.desired == self.live


def status(repo: Repository, env: str) -> list[Status]:
    """Return the models of an environment, by name; each is asked once, with a short patience.

    An environment that is not defined here is asked where its last deployment says that it answers.

    Raises:
        UsageError: If nothing was promoted to it, and it is not defined here either.
    """
    tip = env_tip(repo, env)
    try:
        where = find_target(repo, env).url
    except UsageError:
        if tip is None:
            raise
        where = None
    if tip is None:
        return []
    commits = [commit.oid for commit in read_log(repo, tip, limit=_LOOKED_BACK)]
    outcomes = read_outcomes(repo, commits)

    def row(desired: Desired) -> Status:
        last = next((each for each in outcomes if each.model == desired.model and each.env == env), None)
        url = where(desired.model) if where else last.url if last else ""
        answer = _ask(url) or {}
        live, model_id = answer.get("version"), answer.get("model_id")
        if answer.get("model") != desired.model:
            live = model_id = None
        return Status(env, desired.model, desired.version, live, model_id, url, desired.hold, last)

    wanted = sorted(read_desired(repo, env, tip).values(), key=lambda desired: desired.model)
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(row, wanted))


def _ask(url: str) -> dict[str, str] | None:
    """Return what ``/version`` below an address says; ``None`` where there is no such address or answer."""
    parts = urlsplit(url)
    try:
        port = parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http" or not parts.hostname:
        return None
    found = version_at(parts.hostname, port, parts.path, seconds=_SECONDS)
    return None if found is None else {name: str(value) for name, value in found.items()}
