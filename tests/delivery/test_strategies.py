"""Canaries and shadows for real: ansible, Traefik, services, a load. The tests share an environment."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gitmodel.delivery import wishes
from gitmodel.delivery.ansible.module_utils import gitmodel_strategy as strategy
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import read_programs
from gitmodel.delivery.ansible.module_utils.gitmodel_probe import ask, version_at
from gitmodel.delivery.ansible.module_utils.gitmodel_router import mirrored, routed
from gitmodel.delivery.ansible.module_utils.gitmodel_supervisor import Supervisor
from gitmodel.delivery.rollout import Rollout, roll_out
from gitmodel.delivery.strategy import Aborted, Manner
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import ToolFailed
from gitmodel.spec.environment import AnalysisSpec, StrategySpec
from tests.delivery.conftest import MakeRelease
from tests.delivery.load import load

pytestmark = pytest.mark.system
MODEL = "credit-risk"
PATH = f"/{MODEL}/predict"
# Noise of a busy machine is no slowness of a version; the one that is tested to be slow is very slow.
ALLOWED = AnalysisSpec(min_requests=30, max_latency_ratio=8)
CANARY = StrategySpec("canary", (20, 60, 100), timedelta(seconds=1), ALLOWED)
SHADOW = StrategySpec("shadow", (), timedelta(seconds=1), ALLOWED)


def deploy(
    target: Target,
    release: Release,
    spec: StrategySpec,
    say: Callable[[str], None] = lambda _line: None,
    **manner: bool,
) -> Rollout:
    return roll_out(replace(target, strategy=spec), release, sink=say, manner=Manner(**manner))


def live(target: Target) -> str:
    found = version_at(target.host, target.port, f"/{MODEL}")
    return str(found["version"]) if found else ""


def versions(target: Target) -> list[str]:
    return sorted(program.version for program in read_programs(target.layout).values())


def assert_only(target: Target, version: str) -> None:
    """One version runs, answers, and nothing is left of another."""
    assert (live(target), versions(target)) == (version, [version])
    assert {program.version for program in routed(target.layout, MODEL)} == {version}
    assert not mirrored(target.layout, MODEL)
    assert not target.layout.strategy(MODEL).exists()
    assert not target.layout.shadow(MODEL).exists()


def test_the_first_version_has_nobody_to_be_compared_with(target: Target, make_release: MakeRelease) -> None:
    done = deploy(target, make_release("1"), CANARY)
    assert (done.outcome, done.steps) == ("deployed", ())
    assert_only(target, "1")


def test_a_good_canary_goes_through(target: Target, make_release: MakeRelease) -> None:
    lines: list[str] = []
    with load(target.host, target.port, PATH, {"x": 1}, clients=8, seconds=900) as sent:
        done = deploy(target, make_release("2"), CANARY, lines.append)
    assert not sent.lost
    assert [(step.percent, step.verdict) for step in done.steps] == [(20, "passed"), (60, "passed")]
    for step in done.steps:
        part = step.figures["requests"] / (step.figures["requests"] + step.figures["requests_old"])
        assert part == pytest.approx(step.percent / 100, abs=0.05)
        assert (step.figures["error_rate"], step.figures["output_shift"]) == (0, 0)
        assert step.figures["latency_p95"] > 0
    assert done.outcome == "deployed"
    assert_only(target, "2")
    assert any("v2 to local: 20 % of the requests go to it for 1s" in line for line in lines)
    assert deploy(target, make_release("2"), CANARY).outcome == "unchanged"


@pytest.mark.parametrize(
    ("told", "words", "lost"),
    [
        ({"mode": "fails"}, "100.0% of its requests fail, 0.0%", {"500"}),
        ({"sleep": 1.0}, "its 95th percentile of latency is", set()),
        ({"mode": "odd"}, "its answers are distributed otherwise: 100%", set()),
    ],
)
def test_a_worse_one_is_aborted_before_its_second_step(
    target: Target, make_release: MakeRelease, told: dict[str, Any], words: str, lost: set[str]
) -> None:
    with (
        load(target.host, target.port, PATH, {"x": 1}, clients=16, seconds=900) as sent,
        pytest.raises(Aborted, match=f"the canary was aborted at 20 %: {words}") as raised,
    ):
        deploy(target, make_release("3", **told), CANARY)
    assert [(step.percent, step.verdict) for step in raised.value.steps] == [(20, "failed")]
    assert raised.value.exit_code == 1
    assert set(sent.lost) == lost
    assert_only(target, "2")


def test_one_that_does_not_start_gets_no_request(target: Target, make_release: MakeRelease) -> None:
    with (
        load(target.host, target.port, PATH, {"x": 1}, clients=4, seconds=900) as sent,
        pytest.raises(ToolFailed, match="service exited"),
    ):
        deploy(target, make_release("3", mode="exits"), CANARY)
    assert not sent.lost
    assert_only(target, "2")


def test_too_little_is_seen(target: Target, make_release: MakeRelease) -> None:
    with pytest.raises(Aborted, match="0 requests to the new version, of 30 that are needed"):
        deploy(target, make_release("3"), CANARY)
    assert_only(target, "2")
    lenient = replace(CANARY, analysis=replace(ALLOWED, inconclusive="continue"), steps=(20, 100))
    done = deploy(target, make_release("3"), lenient)
    assert ([step.verdict for step in done.steps], done.outcome) == (["inconclusive"], "deployed")
    assert done.steps[0].seconds >= 3
    assert_only(target, "3")


_RUNNER = """
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from gitmodel.delivery.rollout import roll_out
from gitmodel.delivery.target import Release, Target
from tests.delivery.test_strategies import CANARY
root, port, model, version, digest, folder, hold = sys.argv[1:]
release = Release(model, version, digest, Path(folder), (sys.executable, "server.py", "{port}"))
spec = replace(CANARY, hold=timedelta(seconds=float(hold)))
target = Target("local", Path(root), port=int(port), strategy=spec)
roll_out(target, release, sink=lambda line: print(line, flush=True))
"""


def runner(target: Target, release: Release, *, hold: float) -> "subprocess.Popen[str]":
    arguments = (
        str(target.root),
        str(target.port),
        release.model,
        release.version,
        release.digest,
        str(release.folder),
        str(hold),
    )
    return subprocess.Popen([sys.executable, "-c", _RUNNER, *arguments], stdout=subprocess.PIPE, text=True)


def killed_at(target: Target, release: Release, words: str) -> None:
    with runner(target, release, hold=60) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if words in line)
        process.send_signal(signal.SIGKILL)


def test_killed_in_the_middle_and_run_again(target: Target, make_release: MakeRelease) -> None:
    lines: list[str] = []
    with load(target.host, target.port, PATH, {"x": 1}, clients=8, seconds=900) as sent:
        killed_at(target, make_release("4"), "20 % of the requests go to it")
        found = strategy.underway(target.layout, MODEL)
        assert found is not None
        assert (found.new.version, found.percent, found.applied) == ("4", 20, True)
        done = deploy(target, make_release("4"), CANARY, lines.append)
    assert not sent.lost
    assert [step.percent for step in done.steps] == [20, 60]
    assert not any("20 % of the requests go to it" in line for line in lines)  # it is there already
    assert_only(target, "4")


def test_killed_in_the_middle_and_another_is_wanted(target: Target, make_release: MakeRelease) -> None:
    lines: list[str] = []
    with load(target.host, target.port, PATH, {"x": 1}, clients=4, seconds=900) as sent:
        killed_at(target, make_release("5"), "20 % of the requests go to it")
        done = deploy(target, make_release("4"), CANARY, lines.append)
    assert not sent.lost
    assert done.outcome == "deployed"
    assert any(
        "the canary of v5 is put back from 20 %: another version is wanted now" in line for line in lines
    )
    assert_only(target, "4")


def test_not_waited_for(target: Target, make_release: MakeRelease) -> None:
    release, steps = make_release("5"), 0
    outcomes: list[str] = []
    with load(target.host, target.port, PATH, {"x": 1}, clients=8, seconds=900) as sent:
        while not outcomes or outcomes[-1] == "holding":
            done = deploy(target, release, CANARY, wait=False)
            outcomes.append(done.outcome)
            assert len(done.steps) >= steps  # those of earlier calls are told, too
            steps = len(done.steps)
            assert len(outcomes) < 8
            time.sleep(1)
    assert not sent.lost
    assert (outcomes[:2], outcomes[-1], steps) == (["holding", "holding"], "deployed", 2)
    assert_only(target, "5")


def test_told_to_stop_while_it_waits(target: Target, make_release: MakeRelease) -> None:
    with runner(target, make_release("6"), hold=600) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "20 % of the requests go to it" in line)
        begun = time.monotonic()
        with wishes.wish(target, wishes.ABORT):
            assert any("it was told to stop" in line for line in process.stdout)
            assert process.wait(60) != 0
        assert time.monotonic() - begun < 60
    assert_only(target, "5")


def test_another_deployment_takes_over_from_one_that_waits(target: Target, make_release: MakeRelease) -> None:
    with (
        runner(target, make_release("6"), hold=600) as process,
        load(target.host, target.port, PATH, {"x": 1}, clients=4, seconds=900) as sent,
    ):
        assert process.stdout is not None
        next(line for line in process.stdout if "20 % of the requests go to it" in line)
        done = deploy(target, make_release("6"), CANARY)
        assert "20 %, and another deployment goes on with it" in process.stdout.read()
        assert process.wait(60) == 0
    assert not sent.lost
    assert [step.percent for step in done.steps] == [20, 60]
    assert_only(target, "6")


def test_a_return_takes_no_steps(target: Target, make_release: MakeRelease) -> None:
    done = deploy(target, make_release("4"), CANARY, at_once=True)
    assert (done.outcome, done.steps) == ("deployed", ())
    assert_only(target, "4")


def kept(target: Target, kind: str) -> list[dict[str, Any]]:
    files = sorted((target.layout.state / kind / MODEL).glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_a_shadow_never_changes_an_answer(target: Target, make_release: MakeRelease) -> None:
    answers, over = set(), threading.Event()

    def client() -> None:
        number = 0
        while not over.is_set():
            number += 1
            answers.add((number, ask(target.host, target.port, PATH, body={"x": number})))

    thread = threading.Thread(target=client)
    thread.start()
    try:
        with pytest.raises(
            Aborted, match=r"100\.0% of its answers to the same requests are others"
        ) as raised:
            deploy(target, make_release("7", mode="odd"), SHADOW)
    finally:
        over.set()
        thread.join()
    assert len(answers) > 50
    assert all(answer == (200, json.dumps({"y": number * 2}).encode()) for number, answer in answers)
    assert raised.value.steps[0].figures["pairs"] >= 30
    assert "7" not in {row["version"] for row in kept(target, "predictions")}
    assert {row["version"] for row in kept(target, "shadow")} == {"7"}
    assert_only(target, "4")


def test_a_good_shadow_takes_over(target: Target, make_release: MakeRelease) -> None:
    with load(target.host, target.port, PATH, {"x": 1}, clients=8, seconds=900) as sent:
        waiting = replace(SHADOW, then="report")
        assert deploy(target, make_release("8"), waiting).outcome == "holding"
        assert live(target) == "4"
        done = deploy(target, make_release("8"), SHADOW)
    assert not sent.lost
    (step,) = done.steps
    assert (done.outcome, step.percent, step.verdict, step.figures["disagreement"]) == (
        "deployed",
        100,
        "passed",
        0,
    )
    assert_only(target, "8")
    time.sleep(0.1)
    before = len(kept(target, "shadow"))
    assert ask(target.host, target.port, PATH, body={"x": 1}) is not None
    assert len(kept(target, "shadow")) == before
    assert "8" in {row["version"] for row in kept(target, "predictions")}


def test_a_dead_shadow_harms_nobody(target: Target, make_release: MakeRelease) -> None:
    release = make_release("9")
    with load(target.host, target.port, PATH, {"x": 1}, clients=8, seconds=900) as sent:
        assert deploy(target, release, SHADOW, wait=False).outcome == "holding"
        Supervisor(target.layout).stop(release.program.name)
        time.sleep(0.5)
        answered = sent.answered
        time.sleep(1)
        assert sent.answered > answered + 50
    # What nobody else has started again is, when the rollout goes on: so it is looked at while it is dead.
    found = strategy.look(target.layout, MODEL)
    assert found["figures"]["new"]["traffic"]["failed"] > 50
    assert not sent.lost
    with pytest.raises(Aborted, match="of its requests fail"):
        deploy(target, release, SHADOW)
    assert_only(target, "8")
