"""What runs on the hosts of an environment, as its runtime observed it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Program


@dataclass(frozen=True)
class ServiceState:
    """A service of one version of a model on a host.

    Attributes:
        model: Name of the model.
        version: The version that it was set up for.
        digest: That of its package (hex).
        is_healthy: Whether it runs, is ready, and says of itself that it is this version.
        is_routed: Whether requests go to it.
        since: When it was started (UTC, RFC 3339); "": it does not run.
        state: What the keeper of services says of it, such as RUNNING.
        is_reached: Whether all requests go to it through the router, which it answers.
        model_id: What it says of itself.
    """

    model: str
    version: str
    digest: str
    is_healthy: bool
    is_routed: bool
    since: str = ""
    state: str = ""
    is_reached: bool = False
    model_id: str = ""


@dataclass(frozen=True)
class HostState:
    """A host of an environment.

    Attributes:
        host: Its name in the inventory; ``localhost`` for this machine.
        services: What is set up there, by model and version.
        left: Models of which there is a route or a release, and no service.
        problems: What is wrong with the host itself, such as a router that does not run.
        is_reachable: Whether it could be asked; else ``problems`` says why.
        address: Where ansible reaches it; "": it is this machine.
    """

    host: str
    services: tuple[ServiceState, ...] = ()
    left: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    is_reachable: bool = True
    address: str = ""

    @property
    def models(self) -> frozenset[str]:
        """The models that anything is there of."""
        return frozenset({service.model for service in self.services} | set(self.left))

    def version(self, model: str) -> str:
        """Return the version that gets the requests of a model, or the only one set up; "": not one."""
        mine = [each for each in self.services if each.model == model]
        found = {each.version for each in mine if each.is_routed} or {each.version for each in mine}
        return found.pop() if len(found) == 1 else ""

    def serves(self, model: str, version: str) -> bool:
        """Say whether a version gets the requests of a model, and is well."""
        mine = (each for each in self.services if (each.model, each.version) == (model, version))
        return any(each.is_routed and each.is_healthy for each in mine)


def runs_alone(states: Sequence[HostState], program: Program) -> bool:
    """Say whether exactly one program is what all hosts run of its model, and nothing is wrong with them."""
    return bool(states) and all(map(partial(_runs_alone, program), states))


def _runs_alone(program: Program, state: HostState) -> bool:
    mine = [each for each in state.services if each.model == program.model]
    if not state.is_reachable or state.problems or len(mine) != 1:
        return False
    (found,) = mine
    is_it = (found.version, found.digest) == (program.version, program.digest)
    return is_it and found.is_healthy and found.is_reached


def parse_state(host: str, found: Mapping[str, Any]) -> HostState:
    """Return what the code on a host (``gitmodel_observing.observe``) has found."""
    services = tuple(ServiceState(**each) for each in found["services"])
    address = str(found.get("address", ""))
    return HostState(host, services, tuple(found["left"]), tuple(found["problems"]), address=address)


def set_up_version(states: Sequence[HostState], model: str) -> str:
    """Return the version of a model that is set up on all hosts that can be asked; "": not the same."""
    found = {state.version(model) for state in states if state.is_reachable}
    return found.pop() if len(found) == 1 else ""


def serving_version(states: Sequence[HostState], model: str) -> str:
    """Return the version of a model that answers on all hosts that can be asked; "": not the same."""
    version = set_up_version(states, model)
    return version if all(state.serves(model, version) for state in states if state.is_reachable) else ""


def model_id_of(states: Sequence[HostState], model: str, version: str | None) -> str | None:
    """Return what the services of a version say that its id is, if one says it."""
    mine = (each for state in states for each in state.services if each.model == model)
    return next((each.model_id for each in mine if each.version == version and each.model_id), None)
