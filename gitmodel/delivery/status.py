"""What should run in an environment beside what answers there."""

import concurrent.futures
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitmodel.delivery import runtimes
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import version_at
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.inventories import at_hosts
from gitmodel.delivery.outcomes import Outcome, read_outcomes
from gitmodel.delivery.runtimes.states import HostState, ServiceState, model_id_of, serving_version
from gitmodel.delivery.target import Target
from gitmodel.errors import UsageError
from gitmodel.git.commits import read_log
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import Desired, Hold, read_desired
from gitmodel.registry.environments import env_tip

_SECONDS = 1.0
_LOOKED_BACK = 200


@dataclass(frozen=True)
class HostService:
    """A version of a model on a host.

    ``version`` and ``digest`` are "" where nothing is set up; ``since`` is when it was started (UTC), ""
    where it does not run; ``problem`` says what is wrong with it or with the host, "": nothing.
    """

    host: str
    version: str = ""
    digest: str = ""
    is_healthy: bool = False
    since: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Status:
    """A model in an environment.

    ``desired`` and ``live`` are versions (``None``: nothing should run, nothing answers). ``model_id`` is
    what the live one says of itself. ``last`` is the newest deployment that was noted. ``hosts`` is what each
    host was found to run; none where the environment is not defined here.
    """

    env: str
    model: str
    desired: str | None
    live: str | None
    model_id: str | None
    url: str
    hold: Hold | None
    last: Outcome | None
    hosts: tuple[HostService, ...] = ()

    @property
    def in_sync(self) -> bool:
        """Say whether what answers is what should, on every host."""
        return self.desired == self.live and not any(host.problem for host in self.hosts)


def status(repo: Repository, env: str) -> list[Status]:
    """Return the models of an environment, by name; each is asked once, with a short patience.

    An environment that is not defined here is asked where its last deployment says that it answers.

    Raises:
        UsageError: If nothing was promoted to it, and it is not defined here either.
    """
    tip = env_tip(repo, env)
    try:
        target = at_hosts(repo, find_target(repo, env))
    except UsageError:
        if tip is None:
            raise
        target = None
    if tip is None:
        return []
    states = _states(target) if target else ()
    if target:
        target = target.reached_at(state.address for state in states)
    commits = [commit.oid for commit in read_log(repo, tip, limit=_LOOKED_BACK)]
    outcomes = read_outcomes(repo, commits)

    def row(desired: Desired) -> Status:
        last = next((each for each in outcomes if each.model == desired.model and each.env == env), None)
        url = target.url(desired.model) if target else last.url if last else ""
        answer = ({} if target and target.inventory else _ask(url)) or {}
        live, model_id = answer.get("version"), answer.get("model_id")
        if answer.get("model") != desired.model:
            live = model_id = None
        if target and (target.inventory or (target.kubernetes and not answer)):
            # who asks from here may not reach what hosts answer, nor an address inside a cluster
            live = serving_version(states, desired.model) or None
            model_id = model_id_of(states, desired.model, live)
        hosts = tuple(each for state in states for each in host_services(state, desired))
        return Status(env, desired.model, desired.version, live, model_id, url, desired.hold, last, hosts)

    should = read_desired(repo, env, tip)
    running = {service.model for state in states for service in state.services}
    wanted = [should.get(model) or Desired(model) for model in sorted(running | should.keys())]
    with concurrent.futures.ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(row, wanted))


def _states(target: Target) -> tuple[HostState, ...]:
    try:
        return runtimes.runtime(target.runtime).observe(target)
    except UsageError:
        return ()  # a deployment says what is wrong


def host_services(state: HostState, desired: Desired) -> list[HostService]:
    """Return what a host runs of a model, with what is wrong about it.

    Args:
        state: The host.
        desired: What should run there.
    """
    mine = [service for service in state.services if service.model == desired.model]
    about_all = "; ".join(state.problems) if mine or not state.is_reachable else ""
    if not mine:
        problem = about_all or ("it is not there" if desired.version else "")
        return [HostService(state.host, problem=problem)] if problem else []
    return [
        HostService(
            state.host,
            service.version,
            service.digest,
            service.is_healthy,
            service.since,
            about_all or _problem(service, desired),
        )
        for service in mine
    ]


def _problem(service: ServiceState, desired: Desired) -> str:
    if service.version != desired.version:
        should = f"v{desired.version} should run" if desired.version else "it should not run"
        return should if service.is_routed else f"{should}, and requests do not go to it"
    if not service.is_healthy:
        return f"it does not answer ({service.state or 'not started'})"
    return "" if service.is_routed else "requests do not go to it"


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
