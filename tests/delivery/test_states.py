"""What hosts run, beside what they should: words for people, and what is to be removed."""

from dataclasses import replace

import pytest

from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Program
from gitmodel.delivery.promotion import promote
from gitmodel.delivery.removal import unwanted, withdraw
from gitmodel.delivery.runtimes.states import (
    HostState,
    ServiceState,
    model_id_of,
    runs_alone,
    serving_version,
    set_up_version,
)
from gitmodel.delivery.status import Status, host_services
from gitmodel.errors import Refused
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import Desired
from gitmodel.registry.environments import env_tip
from tests.delivery.test_promotion import MODEL, versions

WELL = ServiceState(MODEL, "2", "d" * 64, is_healthy=True, is_routed=True, since="now", state="RUNNING")
SICK = replace(WELL, is_healthy=False, since="", state="FATAL")
OLD = replace(WELL, version="1", is_routed=False)
FIRST = HostState("web1", (WELL,))
GONE = HostState("web3", problems=("no route to host",), is_reachable=False)


@pytest.mark.parametrize(
    ("states", "set_up", "serving"),
    [
        ((FIRST,), "2", "2"),
        ((FIRST, HostState("web2", (SICK, OLD))), "2", ""),
        ((FIRST, HostState("web2", (OLD,))), "", ""),
        ((FIRST, HostState("web2")), "", ""),
        ((FIRST, GONE), "2", "2"),
        ((HostState("web1", (replace(OLD, is_healthy=True),)),), "1", ""),
        ((), "", ""),
    ],
)
def test_which_version_runs(states: tuple[HostState, ...], set_up: str, serving: str) -> None:
    assert (set_up_version(states, MODEL), serving_version(states, MODEL)) == (set_up, serving)


@pytest.mark.parametrize(
    ("state", "problems"),
    [
        (FIRST, [""]),
        (HostState("web1", (SICK,)), ["it does not answer (FATAL)"]),
        (HostState("web1", (WELL, OLD)), ["", "v2 should run, and requests do not go to it"]),
        (HostState("web1", (replace(WELL, is_routed=False),)), ["requests do not go to it"]),
        (HostState("web1", (WELL,), problems=("its router does not run",)), ["its router does not run"]),
        (HostState("web1"), ["it is not there"]),
        (GONE, ["no route to host"]),
    ],
)
def test_what_is_wrong_on_a_host(state: HostState, problems: list[str]) -> None:
    hosts = tuple(host_services(state, Desired(MODEL, "2")))
    assert [host.problem for host in hosts] == problems
    row = Status("live", MODEL, "2", "2", None, "http://h", None, None, hosts)
    assert row.in_sync is (problems == [""])


def test_what_should_not_run_is_named() -> None:
    assert [host.problem for host in host_services(FIRST, Desired(MODEL))] == ["it should not run"]
    assert host_services(HostState("web1"), Desired(MODEL)) == []


def test_only_what_the_branch_knew_is_removed(repo: Repository) -> None:
    promote(repo, versions(repo, 2)[1], "live", by="ada")
    promote(repo, versions(repo, 1, "other")[0], "live", by="ada")
    withdraw(repo, MODEL, "live", reason="Replaced", by="ada", forget=True)
    tip = env_tip(repo, "live")
    assert tip is not None
    states = [HostState("web1", (WELL, replace(WELL, model="somebody/else")))]
    said: list[str] = []
    (found,) = unwanted(repo, "live", tip, states, ["other"], empty=False, sink=said.append)
    assert (found.model, found.version, found.forget) == (MODEL, "2", True)
    assert said == ["somebody/else runs in live and was never promoted there: it is left alone"]
    with pytest.raises(Refused, match="this would stop all that runs in live: credit-risk"):
        unwanted(repo, "live", tip, states, [], empty=False, sink=said.append)
    assert unwanted(repo, "live", tip, states, [], empty=True, sink=said.append) == [found]
    assert unwanted(repo, "live", tip, states, ["other", MODEL], empty=False, sink=said.append) == []


def test_what_is_left_of_a_model_is_removed_too(repo: Repository) -> None:
    promote(repo, versions(repo, 1)[0], "live", by="ada")
    withdraw(repo, MODEL, "live", reason="Replaced", by="ada", empty=True)
    tip = env_tip(repo, "live")
    assert tip is not None
    left = [HostState("web1", left=(MODEL,))]
    (found,) = unwanted(repo, "live", tip, left, [], empty=False, sink=print)
    assert (found.version, found.forget) == ("-", False)


@pytest.mark.parametrize(
    ("services", "problems", "alone"),
    [
        ((replace(WELL, is_reached=True),), (), True),
        ((WELL,), (), False),
        ((replace(WELL, is_reached=True, is_healthy=False),), (), False),
        ((replace(WELL, is_reached=True, digest="e" * 64),), (), False),
        ((replace(WELL, is_reached=True), OLD), (), False),
        ((replace(WELL, is_reached=True),), ("its router does not run",), False),
        ((), (), False),
    ],
)
def test_nothing_is_to_do(
    services: tuple[ServiceState, ...], problems: tuple[str, ...], *, alone: bool
) -> None:
    good = HostState("web1", (replace(WELL, is_reached=True, model_id="1d024450"),))
    states = (good, HostState("web2", services, problems=problems))
    assert runs_alone(states, Program(MODEL, "2", "d" * 64)) is alone
    assert not runs_alone((good, GONE), Program(MODEL, "2", "d" * 64))
    assert not runs_alone((), Program(MODEL, "2", "d" * 64))
    assert model_id_of(states, MODEL, "2") == "1d024450"
    assert model_id_of(states, MODEL, "1") is None
