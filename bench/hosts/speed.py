"""What a rollout over ssh costs, beside what ansible and one host cost."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.hosts.scene import hosts, release, target
from bench.registry.measure import Pair, alternate, table
from gitmodel.delivery import playbook, runtimes
from gitmodel.delivery.release import package_version, release_of
from gitmodel.delivery.rollout import roll_out
from gitmodel.delivery.target import Release, Target
from tests.conftest import make_repository
from tests.delivery.models import add_version
from tests.system.hosts import Host

_PING = """\
- name: Do nothing
  hosts: all
  gather_facts: false
  tasks:
    - name: Answer
      ansible.builtin.ping:
"""


def speed(folder: Path, many: int, rounds: int) -> Sequence[Pair]:
    """Time no change, a version on many hosts, and the return to a kept version."""
    with hosts(many, folder / "hosts") as found:
        one, all_ = target(folder, "one", found[:1]), target(folder, "many", found, 8600)
        numbers = itertools.count(1)
        unchanged = _unchanged(folder, one, release(folder, next(numbers)), rounds)

        def newest(to: Target) -> Callable[[int], None]:
            def act(_round: int) -> None:
                roll_out(to, made.pop(), sink=lambda _line: None)

            return act

        returned = list(_returned(folder, found[0], target(folder, "real", found[:1], 8700), rounds))
        print(table([unchanged, *returned]), flush=True)

        made = [release(folder, next(numbers)) for _ in range(2 * rounds + 3)]
        for each in (one, all_):
            newest(each)(0)  # tools are sent once
        wide = alternate(
            f"a new version on {many} hosts",
            "the same on one host",
            newest(all_),
            newest(one),
            rounds=rounds,
            bound=2.5,
        )
        return [unchanged, *returned, wide]


def _unchanged(folder: Path, one: Target, first: Release, rounds: int) -> Pair:
    roll_out(one, first, sink=print)
    ping = folder / "ping.yml"
    ping.write_text(_PING, "utf-8")

    def ours(_round: int) -> None:
        done = roll_out(one, first, sink=lambda _line: None)
        assert done.outcome == "unchanged", done.outcome

    def pings(_round: int) -> None:
        _output, code = playbook.attempt(
            str(ping), {}, workspace=one.workspace, sink=playbook.nobody, inventory=one.inventory
        )
        assert code == 0, code

    return alternate(
        "a deployment that changes nothing: one task",
        "a playbook of one `ansible.builtin.ping`",
        ours,
        pings,
        rounds=3 * rounds,
        bound=1.3,
    )


def _returned(folder: Path, host: Host, one: Target, rounds: int) -> Iterator[Pair]:
    """Yield the return to a kept version of a real model beside both kinds of its deployment."""
    repo = make_repository(folder / "models")
    first, second = (
        release_of(package_version(repo, add_version(repo, depth, seed=depth))) for depth in (3, 5)
    )
    seconds: dict[str, list[float]] = {"first": [], "next": [], "return": []}
    for _ in range(rounds):
        for what, each in (("first", first), ("next", second), ("return", first)):
            begun = time.perf_counter()
            roll_out(one, each, sink=lambda _line: None)
            seconds[what].append(time.perf_counter() - begun)
        runtimes.runtime(one.runtime).remove(one, first.model, forget=True)
        host.run(f"rm -rf {one.root}/envs")
    back = tuple(seconds["return"])
    what = "a real model returns to the version before, which the host has kept"
    yield Pair(
        what, "its deployment, with all that it needs, to the same host", back, tuple(seconds["first"]), 0.3
    )
    yield Pair(what, "its deployment where the host has its packages", back, tuple(seconds["next"]), 0.3)
