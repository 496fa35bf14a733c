"""Decisions and words of a rollout on the side that asks for it."""

import json
import threading
from pathlib import Path

import pytest

from gitmodel.delivery import runtimes
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Program
from gitmodel.delivery.locks import environment_lock
from gitmodel.delivery.playbook import Output, Task, failure, parse_line
from gitmodel.delivery.rollout import tell
from gitmodel.delivery.runtimes.observing import Observed, decide
from gitmodel.delivery.target import Release, Target, target_of
from gitmodel.errors import InvalidFile, UsageError
from gitmodel.spec.environment import EnvironmentSpec

OLD, NEW = Program("a", "1", "1" * 64, 2001), Program("a", "2", "2" * 64, 2002)
ANSWER = {"model": "a", "version": "2", "digest": "2" * 64}


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (Observed({NEW: 1}, (NEW,), ANSWER), ""),
        (Observed({}, (), None), "nothing runs there yet"),
        (Observed({}, (NEW,), None), "its route is gone"),
        (Observed({NEW: 1}, (), ANSWER), "its service's file is gone"),
        (Observed({OLD: 1}, (OLD,), ANSWER), "another version runs there"),
        (Observed({OLD: 95, NEW: 5}, (OLD, NEW), ANSWER), "another version runs there"),
        (Observed({NEW: 1}, (OLD, NEW), ANSWER), "services of other versions are left"),
        (Observed({NEW: 1}, (NEW,), None), "it does not answer"),
        (Observed({NEW: 1}, (NEW,), {**ANSWER, "digest": "3" * 64}), "another version answers"),
    ],
)
def test_what_is_missing(observed: Observed, reason: str) -> None:
    assert decide(NEW.at(0), observed) == reason


def line(status: str, **result: object) -> str:
    return "@gitmodel " + json.dumps({"task": "Start", "host": "h", "status": status, "result": result})


def test_output_of_ansible() -> None:
    told: list[Task] = []
    output = Output(told.append)
    for text in (
        "[WARNING]: x",
        line("ok", changed=True, notes="n"),
        line("failed", msg="m", detail="d"),
        "@gitmodel {",
    ):
        output.take(text)
    assert [tell(task) for task in told] == ["  h: Start: changed (n)", "  h: Start: failed (m)"]
    error = failure(output, 2)
    assert (error.message, error.detail, error.exit_code) == ("m", "d", 3)
    orderly = Output(told.append)
    orderly.take(line("failed", msg="m", exception="(traceback unavailable)"))
    assert failure(orderly, 2).detail == ""
    assert failure(Output(told.append, words=["ERROR! no such host"]), 4).detail == "ERROR! no such host"
    assert parse_line("@gitmodel []") is None


def test_lock_tells_who_has_it(tmp_path: Path) -> None:
    told: list[str] = []
    order: list[str] = []

    def second() -> None:
        with environment_lock(tmp_path / "run" / "lock", "two", told.append):
            order.append("second")

    with environment_lock(tmp_path / "run" / "lock", "v1 to local", told.append):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert len(told) == 1
    assert told[0].startswith("waiting for v1 to local (process ")


def test_targets(tmp_path: Path) -> None:
    spec = EnvironmentSpec("local", "environments/local.yaml", host="::1", port=9000)
    target = target_of(spec, tmp_path)
    assert target.root == tmp_path / "environments" / "local"
    assert target.url("a/b") == "http://[::1]:9000/a/b"
    assert Target("x", tmp_path).url() == "http://127.0.0.1:8400"
    with pytest.raises(UsageError, match="not an absolute path"):
        target_of(EnvironmentSpec("local", "x", root="somewhere"), tmp_path)
    with pytest.raises(UsageError, match="runtime 'elsewhere' is not available"):
        runtimes.runtime("elsewhere")


def test_a_release_must_have_a_proper_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="not a model name"):
        _ = Release("../a", "1", "1" * 64, tmp_path, ("run",)).program
    release = Release("a", "1", "1" * 64, tmp_path, ("run",))
    assert release.running("other").command == ("other",)
